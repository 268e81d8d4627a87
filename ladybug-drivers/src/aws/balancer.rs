//! A TCP load balancer: an NLB with one listener and one target group.
//!
//! Both parts are named after the owner and names are unique, so a lost answer makes no second one. The load balancer
//! is deleted last: whatever else there is can be found from its name.

use std::collections::BTreeSet;

use futures::{FutureExt, future::try_join};
use ladybug_core::{
    Error, ErrorKind, Result,
    cloud::{Deletion, LoadBalancerSpec, Owner, Resource, ResourceDetail, ResourceKind, ResourceStatus},
};

use super::{client::Api, delete::gone, error::code, network, query::Form, tags, xml::Element};

/// What every load balancer of ours is called at first; the rest is the owner's hash.
pub(super) const PREFIX: &str = "ladybug-";
/// The most ARNs of one `DescribeTags`.
const TAGS_AT_ONCE: usize = 20;
/// How often a target is asked whether it is well, in seconds; AWS takes 5 to 300.
const CHECK_SECONDS: u32 = 10;

/// The name: at most 32 letters, digits and hyphens.
fn name(owner: &Owner) -> String {
    let name = owner.resource_name();
    let hash = name.rsplit('-').next().unwrap_or_default();
    format!("{PREFIX}{hash}")
}

/// The name inside of an ARN: `…:loadbalancer/net/NAME/ID` or `…:targetgroup/NAME/ID`.
fn name_in(arn: &str) -> Option<&str> {
    arn.rsplit('/').nth(1)
}

/// Makes the load balancer, or what is missing of it, and its targets exactly those of the spec.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, spec: &LoadBalancerSpec) -> Result<Resource> {
    let name = name(owner);
    let balancer = find_or_create(api, owner, &name, spec).boxed();
    let group = find_or_create_group(api, owner, &name, spec).boxed();
    let (balancer, group) = try_join(balancer, group).await?;
    let balancer_arn = Part { arn: balancer.thing.need(api.what, "LoadBalancerArn")?, fresh: balancer.fresh };
    let group = Part { arn: group.thing.need(api.what, "TargetGroupArn")?, fresh: group.fresh };
    try_join(listen(api, owner, balancer_arn, group.arn, spec.port), targets(api, group, spec)).await?;
    shown(api, &balancer.thing, owner.clone())
}

/// What was found, or made by this call, so that nothing hangs on it yet.
struct Had {
    thing: Element,
    fresh: bool,
}

#[derive(Clone, Copy)]
struct Part<'a> {
    arn: &'a str,
    fresh: bool,
}

async fn find_or_create(api: Api<'_>, owner: &Owner, name: &str, spec: &LoadBalancerSpec) -> Result<Had> {
    let (thing, fresh) = match balancer(api, name).await? {
        Some(known) => (mine(api, owner, known, "LoadBalancerArn").await?, false),
        None => (create(api, owner, name, spec).await?, true),
    };
    Ok(Had { thing, fresh })
}

async fn find_or_create_group(api: Api<'_>, owner: &Owner, name: &str, spec: &LoadBalancerSpec) -> Result<Had> {
    let (thing, fresh) = match group(api, name).await? {
        Some(known) => (mine(api, owner, known, "TargetGroupArn").await?, false),
        None => (create_group(api, owner, name, spec).await?, true),
    };
    Ok(Had { thing, fresh })
}

async fn create(api: Api<'_>, owner: &Owner, name: &str, spec: &LoadBalancerSpec) -> Result<Element> {
    let subnets = network::subnets(api, spec.network.id.as_str()).await?;
    let form = Form::new().with("Name", name).with("Type", "network").with("Scheme", "internet-facing");
    let form = form.members("Subnets", subnets.values()).tag_members(owner, name);
    let answer = api.elb("CreateLoadBalancer", form).await?;
    let made = answer.items("LoadBalancers").next().cloned().unwrap_or_default();
    api.wire.facts().made(made.need(api.what, "LoadBalancerArn")?);
    Ok(made)
}

/// The checks are by TCP: whether an API server lets anybody ask for its health is the cluster's business.
async fn create_group(api: Api<'_>, owner: &Owner, name: &str, spec: &LoadBalancerSpec) -> Result<Element> {
    let form = Form::new()
        .with("Name", name)
        .with("Protocol", "TCP")
        .with("Port", spec.port)
        .with("VpcId", &spec.network.id)
        .with("TargetType", "instance")
        .with("HealthCheckProtocol", "TCP")
        .with("HealthCheckIntervalSeconds", CHECK_SECONDS)
        .tag_members(owner, name);
    let answer = api.elb("CreateTargetGroup", form).await?;
    let made = answer.items("TargetGroups").next().cloned().unwrap_or_default();
    api.wire.facts().made(made.need(api.what, "TargetGroupArn")?);
    // A delete finds it by its name.
    api.wire.facts().made(name);
    Ok(made)
}

/// Makes the listener. The group's attribute is set before: while the client's address is kept, a node that is routed
/// back to itself never hears the answer.
async fn listen(api: Api<'_>, owner: &Owner, balancer: Part<'_>, group: &str, port: u16) -> Result<()> {
    if !balancer.fresh && listens(api, balancer.arn, port).await? {
        return Ok(());
    }
    let attribute = Form::new()
        .with("TargetGroupArn", group)
        .with("Attributes.member.1.Key", "preserve_client_ip.enabled")
        .with("Attributes.member.1.Value", "false");
    api.elb("ModifyTargetGroupAttributes", attribute).await?;
    let form = Form::new()
        .with("LoadBalancerArn", balancer.arn)
        .with("Protocol", "TCP")
        .with("Port", port)
        .with("DefaultActions.member.1.Type", "forward")
        .with("DefaultActions.member.1.TargetGroupArn", group);
    match api.elb("CreateListener", form.tag_members(owner, &name(owner))).await {
        Err(error) if code(&error) == Some("DuplicateListener") => Ok(()),
        other => other.map(drop),
    }
}

async fn listens(api: Api<'_>, balancer: &str, port: u16) -> Result<bool> {
    let known = api.elb("DescribeListeners", Form::new().with("LoadBalancerArn", balancer)).await?;
    Ok(known.items("Listeners").any(|listener| listener.word("Port") == Some(&port.to_string())))
}

async fn targets(api: Api<'_>, group: Part<'_>, spec: &LoadBalancerSpec) -> Result<()> {
    let known = if group.fresh { BTreeSet::new() } else { registered(api, group.arn).await? };
    let wanted: BTreeSet<String> = spec.targets.iter().map(|target| target.id.to_string()).collect();
    let (new, old): (Vec<_>, Vec<_>) = (wanted.difference(&known).collect(), known.difference(&wanted).collect());
    let register = change(api, "RegisterTargets", group.arn, spec.port, &new);
    let deregister = change(api, "DeregisterTargets", group.arn, spec.port, &old);
    try_join(register, deregister).await?;
    Ok(())
}

async fn registered(api: Api<'_>, group: &str) -> Result<BTreeSet<String>> {
    let health = api.elb("DescribeTargetHealth", Form::new().with("TargetGroupArn", group)).await?;
    let staying = health
        .items("TargetHealthDescriptions")
        .filter(|target| target.word_at(&["TargetHealth", "State"]) != Some("draining"));
    Ok(staying.filter_map(|target| target.word_at(&["Target", "Id"])).map(str::to_owned).collect())
}

async fn change(api: Api<'_>, action: &'static str, group: &str, port: u16, targets: &[&String]) -> Result<()> {
    if targets.is_empty() {
        return Ok(());
    }
    let form = targets.iter().zip(1_u32..).fold(Form::new().with("TargetGroupArn", group), |form, (id, number)| {
        let target = format!("Targets.member.{number}");
        form.with(format!("{target}.Id"), id).with(format!("{target}.Port"), port)
    });
    api.elb(action, form).await.map(drop)
}

async fn balancer(api: Api<'_>, name: &str) -> Result<Option<Element>> {
    let answer = api.elb("DescribeLoadBalancers", Form::new().members("Names", [name])).await;
    Ok(gone(answer)?.and_then(|answer| answer.items("LoadBalancers").next().cloned()))
}

async fn group(api: Api<'_>, name: &str) -> Result<Option<Element>> {
    let answer = api.elb("DescribeTargetGroups", Form::new().members("Names", [name])).await;
    Ok(gone(answer)?.and_then(|answer| answer.items("TargetGroups").next().cloned()))
}

/// `known`, if its tags are the owner's.
async fn mine(api: Api<'_>, owner: &Owner, known: Element, arn: &str) -> Result<Element> {
    let tagged = owners(api, &[known.need(api.what, arn)?]).await?.pop().flatten();
    if tagged.is_some_and(|tagged| (tagged.cluster, &tagged.key) == (owner.cluster, &owner.key)) {
        return Ok(known);
    }
    let error =
        api.error(ErrorKind::AlreadyExists).with_message("one of the same name exists and is not this cluster's");
    Err(error.with_remedy("delete or rename the other one"))
}

/// Whose the things of these ARNs are, in the same order; at most 20.
async fn owners(api: Api<'_>, arns: &[&str]) -> Result<Vec<Option<Owner>>> {
    let answer = api.elb("DescribeTags", Form::new().members("ResourceArns", arns)).await?;
    let of = |arn: &&str| {
        let described = answer.items("TagDescriptions").find(|tags| tags.word("ResourceArn") == Some(arn));
        described.and_then(tags::owner_of_balancer)
    };
    Ok(arns.iter().map(of).collect())
}

/// The load balancer, or what is left over of one, by its ARN. Tags are asked for after it is there, so that a refusal
/// costs one request.
pub(super) async fn get(api: Api<'_>, arn: &str) -> Result<Option<Resource>> {
    let (action, parameter, list) = match is_group(arn) {
        true => ("DescribeTargetGroups", "TargetGroupArns", "TargetGroups"),
        false => ("DescribeLoadBalancers", "LoadBalancerArns", "LoadBalancers"),
    };
    let answer = gone(api.elb(action, Form::new().members(parameter, [arn])).await)?;
    let Some(thing) = answer.as_ref().and_then(|answer| answer.items(list).next()) else { return Ok(None) };
    let Some(mut owners) = gone(owners(api, &[arn]).await)? else { return Ok(None) };
    match owners.pop().flatten() {
        Some(owner) => shown(api, thing, owner).map(Some),
        None => Err(no_tags(api)),
    }
}

fn no_tags(api: Api<'_>) -> Error {
    api.error(ErrorKind::Conflict).with_message("it has no owner tags").with_remedy("somebody else made or changed it")
}

fn is_group(arn: &str) -> bool {
    arn.contains(":targetgroup/")
}

fn shown(api: Api<'_>, thing: &Element, owner: Owner) -> Result<Resource> {
    let leftover = || ResourceStatus::Failed("it is left over from a load balancer".to_owned());
    let (arn, status) = match thing.word("LoadBalancerArn") {
        None => (thing.need(api.what, "TargetGroupArn")?, leftover()),
        Some(arn) => (arn, status(thing)),
    };
    let host = thing.word("DNSName").map(str::to_owned);
    let reference = api.reference(ResourceKind::LoadBalancer, arn, None)?;
    Ok(Resource::new(reference, owner, status, ResourceDetail::LoadBalancer { host }))
}

fn status(balancer: &Element) -> ResourceStatus {
    match balancer.word_at(&["State", "Code"]) {
        Some("active") => ResourceStatus::Ready,
        Some("failed") => {
            let reason = balancer.word_at(&["State", "Reason"]).unwrap_or("AWS could not set it up");
            ResourceStatus::Failed(reason.to_owned())
        }
        _ => ResourceStatus::Pending,
    }
}

/// Deletes the listeners, the target group and the load balancer, in this order.
pub(super) async fn delete(api: Api<'_>, arn: &str) -> Result<Deletion> {
    if is_group(arn) {
        let deleted = gone(api.elb("DeleteTargetGroup", Form::new().with("TargetGroupArn", arn)).await)?;
        return Ok(if deleted.is_some() { Deletion::Done } else { Deletion::AlreadyAbsent });
    }
    // AWS does not tell whether there was a load balancer to delete, so it is asked before.
    let listeners = api.find(arn, || listeners(api, arn)).await?;
    let had_group = delete_group_of(api, arn, listeners.as_ref()).await?;
    if listeners.is_none() {
        return Ok(if had_group { Deletion::Done } else { Deletion::AlreadyAbsent });
    }
    gone(api.elb("DeleteLoadBalancer", Form::new().with("LoadBalancerArn", arn)).await)?;
    Ok(Deletion::Started)
}

/// The answer about a load balancer's listeners; `None` when there is no such load balancer.
async fn listeners(api: Api<'_>, arn: &str) -> Result<Option<Element>> {
    gone(api.elb("DescribeListeners", Form::new().with("LoadBalancerArn", arn)).await)
}

/// Deletes the listeners, and then the target group that they used; whether there was one.
async fn delete_group_of(api: Api<'_>, balancer: &str, listeners: Option<&Element>) -> Result<bool> {
    for listener in listeners.into_iter().flat_map(|known| known.items("Listeners")) {
        let arn = listener.need(api.what, "ListenerArn")?;
        gone(api.elb("DeleteListener", Form::new().with("ListenerArn", arn)).await)?;
    }
    let name = name_in(balancer).unwrap_or_default();
    let Some(known) = api.find(name, || group(api, name)).await? else { return Ok(false) };
    api.wire.facts().unmade(name);
    let arn = known.need(api.what, "TargetGroupArn")?;
    gone(api.elb("DeleteTargetGroup", Form::new().with("TargetGroupArn", arn)).await)?;
    Ok(true)
}

/// Every load balancer of the cluster, and every target group whose load balancer is not there.
pub(super) async fn of_cluster(api: Api<'_>, cluster: &ladybug_core::ClusterUid) -> Result<Vec<Resource>> {
    let balancers = all(api, "DescribeLoadBalancers", "LoadBalancers", "LoadBalancerName");
    let groups = all(api, "DescribeTargetGroups", "TargetGroups", "TargetGroupName");
    let (balancers, groups) = try_join(balancers, groups).await?;
    let names: BTreeSet<_> = balancers.iter().filter_map(|balancer| balancer.word("LoadBalancerName")).collect();
    let lonely = groups.iter().filter(|group| group.word("TargetGroupName").is_none_or(|name| !names.contains(name)));
    let things: Vec<&Element> = balancers.iter().chain(lonely).collect();
    let mut owned = Vec::new();
    for some in things.chunks(TAGS_AT_ONCE) {
        let arns: Vec<&str> = some.iter().filter_map(|thing| arn_of(thing)).collect();
        for (thing, owner) in some.iter().zip(owners_of_living(api, &arns).await?) {
            if let Some(owner) = owner.filter(|owner| owner.cluster == *cluster) {
                owned.push(shown(api, thing, owner)?);
            }
        }
    }
    Ok(owned)
}

/// As [`owners`]; nobody's is what has gone since it was listed, for which the others are refused, too.
async fn owners_of_living(api: Api<'_>, arns: &[&str]) -> Result<Vec<Option<Owner>>> {
    if let Some(all) = gone(owners(api, arns).await)? {
        return Ok(all);
    }
    let each = arns.iter().map(|arn| async move { gone(owners(api, std::slice::from_ref(arn)).await) });
    let found = futures::future::try_join_all(each).await?;
    Ok(found.into_iter().map(|owner| owner.and_then(|mut owner| owner.pop().flatten())).collect())
}

fn arn_of(thing: &Element) -> Option<&str> {
    thing.word("LoadBalancerArn").or_else(|| thing.word("TargetGroupArn"))
}

/// Everything whose name could be ours: the load balancers' API has no filter by tags.
async fn all(api: Api<'_>, action: &'static str, list: &str, name: &str) -> Result<Vec<Element>> {
    let (mut found, mut form) = (Vec::new(), Form::new());
    loop {
        let answer = api.elb(action, form).await?;
        let ours = |thing: &&Element| thing.word(name).is_some_and(|name| name.starts_with(PREFIX));
        found.extend(answer.items(list).filter(ours).cloned());
        let Some(marker) = answer.word("NextMarker") else { return Ok(found) };
        form = Form::new().with("Marker", marker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_their_arns_and_short_enough() {
        let arn = "arn:aws:elasticloadbalancing:r:1:loadbalancer/net/ladybug-00ff/50dc6c495c0c9188";
        assert_eq!(name_in(arn), Some("ladybug-00ff"));
        let arn = "arn:aws:elasticloadbalancing:r:1:targetgroup/ladybug-00ff/73e2d6bc24d8a067";
        assert!(is_group(arn) && name_in(arn) == Some("ladybug-00ff"));
        let uid = "0190163d-8694-739b-aea5-966c26f8ad91".parse().unwrap();
        let cluster = ladybug_core::ClusterName::new("a-cluster-name-of-forty-letters-xxxxxxxx").unwrap();
        let owner = Owner::new(uid, cluster, ladybug_core::ResourceKey::new("balancer/x").unwrap());
        assert_eq!(name(&owner).len(), 28);
    }
}
