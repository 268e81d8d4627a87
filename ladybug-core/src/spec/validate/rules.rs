//! All rules, and where they report.

use super::{
    add_ons, control_plane, endpoint, etcd, labels, machines, mesh, network, operators, policies, pools, version,
};
use crate::{
    error::{Error, Result},
    spec::{ClusterSpec, Problem},
};

/// One rule: looks at a spec and reports where it is broken.
pub(super) type Rule = fn(&ClusterSpec, &mut Found);

const THEMES: [&[Rule]; 12] = [
    add_ons::RULES,
    control_plane::RULES,
    endpoint::RULES,
    etcd::RULES,
    labels::RULES,
    machines::RULES,
    mesh::RULES,
    network::RULES,
    operators::RULES,
    policies::RULES,
    pools::RULES,
    version::RULES,
];

/// The problems found so far.
#[derive(Default)]
pub(super) struct Found(Vec<Problem>);

impl Found {
    /// Reports a problem.
    pub(super) fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem::new(path, message));
    }

    /// Reports a problem unless `kept`.
    pub(super) fn unless(&mut self, kept: bool, path: impl Into<String>, message: impl FnOnce() -> String) {
        if !kept {
            self.add(path, message());
        }
    }
}

impl ClusterSpec {
    /// Every rule that the spec breaks, sorted by path; empty for a spec that can be planned.
    ///
    /// What only a cloud can know, such as whether a region exists, is not looked at.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Found::default();
        THEMES.iter().copied().flatten().for_each(|rule| rule(self, &mut found));
        found.0.sort();
        found.0
    }

    /// Checks every rule.
    ///
    /// # Errors
    /// `InvalidSpec` with all of [`ClusterSpec::problems`].
    pub fn validate(&self) -> Result<()> {
        let problems = self.problems();
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::invalid_spec(format!("check the spec of cluster {}", self.name), problems))
    }
}
