//! A TCP load balancer: an external passthrough one.
//!
//! Its address is made first and deleted last, and stands for it. Behind it are a forwarding rule, a backend service, a
//! health check, an unmanaged instance group in each zone that has targets, and a rule that lets everybody in to the
//! targets on the port, since packets arrive as they were sent.

use std::collections::BTreeSet;

use futures::future::{join_all, try_join, try_join3};
use ladybug_core::{
    Result,
    cloud::{Deletion, LoadBalancerSpec, Owner, Resource, ResourceDetail, ResourceKind, ResourceStatus},
};
use serde_json::{Value, json};

use super::{
    address,
    client::Api,
    firewall::Filter,
    list::resource,
    member, resolve,
    rule::Opening,
    shelf::{
        ADDRESSES, At, BACKENDS, FIREWALLS, FORWARDING, GROUPS, HEALTH_CHECKS, NETWORKS, Shelf, check_ours, entries,
        last, merged, text,
    },
    tags::{Mark, machine_tag, part},
};

const KIND: ResourceKind = ResourceKind::LoadBalancer;
/// How often a target is asked whether it is well, and how long it may take, in seconds.
const CHECK_SECONDS: u32 = 5;
/// What the names of all its parts end in: addresses of their own may have the same key.
const SUFFIX: &str = "lb";

/// Makes the load balancer, or what is missing of it, and its targets exactly those of the spec.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, spec: &LoadBalancerSpec) -> Result<Resource> {
    let mark = Mark::new(owner, KIND, api.region);
    let name = part(owner, SUFFIX);
    let (address, mark) = address::reserve(api, &name, &mark).await?;
    let parts = Parts { api, mark: &mark, name: &name, spec };
    let (zones, (), ()) = try_join3(parts.groups(), parts.health_check(), parts.let_in()).await?;
    let front = async {
        parts.backend(&zones).await?;
        parts.forwarding_rule().await
    };
    try_join(front, member::ensure(api, &name, &zones, &spec.targets)).await?;
    let host = text(&address, "address").to_owned();
    let detail = ResourceDetail::LoadBalancer { host: Some(host) };
    resource(api, mark.clone(), &name, None, ResourceStatus::Ready, detail)
}

/// A load balancer whose parts are to be made.
#[derive(Clone, Copy)]
struct Parts<'a> {
    api: Api<'a>,
    mark: &'a Mark,
    name: &'a str,
    spec: &'a LoadBalancerSpec,
}

impl Parts<'_> {
    /// The part under the load balancer's name in a collection, made if it is not there.
    async fn part(&self, shelf: &Shelf, zone: Option<&str>, fields: Value) -> Result<Value> {
        let at = At { name: self.name, zone };
        let part = match shelf.get(self.api, at).await? {
            Some(known) => known,
            None => {
                let body = merged(fields, json!({ "name": self.name, "description": self.mark.write() }));
                shelf.make(self.api, at, &body, Some(&self.mark.owner.token())).await?
            }
        };
        check_ours(self.api, &part, self.mark)?;
        Ok(part)
    }

    fn path(&self, shelf: &Shelf, zone: Option<&str>) -> String {
        shelf.path(self.api, At { name: self.name, zone })
    }

    /// A group in each zone that has targets, and those that had some before; their zones.
    async fn groups(&self) -> Result<BTreeSet<String>> {
        let wanted = member::zones(&self.spec.targets);
        let made = async {
            let made = wanted.iter().map(|zone| self.part(&GROUPS, Some(zone), json!({})));
            join_all(made).await.into_iter().collect::<Result<Vec<_>>>()
        };
        let (backend, _) = try_join(BACKENDS.get(self.api, At::name(self.name)), made).await?;
        let known = backend.iter().flat_map(|backend| entries(backend, "backends"));
        let known = known.map(|backend| zone_of(text(backend, "group")).to_owned());
        Ok(known.chain(wanted.iter().cloned()).collect())
    }

    /// The checks are by TCP: whether an API server lets anybody ask for its health is the cluster's business.
    async fn health_check(&self) -> Result<()> {
        let fields = json!({
            "type": "TCP",
            "tcpHealthCheck": { "port": self.spec.port },
            "checkIntervalSec": CHECK_SECONDS,
            "timeoutSec": CHECK_SECONDS,
        });
        self.part(&HEALTH_CHECKS, None, fields).await.map(drop)
    }

    /// Lets everybody in to the targets, which bear tags of their own; without targets, to nobody.
    async fn let_in(&self) -> Result<()> {
        let targets = self.spec.targets.iter().map(|target| machine_tag(target.id.as_str()));
        let tags = targets.chain([self.name.to_owned()]).collect();
        let shown = FIREWALLS.get(self.api, At::name(self.name)).await?;
        if let Some(shown) = &shown {
            check_ours(self.api, shown, self.mark)?;
        }
        let network = NETWORKS.path(self.api, At::name(self.spec.network.id.as_str()));
        let filter = Filter { api: self.api, mark: self.mark, network, tags };
        filter.open(self.name, &Opening::to_all(self.spec.port), shown.as_ref()).await
    }

    async fn backend(&self, zones: &BTreeSet<String>) -> Result<()> {
        let groups = zones.iter().map(|zone| self.path(&GROUPS, Some(zone)));
        let backends: Vec<_> = groups.map(|group| json!({ "group": group, "balancingMode": "CONNECTION" })).collect();
        let fields = json!({
            "protocol": "TCP",
            "loadBalancingScheme": "EXTERNAL",
            "healthChecks": [self.path(&HEALTH_CHECKS, None)],
            "backends": backends,
        });
        let known = self.part(&BACKENDS, None, fields).await?;
        let has: BTreeSet<_> = entries(&known, "backends").map(|backend| zone_of(text(backend, "group"))).collect();
        if zones.iter().all(|zone| has.contains(zone.as_str())) {
            return Ok(());
        }
        let body = json!({ "backends": backends, "fingerprint": known.get("fingerprint") });
        BACKENDS.patch(self.api, At::name(self.name), &body).await
    }

    async fn forwarding_rule(&self) -> Result<()> {
        let fields = json!({
            "IPProtocol": "TCP",
            "portRange": self.spec.port.to_string(),
            "loadBalancingScheme": "EXTERNAL",
            "IPAddress": self.path(&ADDRESSES, None),
            "backendService": self.path(&BACKENDS, None),
        });
        self.part(&FORWARDING, None, fields).await.map(drop)
    }
}

/// The zone in a group's URL: `…/zones/ZONE/instanceGroups/NAME`.
fn zone_of(group: &str) -> &str {
    group.rsplit('/').nth(2).unwrap_or_default()
}

/// A load balancer as its address shows it: usable once a forwarding rule uses it.
pub(super) fn listed(api: Api<'_>, address: &Value, mark: Mark) -> Result<Resource> {
    let used = entries(address, "users").next().is_some();
    let status = if used { ResourceStatus::Ready } else { ResourceStatus::Pending };
    let host = Some(text(address, "address")).filter(|host| !host.is_empty()).map(str::to_owned);
    resource(api, mark, text(address, "name"), None, status, ResourceDetail::LoadBalancer { host })
}

pub(super) async fn get(api: Api<'_>, name: &str) -> Result<Option<Resource>> {
    let found = ADDRESSES.marked(api, At::name(name), KIND).await?;
    found.map(|(address, mark)| listed(api, &address, mark)).transpose()
}

/// Deletes the parts from the front to the back, and the address last.
pub(super) async fn delete(api: Api<'_>, name: &str) -> Result<Deletion> {
    let Some((_, mark)) = ADDRESSES.marked(api, At::name(name), KIND).await? else {
        return Ok(Deletion::AlreadyAbsent);
    };
    let ours = Ours { api, mark: &mark };
    ours.delete(&FORWARDING, At::name(name)).await?;
    ours.delete(&BACKENDS, At::name(name)).await?;
    try_join3(
        ours.delete(&HEALTH_CHECKS, At::name(name)),
        ours.delete(&FIREWALLS, At::name(name)),
        ours.delete_groups(name),
    )
    .await?;
    let deleted = ADDRESSES.delete(api, At::name(name)).await?;
    Ok(if deleted { Deletion::Done } else { Deletion::AlreadyAbsent })
}

/// What bears a mark, to be deleted.
#[derive(Clone, Copy)]
struct Ours<'a> {
    api: Api<'a>,
    mark: &'a Mark,
}

impl Ours<'_> {
    async fn delete(&self, shelf: &Shelf, at: At<'_>) -> Result<()> {
        let found = shelf.marked(self.api, at, self.mark.kind).await?;
        if found.is_some_and(|(_, other)| other.is_of(self.mark)) {
            shelf.delete(self.api, at).await?;
        }
        Ok(())
    }

    /// A group that was made before a call was cut off may be in any zone.
    async fn delete_groups(&self, name: &str) -> Result<()> {
        let region = resolve::region(self.api).await?;
        let zones = entries(&region, "zones").filter_map(Value::as_str).map(last);
        let deleted = zones.map(|zone| self.delete(&GROUPS, At::zone(name, zone)));
        join_all(deleted).await.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_told_by_its_zone() {
        let url = "https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-b/instanceGroups/kit-1";
        assert_eq!(zone_of(url), "us-central1-b");
    }
}
