//! What is kept of a cluster beside its log.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ClusterName, ClusterUid, ProjectName},
    lifecycle::ClusterPhase,
    spec::ClusterSpec,
    time::Timestamp,
};

/// The format of records and log entries that this version writes. A store with a greater one is refused.
pub const FORMAT: u32 = 1;

/// What is kept of a cluster beside its log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClusterRecord {
    /// The cluster.
    pub uid: ClusterUid,
    /// Its project.
    pub project: ProjectName,
    /// Its name.
    pub name: ClusterName,
    /// When it was first asked for.
    pub created_at: Timestamp,
    /// The spec that it was created with; what it became since is in the log.
    pub spec: ClusterSpec,
    /// A copy of the folded phase, written with the entry that changed it, so that lists need no log.
    pub phase: ClusterPhase,
}

impl ClusterRecord {
    /// Makes the record of a new cluster.
    #[must_use]
    pub fn new(uid: ClusterUid, spec: ClusterSpec, created_at: Timestamp) -> Self {
        Self {
            uid,
            project: spec.project.clone(),
            name: spec.name.clone(),
            created_at,
            spec,
            phase: ClusterPhase::Planned,
        }
    }

    /// When the cluster has outlived what its spec allows and may be deleted; never when absent.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.spec.policies.expires_after.map(|span| self.created_at.plus(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_expires_when_its_spec_says_so_and_else_never() {
        let text = "{name: c, kubernetes: 1.36.2, pools: [{name: p, role: control_plane, provider: a, region: r}]}";
        let mut record = ClusterRecord::new(
            ClusterUid::from_uuid(uuid::Uuid::from_u128(1)),
            ClusterSpec::parse(text).unwrap(),
            Timestamp::from_millis(500),
        );
        assert_eq!(record.expires_at(), None);
        record.spec.policies.expires_after = Some(std::time::Duration::from_secs(2));
        assert_eq!(record.expires_at(), Some(Timestamp::from_millis(2_500)));
    }
}
