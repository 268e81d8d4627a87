//! The kinds of things that EC2 keeps, and how each is looked up.

use ladybug_core::{
    ClusterUid, ErrorKind, ResourceId, Result, Zone,
    cloud::{Location, Owner, Resource, ResourceDetail, ResourceKind, ResourceRef, ResourceStatus},
};

use super::{client::Api, machine, query::Form, tags, xml::Element};

/// How EC2 keeps one kind of thing.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) kind: ResourceKind,
    describe: &'static str,
    set: &'static str,
    /// The parameter that holds ids; the field is the same with a small first letter.
    parameter: &'static str,
    field: &'static str,
    prefix: &'static str,
    pages: bool,
    /// A filter beside the tags.
    only: Option<(&'static str, &'static [&'static str])>,
}

/// The states of a machine that is not gone.
const ALIVE: &[&str] = &["pending", "running", "stopping", "stopped", "shutting-down"];

pub(super) static MACHINES: Shelf = Shelf {
    only: Some(("instance-state-name", ALIVE)),
    ..shelf(ResourceKind::Machine, "DescribeInstances", "reservationSet", "InstanceId", "instanceId", "i-")
};
pub(super) static NETWORKS: Shelf = shelf(ResourceKind::Network, "DescribeVpcs", "vpcSet", "VpcId", "vpcId", "vpc-");
pub(super) static GATEWAYS: Shelf = shelf(
    ResourceKind::Network,
    "DescribeInternetGateways",
    "internetGatewaySet",
    "InternetGatewayId",
    "internetGatewayId",
    "igw-",
);
pub(super) static FIREWALLS: Shelf =
    shelf(ResourceKind::Firewall, "DescribeSecurityGroups", "securityGroupInfo", "GroupId", "groupId", "sg-");
pub(super) static KEYS: Shelf =
    Shelf { pages: false, ..shelf(ResourceKind::SshKey, "DescribeKeyPairs", "keySet", "KeyName", "keyName", "") };
pub(super) static ADDRESSES: Shelf = Shelf {
    pages: false,
    ..shelf(ResourceKind::Address, "DescribeAddresses", "addressesSet", "AllocationId", "allocationId", "eipalloc-")
};
/// Root disks that outlived their machine: somebody switched their deletion off.
pub(super) static DISKS: Shelf = Shelf {
    only: Some(("status", &["available"])),
    ..shelf(ResourceKind::Machine, "DescribeVolumes", "volumeSet", "VolumeId", "volumeId", "vol-")
};

/// Every shelf.
pub(super) static ALL: [&Shelf; 7] = [&MACHINES, &NETWORKS, &GATEWAYS, &FIREWALLS, &KEYS, &ADDRESSES, &DISKS];

const fn shelf(
    kind: ResourceKind,
    describe: &'static str,
    set: &'static str,
    parameter: &'static str,
    field: &'static str,
    prefix: &'static str,
) -> Shelf {
    Shelf { kind, describe, set, parameter, field, prefix, pages: true, only: None }
}

impl Shelf {
    /// Where the thing of that reference is kept, if EC2 keeps it.
    pub(super) fn of(reference: &ResourceRef) -> Option<&'static Self> {
        let fits = |shelf: &&Self| shelf.kind == reference.kind && reference.id.as_str().starts_with(shelf.prefix);
        ALL.into_iter().find(fits)
    }

    /// Whether it is the one of machines themselves, not of what is left of them.
    pub(super) fn is_of_machines(&self) -> bool {
        self.prefix == MACHINES.prefix
    }

    /// The thing of that id; `None` when EC2 says that there is none.
    ///
    /// # Errors
    /// Any failure to ask.
    pub(super) async fn by_id(&self, api: Api<'_>, id: &str) -> Result<Option<Element>> {
        let form = Form::new().list(self.parameter, [id]);
        match api.ec2(self.describe, form).await {
            Ok(answer) => Ok(self.things(answer.items(self.set).cloned().collect()).into_iter().next()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Everything that has the owner's tags and is not gone.
    pub(super) async fn of_owner(&self, api: Api<'_>, owner: &Owner) -> Result<Vec<Element>> {
        let form = Form::new().filter(tags::CLUSTER_FILTER, [owner.cluster]).filter(tags::KEY_FILTER, [&owner.key]);
        self.filtered(api, form).await
    }

    /// Everything that has the cluster's tag and is not gone.
    pub(super) async fn of_cluster(&self, api: Api<'_>, cluster: &ClusterUid) -> Result<Vec<Element>> {
        self.filtered(api, Form::new().filter(tags::CLUSTER_FILTER, [cluster])).await
    }

    /// Everything that the filters of `form` let through.
    pub(super) async fn filtered(&self, api: Api<'_>, form: Form) -> Result<Vec<Element>> {
        self.asked(api, self.alive(form)).await
    }

    /// Lets through only what is not gone.
    pub(super) fn alive(&self, form: Form) -> Form {
        self.only.iter().fold(form, |form, (name, values)| form.filter(name, values.iter()))
    }

    /// Everything that `form` asks for.
    pub(super) async fn asked(&self, api: Api<'_>, form: Form) -> Result<Vec<Element>> {
        let form = if self.pages { form.with("MaxResults", 500) } else { form };
        Ok(self.things(api.ec2_all(self.describe, self.set, form).await?))
    }

    /// Machines come in reservations, one or many in each.
    fn things(&self, items: Vec<Element>) -> Vec<Element> {
        if self.set != "reservationSet" {
            return items;
        }
        items.iter().flat_map(|reservation| reservation.items("instancesSet").cloned()).collect()
    }

    /// The id of a thing of this shelf.
    ///
    /// # Errors
    /// `Unexpected` when it has none.
    pub(super) fn id<'a>(&self, api: Api<'_>, thing: &'a Element) -> Result<&'a str> {
        thing.need(api.what, self.field)
    }

    /// The thing as a resource; `None` when it has not our tags, or is gone.
    ///
    /// # Errors
    /// `Unexpected` when a field that every such thing has is missing.
    pub(super) fn show(&self, api: Api<'_>, thing: &Element) -> Result<Option<Resource>> {
        let Some(owner) = tags::owner(thing) else { return Ok(None) };
        self.shown(api, thing, owner)
    }

    /// [`show`](Self::show) for a thing whose owner is known.
    pub(super) fn shown(&self, api: Api<'_>, thing: &Element, owner: Owner) -> Result<Option<Resource>> {
        let Some((status, detail)) = self.state(api, thing)? else { return Ok(None) };
        let zone = thing.word_at(&["placement", "availabilityZone"]).and_then(|zone| Zone::new(zone).ok());
        let reference = api.reference(self.kind, self.id(api, thing)?, zone)?;
        Ok(Some(Resource::new(reference, owner, status, detail)))
    }

    fn state(&self, api: Api<'_>, thing: &Element) -> Result<Option<(ResourceStatus, ResourceDetail)>> {
        let nothing = ResourceDetail::None;
        Ok(match self.prefix {
            "i-" => machine::state(api, thing),
            "vpc-" if thing.word("state") == Some("available") => Some((ResourceStatus::Ready, nothing)),
            "vpc-" => Some((ResourceStatus::Pending, nothing)),
            "igw-" => Some((ResourceStatus::Failed("it is left over from a network".to_owned()), nothing)),
            "vol-" => Some((ResourceStatus::Failed("it is left over from a machine".to_owned()), nothing)),
            "eipalloc-" => {
                let ip = thing.need(api.what, "publicIp")?.parse().ok();
                Some((ResourceStatus::Ready, ip.map_or(nothing, |ip| ResourceDetail::Address { ip })))
            }
            _ => Some((ResourceStatus::Ready, nothing)),
        })
    }
}

impl Api<'_> {
    /// A reference to a thing of this account and region.
    ///
    /// # Errors
    /// `Unexpected` when the id is none.
    pub(super) fn reference(&self, kind: ResourceKind, id: &str, zone: Option<Zone>) -> Result<ResourceRef> {
        let id = ResourceId::new(id).map_err(|cause| self.error(ErrorKind::Unexpected).with_source(cause))?;
        let location = Location::region(self.region.clone()).with_zone(zone);
        Ok(ResourceRef::new(self.wire.config().provider.clone(), location, kind, id))
    }
}
