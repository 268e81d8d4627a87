//! A private network: a VPC, a subnet in every zone, an internet gateway, and the route to it.
//!
//! The VPC is made first and deleted last, so that whatever else there is of the network can be found from it.

use std::collections::BTreeMap;

use futures::{
    FutureExt,
    future::{join_all, join3, try_join, try_join3},
};
use ipnet::Ipv4Net;
use ladybug_core::{
    Disposition, ErrorKind, Result, Zone,
    cloud::{Deletion, NetworkSpec, Owner, Resource},
    spec::Problem,
};

use super::{
    client::Api,
    delete::gone,
    error::code,
    facts::YOUNG,
    query::Form,
    shelf::{FIREWALLS, GATEWAYS, NETWORKS},
    xml::Element,
};

/// The route to the world.
const WORLD: &str = "0.0.0.0/0";
/// AWS's smallest subnet has 16 addresses.
const LONGEST_PREFIX: u8 = 28;

/// Makes the network, or what is missing of it.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, spec: &NetworkSpec) -> Result<Resource> {
    check(spec.cidr)?;
    let (found, zones) = try_join(NETWORKS.of_owner(api, owner), zones(api)).await?;
    let (vpc, fresh) = match found.into_iter().min_by(|a, b| a.word("vpcId").cmp(&b.word("vpcId"))) {
        Some(vpc) => (vpc, false),
        None => (create(api, owner, spec).await?, true),
    };
    let network = Network { api, owner, id: NETWORKS.id(api, &vpc)?, fresh };
    network.complete(cidr_of(&vpc).unwrap_or(spec.cidr), &zones).await?;
    let shown = NETWORKS.shown(api, &vpc, owner.clone())?;
    shown.ok_or_else(|| api.error(ErrorKind::Unexpected).with_message("the network has no state"))
}

async fn create(api: Api<'_>, owner: &Owner, spec: &NetworkSpec) -> Result<Element> {
    let form = Form::new().with("CidrBlock", spec.cidr.trunc()).tagged("vpc", owner, &owner.resource_name());
    let answer = api.ec2("CreateVpc", form).await?;
    let vpc = answer.child("vpc").cloned().unwrap_or_default();
    api.wire.facts().made(NETWORKS.id(api, &vpc)?);
    Ok(vpc)
}

/// The zones of the region, without local and wavelength zones.
pub(super) async fn zones(api: Api<'_>) -> Result<Vec<Zone>> {
    let form = Form::new().filter("state", ["available"]).filter("zone-type", ["availability-zone"]);
    let answer = api.ec2("DescribeAvailabilityZones", form).await?;
    let names = answer.items("availabilityZoneInfo").filter_map(|zone| zone.word("zoneName"));
    let mut zones: Vec<_> = names.filter_map(|name| Zone::new(name).ok()).collect();
    zones.sort();
    Ok(zones)
}

/// The subnets of a VPC by zone, remembered once they are known.
pub(super) async fn subnets(api: Api<'_>, vpc: &str) -> Result<BTreeMap<Zone, String>> {
    match api.wire.facts().subnets(vpc) {
        Some(known) => Ok(known),
        None => look_for_subnets(api, vpc).await,
    }
}

/// The subnets of a VPC by zone, as they are now.
pub(super) async fn look_for_subnets(api: Api<'_>, vpc: &str) -> Result<BTreeMap<Zone, String>> {
    let found: BTreeMap<_, _> = parts(api, vpc).await?.into_iter().map(|part| (part.zone, part.id)).collect();
    if !found.is_empty() {
        api.wire.facts().learn_subnets(vpc, found.clone());
    }
    Ok(found)
}

/// A subnet as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subnet {
    id: String,
    zone: Zone,
    cidr: Ipv4Net,
}

async fn parts(api: Api<'_>, vpc: &str) -> Result<Vec<Subnet>> {
    let form = Form::new().filter("vpc-id", [vpc]).with("MaxResults", 500);
    let found = api.ec2_all("DescribeSubnets", "subnetSet", form).await?;
    let subnet = |element: &Element| {
        let zone = Zone::new(element.word("availabilityZone")?).ok()?;
        Some(Subnet { id: element.word("subnetId")?.to_owned(), zone, cidr: cidr_of(element)? })
    };
    Ok(found.iter().filter_map(subnet).collect())
}

fn cidr_of(element: &Element) -> Option<Ipv4Net> {
    element.word("cidrBlock")?.parse().ok()
}

/// A VPC whose other parts are to be made.
#[derive(Clone, Copy)]
struct Network<'a> {
    api: Api<'a>,
    owner: &'a Owner,
    id: &'a str,
    /// Made by this call, so that nothing of it exists yet.
    fresh: bool,
}

impl Network<'_> {
    async fn complete(self, cidr: Ipv4Net, zones: &[Zone]) -> Result<()> {
        // A part that fails does not cut the others off in the middle.
        let (subnets, gateway, table) = join3(self.subnets(cidr, zones), self.gateway(), self.route_table()).await;
        subnets?;
        let gateway = gateway?;
        match &table? {
            Some((id, false)) => self.route(id, &gateway).await,
            Some((_, true)) => Ok(()),
            None => Err(self.not_shown("its route table")),
        }
    }

    async fn subnets(self, cidr: Ipv4Net, zones: &[Zone]) -> Result<()> {
        let known = if self.fresh { Vec::new() } else { parts(self.api, self.id).await? };
        let unseen = self.unseen(&known);
        let missing = missing(cidr, zones, &known).into_iter().filter(|(zone, _)| !unseen.contains_key(zone));
        let parts: Vec<_> = missing.map(|(zone, cidr)| self.subnet(zone, cidr).boxed()).collect();
        let made = join_all(parts).await.into_iter().collect::<Result<Vec<_>>>()?;
        let known = known.into_iter().map(|subnet| (subnet.zone, subnet.id));
        self.api.wire.facts().learn_subnets(self.id, known.chain(unseen).chain(made).collect());
        Ok(())
    }

    /// What was made just now, where lists do not show it yet.
    fn unseen(self, known: &[Subnet]) -> BTreeMap<Zone, String> {
        let facts = self.api.wire.facts();
        let mut unseen = facts.subnets(self.id).unwrap_or_default();
        unseen.retain(|_, id| facts.is_new(id, YOUNG) && !known.iter().any(|subnet| subnet.id == *id));
        unseen
    }

    async fn subnet(self, zone: Zone, cidr: Ipv4Net) -> Result<(Zone, String)> {
        let form = Form::new().with("VpcId", self.id).with("CidrBlock", cidr).with("AvailabilityZone", &zone);
        let name = format!("{}-{zone}", self.owner.resource_name());
        let answer = self.api.ec2("CreateSubnet", form.tagged("subnet", self.owner, &name)).await?;
        let id = answer.child("subnet").cloned().unwrap_or_default().need(self.api.what, "subnetId")?.to_owned();
        self.api.wire.facts().made(&id);
        Ok((zone, id))
    }

    /// The internet gateway, attached.
    async fn gateway(self) -> Result<String> {
        let known = if self.fresh { Vec::new() } else { GATEWAYS.of_owner(self.api, self.owner).await? };
        if let Some(attached) = known.iter().find(|gateway| attached_to(gateway) == Some(self.id)) {
            return Ok(GATEWAYS.id(self.api, attached)?.to_owned());
        }
        let id = match known.iter().find(|gateway| attached_to(gateway).is_none()) {
            Some(free) => GATEWAYS.id(self.api, free)?.to_owned(),
            None => self.create_gateway().await?,
        };
        self.attach(&id).await?;
        Ok(id)
    }

    async fn create_gateway(self) -> Result<String> {
        let form = Form::new().tagged("internet-gateway", self.owner, &self.owner.resource_name());
        let answer = self.api.ec2("CreateInternetGateway", form).await?;
        let made = answer.child("internetGateway").cloned().unwrap_or_default();
        let id = GATEWAYS.id(self.api, &made)?.to_owned();
        self.api.wire.facts().made(&id);
        Ok(id)
    }

    async fn attach(self, gateway: &str) -> Result<()> {
        let form = Form::new().with("InternetGatewayId", gateway).with("VpcId", self.id);
        match self.api.ec2("AttachInternetGateway", form).await {
            Err(error) if code(&error) == Some("Resource.AlreadyAssociated") => Ok(()),
            // The VPC has one already that lists do not show yet.
            Err(error) if code(&error) == Some("InvalidParameterValue") => Err(self.not_shown("its internet gateway")),
            other => other.map(drop),
        }
    }

    /// The main route table, and whether it has the route to the world; `None` while it is not shown.
    async fn route_table(self) -> Result<Option<(String, bool)>> {
        self.api.find(self.id, || self.look_for_route_table()).await
    }

    async fn look_for_route_table(self) -> Result<Option<(String, bool)>> {
        let form = Form::new().filter("vpc-id", [self.id]).filter("association.main", ["true"]);
        let answer = self.api.ec2("DescribeRouteTables", form).await?;
        let Some(table) = answer.items("routeTableSet").next() else { return Ok(None) };
        let routed = table.items("routeSet").any(|route| route.word("destinationCidrBlock") == Some(WORLD));
        let id = table.need(self.api.what, "routeTableId")?;
        if self.fresh {
            // It came with the VPC.
            self.api.wire.facts().made(id);
        }
        Ok(Some((id.to_owned(), routed)))
    }

    async fn route(self, table: &str, gateway: &str) -> Result<()> {
        let form = Form::new().with("RouteTableId", table).with("DestinationCidrBlock", WORLD);
        match self.api.ec2("CreateRoute", form.with("GatewayId", gateway)).await {
            Err(error) if code(&error) == Some("RouteAlreadyExists") => Ok(()),
            other => other.map(drop),
        }
    }

    fn not_shown(self, part: &str) -> ladybug_core::Error {
        let error = self.api.error(ErrorKind::Conflict).with_disposition(Disposition::Transient { after: None });
        error.with_message(format!("{} does not show {part} yet", self.id))
    }
}

fn attached_to(gateway: &Element) -> Option<&str> {
    gateway.items("attachmentSet").find_map(|attachment| attachment.word("vpcId"))
}

/// Which subnets are to be made: for every zone without one, the next block that is free.
fn missing(cidr: Ipv4Net, zones: &[Zone], known: &[Subnet]) -> Vec<(Zone, Ipv4Net)> {
    let bits = zones.len().max(1).next_power_of_two().trailing_zeros();
    let prefix = cidr.prefix_len().saturating_add(u8::try_from(bits).unwrap_or(u8::MAX));
    let blocks = cidr.subnets(prefix.min(LONGEST_PREFIX)).into_iter().flatten();
    let overlaps = |block: &Ipv4Net, other: &Ipv4Net| block.contains(other) || other.contains(block);
    let free = blocks.filter(|block| !known.iter().any(|subnet| overlaps(block, &subnet.cidr)));
    let bare = zones.iter().filter(|zone| !known.iter().any(|subnet| subnet.zone == **zone));
    bare.cloned().zip(free).collect()
}

/// VPCs have 16 to 65,536 addresses (Amazon VPC User Guide, "VPC CIDR blocks").
fn check(cidr: Ipv4Net) -> Result<()> {
    if (16..=LONGEST_PREFIX).contains(&cidr.prefix_len()) {
        return Ok(());
    }
    let problem = Problem::new("network.cidr", format!("{cidr} is not of a size from /16 to /28, as AWS wants it"));
    Err(ladybug_core::Error::invalid_spec("make a network on AWS", vec![problem]))
}

/// Takes the network apart. Refused as long as a machine, a load balancer or a packet filter is in it, before anything
/// is taken away.
pub(super) async fn delete(api: Api<'_>, vpc: &str) -> Result<Deletion> {
    let Some(shown) = api.find(vpc, || NETWORKS.by_id(api, vpc)).await? else { return Ok(Deletion::AlreadyAbsent) };
    let (subnets, gateways, ()) =
        try_join3(parts(api, vpc), gateways(api, vpc, &shown), check_unused(api, vpc)).await?;
    let gateways = gateways.iter().map(|gateway| delete_gateway(api, gateway).boxed());
    let parts: Vec<_> = gateways.chain(subnets.iter().map(|subnet| delete_subnet(api, &subnet.id).boxed())).collect();
    join_all(parts).await.into_iter().collect::<Result<()>>()?;
    api.wire.facts().forget_network(vpc);
    match gone(api.ec2("DeleteVpc", Form::new().with("VpcId", vpc)).await)? {
        Some(_) => Ok(Deletion::Started),
        None => Ok(Deletion::AlreadyAbsent),
    }
}

/// The network's gateways: the attached one, and those of the same owner that were never attached.
async fn gateways(api: Api<'_>, vpc: &str, shown: &Element) -> Result<Vec<Element>> {
    let attached = GATEWAYS.filtered(api, Form::new().filter("attachment.vpc-id", [vpc]));
    let Some(owner) = super::tags::owner(shown) else { return attached.await };
    let (attached, tagged) = try_join(attached, GATEWAYS.of_owner(api, &owner)).await?;
    let free = tagged.into_iter().filter(|gateway| attached_to(gateway).is_none());
    Ok(attached.into_iter().chain(free).collect())
}

/// Detaches and deletes an internet gateway.
pub(super) async fn delete_gateway(api: Api<'_>, gateway: &Element) -> Result<()> {
    let id = GATEWAYS.id(api, gateway)?;
    if let Some(vpc) = attached_to(gateway) {
        let form = Form::new().with("InternetGatewayId", id).with("VpcId", vpc);
        gone(api.ec2("DetachInternetGateway", form).await)?;
    }
    gone(api.ec2("DeleteInternetGateway", Form::new().with("InternetGatewayId", id)).await)?;
    Ok(())
}

async fn delete_subnet(api: Api<'_>, id: &str) -> Result<()> {
    gone(api.ec2("DeleteSubnet", Form::new().with("SubnetId", id)).await)?;
    Ok(())
}

/// Refuses to take a network apart that something is in.
async fn check_unused(api: Api<'_>, vpc: &str) -> Result<()> {
    let inside = || Form::new().filter("vpc-id", [vpc]);
    let interfaces = api.ec2_all("DescribeNetworkInterfaces", "networkInterfaceSet", inside().with("MaxResults", 500));
    let (interfaces, groups) = try_join(interfaces, FIREWALLS.filtered(api, inside())).await?;
    let interfaces = interfaces.iter().filter_map(|interface| interface.word("networkInterfaceId"));
    let groups = groups.iter().filter(|group| group.word("groupName") != Some("default"));
    let users: Vec<_> = interfaces.chain(groups.filter_map(|group| group.word("groupId"))).collect();
    if users.is_empty() {
        return Ok(());
    }
    let error = api.error(ErrorKind::Conflict).with_disposition(Disposition::Transient { after: None });
    Err(error.with_message(format!("still used by {}", users.join(", "))).with_remedy("delete what uses it first"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(names: &[&str]) -> Vec<Zone> {
        names.iter().map(|name| Zone::new(name).unwrap()).collect()
    }

    fn blocks(cidr: &str, names: &[&str], known: &[(&str, &str)]) -> Vec<String> {
        let known = known.iter().map(|(zone, cidr)| Subnet {
            id: "subnet-1".into(),
            zone: Zone::new(zone).unwrap(),
            cidr: cidr.parse().unwrap(),
        });
        let known: Vec<_> = known.collect();
        let missing = missing(cidr.parse().unwrap(), &zones(names), &known);
        missing.into_iter().map(|(zone, cidr)| format!("{zone} {cidr}")).collect()
    }

    #[test]
    fn every_zone_gets_a_block_of_its_own() {
        let all = blocks("10.1.0.0/16", &["a", "b", "c"], &[]);
        assert_eq!(all, ["a 10.1.0.0/18", "b 10.1.64.0/18", "c 10.1.128.0/18"]);
        assert_eq!(blocks("10.1.0.0/16", &["a"], &[]), ["a 10.1.0.0/16"]);
    }

    #[test]
    fn what_was_cut_off_goes_on_with_the_same_blocks() {
        let rest = blocks("10.1.0.0/16", &["a", "b", "c"], &[("b", "10.1.64.0/18")]);
        assert_eq!(rest, ["a 10.1.0.0/18", "c 10.1.128.0/18"]);
    }

    #[test]
    fn a_small_network_serves_the_first_zones() {
        assert_eq!(blocks("10.1.0.0/28", &["a", "b"], &[]), ["a 10.1.0.0/28"]);
    }

    #[test]
    fn a_size_that_aws_has_not_is_refused_before_anything_is_asked() {
        let error = check("10.0.0.0/8".parse().unwrap()).unwrap_err();
        assert_eq!((error.kind(), error.problems().len()), (ErrorKind::InvalidSpec, 1));
    }
}
