//! Packet filter rules of a cluster's machines, which bear the filter's name as a network tag.
//!
//! A first rule of the lowest priority refuses everything, as the network does anyway: it stands for the filter, and is
//! made first and deleted last. What is let in has a rule for each protocol and port, so that another node changes one
//! list of sources.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use ladybug_core::{
    ErrorKind, Result,
    cloud::{Deletion, FirewallSpec, Owner, Resource, ResourceDetail, ResourceKind, ResourceStatus},
};
use serde_json::{Value, json};

use super::{
    client::Api,
    list::resource,
    rule::{self, Opening},
    shelf::{At, FIREWALLS, MACHINES, NETWORKS, check_ours, entries, merged, text},
    tags::{Mark, part},
};

const KIND: ResourceKind = ResourceKind::Firewall;
/// Below everything but the network's own default.
const LOWEST: u32 = 65_534;

/// Makes the rules exactly those of the spec.
pub(super) async fn ensure(api: Api<'_>, owner: &Owner, spec: &FirewallSpec) -> Result<Resource> {
    let (name, mark) = (owner.resource_name(), Mark::new(owner, KIND, api.region));
    let known = FIREWALLS.all(api, None).await?;
    let first = match known.iter().find(|rule| text(rule, "name") == name) {
        Some(first) => first.clone(),
        None => refuse_all(api, &mark, &name, spec).await?,
    };
    let mark = check_ours(api, &first, &mark)?;
    let parts = known.iter().filter(|rule| is_part(rule, &mark));
    let parts: BTreeMap<&str, &Value> = parts.map(|rule| (text(rule, "name"), rule)).collect();
    let wanted: BTreeMap<_, _> =
        rule::wanted(&spec.rules).into_iter().map(|(key, opening)| (part(owner, &key), opening)).collect();
    let filter = Filter {
        api,
        mark: &mark,
        network: NETWORKS.path(api, At::name(spec.network.id.as_str())),
        tags: BTreeSet::from([name]),
    };
    // What is wanted is let in before what is not wanted is shut out, so that no change of rules cuts a cluster off.
    let opened = wanted.iter().map(|(name, opening)| filter.open(name, opening, parts.get(name.as_str()).copied()));
    join_all(opened).await.into_iter().collect::<Result<()>>()?;
    shut(api, parts.into_keys().filter(|name| !wanted.contains_key(*name))).await?;
    resource(api, mark, text(&first, "name"), None, ResourceStatus::Ready, ResourceDetail::None)
}

async fn refuse_all(api: Api<'_>, mark: &Mark, name: &str, spec: &FirewallSpec) -> Result<Value> {
    let body = json!({
        "name": name,
        "description": mark.write(),
        "network": NETWORKS.path(api, At::name(spec.network.id.as_str())),
        "direction": "INGRESS",
        "priority": LOWEST,
        "denied": [{ "IPProtocol": "all" }],
        "sourceRanges": ["0.0.0.0/0"],
        "targetTags": [name],
    });
    FIREWALLS.make(api, At::name(name), &body, Some(&mark.owner.token())).await
}

/// Rules of one mark in one network, for machines with these tags.
pub(super) struct Filter<'a> {
    pub(super) api: Api<'a>,
    pub(super) mark: &'a Mark,
    /// The network's path.
    pub(super) network: String,
    pub(super) tags: BTreeSet<String>,
}

impl Filter<'_> {
    /// Makes the rule of that name let in exactly this, unless it is shown to do so.
    pub(super) async fn open(&self, name: &str, opening: &Opening, shown: Option<&Value>) -> Result<()> {
        let (api, at) = (self.api, At::name(name));
        let fields = merged(opening.fields(&self.tags), json!({ "name": name }));
        match shown {
            Some(shown) if opening.is(shown, &self.tags) => Ok(()),
            Some(_) => FIREWALLS.patch(api, at, &fields).await,
            None => {
                let more = json!({ "description": self.mark.write(), "network": self.network });
                let body = merged(fields.clone(), more);
                // Rules come and go within a generation, so a request id would soon be an old one's.
                let made = FIREWALLS.make(api, at, &body, None).await?;
                check_ours(api, &made, self.mark)?;
                if opening.is(&made, &self.tags) { Ok(()) } else { FIREWALLS.patch(api, at, &fields).await }
            }
        }
    }
}

/// Deletes rules, all at once.
async fn shut(api: Api<'_>, names: impl Iterator<Item = &str>) -> Result<()> {
    let deleted = names.map(|name| FIREWALLS.delete(api, At::name(name)));
    join_all(deleted).await.into_iter().collect::<Result<Vec<_>>>().map(drop)
}

/// Whether a rule is one of the filter's, beside the first one.
fn is_part(rule: &Value, mark: &Mark) -> bool {
    Mark::read(rule).is_some_and(|other| other.is_of(mark)) && text(rule, "name") != mark.owner.resource_name()
}

/// The filter that a listed rule stands for; `None` when it is one of its parts.
pub(super) fn shown(api: Api<'_>, rule: &Value, mark: Mark) -> Result<Option<Resource>> {
    if text(rule, "name") != mark.owner.resource_name() {
        return Ok(None);
    }
    resource(api, mark, text(rule, "name"), None, ResourceStatus::Ready, ResourceDetail::None).map(Some)
}

pub(super) async fn get(api: Api<'_>, name: &str) -> Result<Option<Resource>> {
    let found = FIREWALLS.marked(api, At::name(name), KIND).await?;
    found.map_or(Ok(None), |(rule, mark)| shown(api, &rule, mark))
}

/// Deletes the rules, the first one last. Refused while a machine has the filter: Compute Engine itself would not mind.
pub(super) async fn delete(api: Api<'_>, name: &str) -> Result<Deletion> {
    let Some((_, mark)) = FIREWALLS.marked(api, At::name(name), KIND).await? else {
        return Ok(Deletion::AlreadyAbsent);
    };
    check_unused(api, name, &mark).await?;
    let all = FIREWALLS.all(api, None).await?;
    shut(api, all.iter().filter(|rule| is_part(rule, &mark)).map(|rule| text(rule, "name"))).await?;
    let deleted = FIREWALLS.delete(api, At::name(name)).await?;
    Ok(if deleted { Deletion::Done } else { Deletion::AlreadyAbsent })
}

async fn check_unused(api: Api<'_>, name: &str, mark: &Mark) -> Result<()> {
    let filter = format!("labels.{}={}", Owner::CLUSTER_TAG, mark.owner.cluster);
    let machines = MACHINES.all(api, Some(&filter)).await?;
    let has = |machine: &&Value| machine.get("tags").is_some_and(|tags| entries(tags, "items").any(|tag| tag == name));
    let users: Vec<_> = machines.iter().filter(has).map(|machine| text(machine, "name")).collect();
    if users.is_empty() {
        return Ok(());
    }
    let error = api.for_now(ErrorKind::Conflict).with_message(format!("still used by {}", users.join(", ")));
    Err(error.with_remedy("delete what uses it first"))
}
