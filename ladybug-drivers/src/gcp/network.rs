//! A private network: a VPC network with one subnetwork, which is in all zones of the region.
//!
//! The VPC network is made first and deleted last, so that whatever else there is of it can be found from it. Its routes
//! come and go with it.

use ladybug_core::{
    ErrorKind, Result,
    cloud::{Deletion, NetworkSpec, Owner, Resource, ResourceDetail, ResourceKind, ResourceStatus},
    spec::Problem,
};
use serde_json::{Value, json};

use super::{
    client::Api,
    list::resource,
    shelf::{At, FIREWALLS, NETWORKS, SUBNETWORKS, check_ours, last, text},
    tags::Mark,
};

const KIND: ResourceKind = ResourceKind::Network;
/// Compute Engine's smallest subnetwork has 8 addresses, its largest is a /8.
const PREFIXES: std::ops::RangeInclusive<u8> = 8..=29;

/// Makes the network, or what is missing of it.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, spec: &NetworkSpec) -> Result<Resource> {
    check(spec)?;
    let (name, mark) = (owner.resource_name(), Mark::new(owner, KIND, api.region));
    let at = At::name(&name);
    let network = match NETWORKS.get(api, at).await? {
        Some(known) => known,
        None => {
            let body = json!({
                "name": name,
                "description": mark.write(),
                "autoCreateSubnetworks": false,
                "routingConfig": { "routingMode": "REGIONAL" },
            });
            NETWORKS.make(api, at, &body, Some(&owner.token())).await?
        }
    };
    let mark = check_ours(api, &network, &mark)?;
    let subnetwork = match SUBNETWORKS.get(api, at).await? {
        Some(known) => known,
        None => {
            let body = json!({
                "name": name,
                "description": mark.write(),
                "network": NETWORKS.path(api, at),
                "ipCidrRange": spec.cidr.trunc(),
            });
            SUBNETWORKS.make(api, at, &body, Some(&owner.token())).await?
        }
    };
    check_ours(api, &subnetwork, &mark)?;
    shown(api, &network, mark, true)
}

/// The network as it is; usable with its subnetwork only.
pub(super) fn shown(api: Api<'_>, network: &Value, mark: Mark, whole: bool) -> Result<Resource> {
    let status = if whole { ResourceStatus::Ready } else { ResourceStatus::Pending };
    resource(api, mark, text(network, "name"), None, status, ResourceDetail::None)
}

pub(super) async fn get(api: Api<'_>, name: &str) -> Result<Option<Resource>> {
    let Some((network, mark)) = NETWORKS.marked(api, At::name(name), KIND).await? else { return Ok(None) };
    let whole = is_whole(&network);
    shown(api, &network, mark, whole).map(Some)
}

/// Whether a network shows its subnetwork.
pub(super) fn is_whole(network: &Value) -> bool {
    super::shelf::entries(network, "subnetworks").next().is_some()
}

fn check(spec: &NetworkSpec) -> Result<()> {
    if PREFIXES.contains(&spec.cidr.prefix_len()) {
        return Ok(());
    }
    let problem = Problem::new(
        "network.cidr",
        format!("{} is not of a size from /8 to /29, as Google Cloud wants it", spec.cidr),
    );
    Err(ladybug_core::Error::invalid_spec("make a network on Google Cloud", vec![problem]))
}

/// Takes the network apart. Refused as long as a packet filter is in it, before anything is taken away; the machines in
/// it hold the subnetwork, which goes first.
pub(super) async fn delete(api: Api<'_>, name: &str) -> Result<Deletion> {
    let at = At::name(name);
    if NETWORKS.marked(api, at, KIND).await?.is_none() {
        return Ok(Deletion::AlreadyAbsent);
    }
    check_unused(api, name).await?;
    SUBNETWORKS.delete(api, at).await?;
    let deleted = NETWORKS.delete(api, at).await?;
    Ok(if deleted { Deletion::Done } else { Deletion::AlreadyAbsent })
}

/// A failed deletion of a network says only when it is over what uses it, and the subnetwork would be gone by then.
async fn check_unused(api: Api<'_>, name: &str) -> Result<()> {
    let rules = FIREWALLS.all(api, None).await?;
    let inside = rules.iter().filter(|rule| last(text(rule, "network")) == name);
    let users: Vec<_> = inside.map(|rule| text(rule, "name")).collect();
    if users.is_empty() {
        return Ok(());
    }
    let error = api.for_now(ErrorKind::Conflict).with_message(format!("still used by {}", users.join(", ")));
    Err(error.with_remedy("delete what uses it first"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_compute_engine_has_not_is_refused_before_anything_is_asked() {
        let error = check(&NetworkSpec { cidr: "10.0.0.0/30".parse().unwrap() }).unwrap_err();
        assert_eq!((error.kind(), error.problems().len()), (ErrorKind::InvalidSpec, 1));
        assert!(check(&NetworkSpec { cidr: "10.0.0.0/16".parse().unwrap() }).is_ok());
    }
}
