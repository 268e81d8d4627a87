//! What a look at Kubernetes told.

use std::collections::BTreeMap;

use ladybug_core::{
    NodeName,
    bootstrap::{NodeObservation, Observation},
};
use serde::Deserialize;

/// What the script prints.
#[derive(Deserialize)]
struct Seen {
    /// `name|Ready's status|unschedulable`, with spaces between nodes.
    nodes: String,
    /// etcd's own answer; nothing when it gave none, or is external.
    members: Option<Members>,
    /// The health of members by client URL; of external etcd under its own name.
    health: BTreeMap<String, bool>,
    api: bool,
    cni: bool,
    dns: bool,
}

#[derive(Deserialize)]
struct Members {
    #[serde(default)]
    members: Vec<Member>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    /// Empty while the member has not started.
    #[serde(default)]
    name: String,
    #[serde(default, rename = "clientURLs")]
    client_urls: Vec<String>,
    #[serde(default)]
    is_learner: bool,
}

/// Reads the script's output.
pub(super) fn observation(text: &str) -> serde_json::Result<Observation> {
    let seen: Seen = serde_json::from_str(text)?;
    let members = seen.members.as_ref().map_or(&[][..], |all| all.members.as_slice());
    let mut observation = Observation::default();
    observation.nodes = seen.nodes.split_whitespace().filter_map(node).collect();
    observation.etcd_members = members.iter().filter_map(|member| NodeName::new(&member.name).ok()).collect();
    observation.etcd_healthy = is_healthy(members, &seen.health);
    (observation.api, observation.cni, observation.dns) = (seen.api, seen.cni, seen.dns);
    Ok(observation)
}

fn node(text: &str) -> Option<(NodeName, NodeObservation)> {
    let mut parts = text.split('|');
    let name = NodeName::new(parts.next()?).ok()?;
    let mut node = NodeObservation::default();
    node.ready = parts.next() == Some("True");
    node.cordoned = parts.next() == Some("true");
    Some((name, node))
}

/// Whether everybody who was asked is well, and every member votes and was asked.
fn is_healthy(members: &[Member], health: &BTreeMap<String, bool>) -> bool {
    let well = |url: &String| health.get(url).copied().unwrap_or_default();
    let members_well = members.iter().all(|member| !member.is_learner && member.client_urls.iter().any(well));
    !health.is_empty() && health.values().all(|well| *well) && members_well
}
