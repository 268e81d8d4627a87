//! What a look at the world showed before a change was planned.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    bootstrap::Observation,
    id::NodeName,
    state::{ClusterState, NodeState},
};

/// What a look at the world showed just before a change of a cluster was planned. The default is that nobody looked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Survey {
    /// How Kubernetes is, if a control plane answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observation: Option<Observation>,
    /// The members of the cluster that do not work.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub broken: BTreeMap<NodeName, Ailment>,
    /// Who was asked and did not answer, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<String>,
}

/// What is wrong with a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ailment", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ailment {
    /// Its machine does not run; nothing can be asked of it.
    Dead {
        /// How the machine is, such as `gone` or `stopped`.
        machine: String,
    },
    /// Kubernetes does not call it Ready.
    NotReady,
    /// Kubernetes does not know it.
    Unregistered,
}

impl Survey {
    /// Puts together what Kubernetes says of the cluster's members, if it answered, and which machines do not run.
    #[must_use]
    pub fn new(state: &ClusterState, observation: Option<Observation>, dead: BTreeMap<NodeName, String>) -> Self {
        let mut broken: BTreeMap<NodeName, Ailment> = BTreeMap::new();
        if let Some(seen) = &observation {
            let members = state.nodes.values().filter(|node| node.is_whole());
            broken.extend(members.filter_map(|node| Some((node.name.clone(), ailment(seen, node)?))));
        }
        broken.extend(dead.into_iter().map(|(name, machine)| (name, Ailment::Dead { machine })));
        Self { observation, broken, silent: Vec::new() }
    }

    /// Whether nobody looked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether somebody looked, but no control plane answered.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.observation.is_none() && !self.silent.is_empty()
    }

    /// Whether a node's machine does not run.
    #[must_use]
    pub fn is_dead(&self, node: &NodeName) -> bool {
        matches!(self.broken.get(node), Some(Ailment::Dead { .. }))
    }

    /// Whether a node works, as far as is known: by this look, else by the one that `state` remembers.
    pub(super) fn works(&self, state: &ClusterState, node: &NodeState) -> bool {
        let remembered = || state.observation.as_ref().and_then(|seen| seen.nodes.get(&node.name));
        let healthy = || self.observation.is_some() || remembered().is_none_or(|seen| seen.ready);
        !self.broken.contains_key(&node.name) && healthy()
    }
}

fn ailment(seen: &Observation, node: &NodeState) -> Option<Ailment> {
    match seen.nodes.get(&node.name) {
        None => Some(Ailment::Unregistered),
        Some(seen) => (!seen.ready).then_some(Ailment::NotReady),
    }
}

impl fmt::Display for Ailment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dead { machine } => write!(f, "its machine is {machine}"),
            Self::NotReady => f.write_str("Kubernetes does not call it Ready"),
            Self::Unregistered => f.write_str("Kubernetes does not know it"),
        }
    }
}
