//! Packet filter rules: one security group, whose rules are changed by their differences.

use std::collections::BTreeSet;

use ipnet::IpNet;
use ladybug_core::{
    Disposition, Error, ErrorKind, Result,
    cloud::{FirewallRule, FirewallSpec, Owner, Protocol, Resource},
};

use super::{client::Api, query::Form, shelf::FIREWALLS, tags, xml::Element};

/// One rule as EC2 keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Permission {
    protocol: String,
    ports: Option<(i32, i32)>,
    source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Net(IpNet),
    /// Another group, or this one; we never write these.
    Group {
        id: String,
        account: Option<String>,
    },
    PrefixList(String),
}

/// Makes the group, and its rules exactly those of the spec.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, spec: &FirewallSpec) -> Result<Resource> {
    let name = owner.resource_name();
    let (group, known) = match find(api, owner, &name, spec).await? {
        Some(group) => {
            let known = permissions(&group);
            (group, known)
        }
        None => (create(api, owner, &name, spec).await?, BTreeSet::new()),
    };
    let id = FIREWALLS.id(api, &group)?.to_owned();
    let wanted: BTreeSet<_> = spec.rules.iter().map(Permission::of).collect();
    // What is wanted is let in before what is not wanted is shut out, so that no change of rules cuts a cluster off.
    change(api, "AuthorizeSecurityGroupIngress", &id, wanted.difference(&known)).await?;
    change(api, "RevokeSecurityGroupIngress", &id, known.difference(&wanted)).await?;
    let shown = FIREWALLS.shown(api, &group, owner.clone())?;
    shown.ok_or_else(|| api.error(ErrorKind::Unexpected).with_message("the group has no state"))
}

/// The group of that name in the network. Names are unique there, so a group whose tags are not ours is in the way.
async fn find(api: Api<'_>, owner: &Owner, name: &str, spec: &FirewallSpec) -> Result<Option<Element>> {
    let form = Form::new().filter("vpc-id", [&spec.network.id]).filter("group-name", [name]);
    let Some(group) = FIREWALLS.filtered(api, form).await?.into_iter().next() else { return Ok(None) };
    let ours = tags::owner(&group).is_some_and(|tagged| (tagged.cluster, &tagged.key) == (owner.cluster, &owner.key));
    if ours { Ok(Some(group)) } else { Err(taken(api, name)) }
}

async fn create(api: Api<'_>, owner: &Owner, name: &str, spec: &FirewallSpec) -> Result<Element> {
    let description = format!("ladybug cluster {} {}", owner.cluster_name, owner.cluster);
    let form = Form::new().with("GroupName", name).with("GroupDescription", description);
    let form = form.with("VpcId", &spec.network.id).tagged("security-group", owner, name);
    let group = api.ec2("CreateSecurityGroup", form).await?;
    api.wire.facts().made(FIREWALLS.id(api, &group)?);
    Ok(group)
}

async fn change<'a>(
    api: Api<'_>,
    action: &'static str,
    group: &str,
    permissions: impl Iterator<Item = &'a Permission>,
) -> Result<()> {
    let mut permissions = permissions.zip(1_u32..).peekable();
    if permissions.peek().is_none() {
        return Ok(());
    }
    let form = Form::new().with("GroupId", group);
    let form = permissions.fold(form, |form, (permission, number)| permission.write(form, number));
    api.ec2(action, form).await.map(drop)
}

/// The rules of a group, one for each source.
fn permissions(group: &Element) -> BTreeSet<Permission> {
    group.items("ipPermissions").flat_map(Permission::read).collect()
}

impl Permission {
    fn of(rule: &FirewallRule) -> Self {
        let (protocol, all) = match (rule.protocol, rule.from) {
            (Protocol::Tcp, _) => ("tcp", Some((0, 65_535))),
            (Protocol::Udp, _) => ("udp", Some((0, 65_535))),
            (Protocol::Icmp, IpNet::V4(_)) => ("icmp", Some((-1, -1))),
            (Protocol::Icmp, IpNet::V6(_)) => ("icmpv6", Some((-1, -1))),
            (_, _) => ("-1", None),
        };
        let asked = rule.ports.map(|(first, last)| (i32::from(first), i32::from(last)));
        let has_ports = matches!(rule.protocol, Protocol::Tcp | Protocol::Udp);
        let ports = if has_ports { asked.or(all) } else { all };
        Self { protocol: protocol.to_owned(), ports, source: Source::Net(rule.from.trunc()) }
    }

    fn read(element: &Element) -> Vec<Self> {
        let number = |name: &str| element.word(name).and_then(|word| word.parse().ok());
        let protocol = match element.word("ipProtocol").unwrap_or("-1") {
            "6" => "tcp",
            "17" => "udp",
            "1" => "icmp",
            "58" => "icmpv6",
            other => other,
        };
        let ports = if protocol == "-1" { None } else { number("fromPort").zip(number("toPort")) };
        let net = |list, field| {
            element.items(list).filter_map(move |item| Some(Source::Net(item.word(field)?.parse().ok()?)))
        };
        let groups = element.items("groups").filter_map(|item| {
            Some(Source::Group {
                id: item.word("groupId")?.to_owned(),
                account: item.word("userId").map(str::to_owned),
            })
        });
        let lists = element.items("prefixListIds");
        let lists = lists.filter_map(|item| Some(Source::PrefixList(item.word("prefixListId")?.to_owned())));
        let sources = net("ipRanges", "cidrIp").chain(net("ipv6Ranges", "cidrIpv6")).chain(groups).chain(lists);
        sources.map(|source| Self { protocol: protocol.to_owned(), ports, source }).collect()
    }

    fn write(&self, form: Form, number: u32) -> Form {
        let name = |rest: &str| format!("IpPermissions.{number}.{rest}");
        let form = form.with(name("IpProtocol"), &self.protocol);
        let form = self
            .ports
            .iter()
            .fold(form, |form, (first, last)| form.with(name("FromPort"), first).with(name("ToPort"), last));
        match &self.source {
            Source::Net(IpNet::V4(net)) => form.with(name("IpRanges.1.CidrIp"), net),
            Source::Net(IpNet::V6(net)) => form.with(name("Ipv6Ranges.1.CidrIpv6"), net),
            Source::Group { id, account } => {
                form.with(name("Groups.1.GroupId"), id).with_some(&name("Groups.1.UserId"), account.as_ref())
            }
            Source::PrefixList(id) => form.with(name("PrefixListIds.1.PrefixListId"), id),
        }
    }
}

fn taken(api: Api<'_>, name: &str) -> Error {
    api.error(ErrorKind::AlreadyExists)
        .with_disposition(Disposition::Permanent)
        .with_message(format!("a security group named {name} exists and is not this cluster's"))
        .with_remedy("delete or rename the other group")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: Protocol, ports: Option<(u16, u16)>, from: &str) -> FirewallRule {
        FirewallRule { protocol, ports, from: from.parse().unwrap() }
    }

    /// What EC2 shows of a group's rules.
    fn group(permissions: &str) -> Element {
        Element::parse(format!("<item><ipPermissions>{permissions}</ipPermissions></item>").as_bytes()).unwrap()
    }

    #[test]
    fn what_ec2_shows_of_our_rules_is_what_we_asked_for() {
        let shown = group(
            "<item><ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort><groups/><ipRanges>\
             <item><cidrIp>203.0.113.0/24</cidrIp></item><item><cidrIp>198.51.100.7/32</cidrIp></item></ipRanges></item>\
             <item><ipProtocol>-1</ipProtocol><ipRanges><item><cidrIp>10.0.0.0/8</cidrIp></item></ipRanges></item>\
             <item><ipProtocol>58</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort><ipv6Ranges><item>\
             <cidrIpv6>2001:db8::/32</cidrIpv6></item></ipv6Ranges></item>",
        );
        let rules = [
            rule(Protocol::Tcp, Some((22, 22)), "203.0.113.9/24"),
            rule(Protocol::Tcp, Some((22, 22)), "198.51.100.7/32"),
            rule(Protocol::All, None, "10.0.0.0/8"),
            rule(Protocol::Icmp, None, "2001:db8::/32"),
        ];
        assert_eq!(permissions(&shown), rules.iter().map(Permission::of).collect());
    }

    #[test]
    fn rules_that_somebody_else_wrote_are_seen_and_can_be_revoked() {
        let shown = group(
            "<item><ipProtocol>tcp</ipProtocol><fromPort>1</fromPort><toPort>2</toPort><groups><item>\
             <userId>1234</userId><groupId>sg-9</groupId></item></groups><prefixListIds><item>\
             <prefixListId>pl-1</prefixListId></item></prefixListIds></item>",
        );
        let form = permissions(&shown).iter().zip(1..).fold(Form::new(), |form, (one, number)| one.write(form, number));
        let body = form.encode("RevokeSecurityGroupIngress", "2016-11-15");
        assert!(body.contains("IpPermissions.1.Groups.1.GroupId=sg-9&IpPermissions.1.Groups.1.UserId=1234"), "{body}");
        assert!(body.contains("IpPermissions.2.PrefixListIds.1.PrefixListId=pl-1"), "{body}");
    }

    #[test]
    fn tcp_without_ports_is_every_port() {
        assert_eq!(Permission::of(&rule(Protocol::Tcp, None, "0.0.0.0/0")).ports, Some((0, 65_535)));
    }
}
