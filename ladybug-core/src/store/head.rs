//! The rules of a store: which commit fits, who holds the lease, who owns a name.

use std::{fmt::Display, time::Duration};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{ClusterRecord, Commit, Fence, Lease, LogEntry, Version};
use crate::{
    error::{Error, ErrorKind, Result},
    id::{ClusterName, ClusterUid, ProjectName},
    time::Timestamp,
};

/// What a store must know of a cluster to judge the next call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The record's version.
    version: Version,
    /// The place of the last log entry; 0 for none.
    seq: u64,
    /// The greatest fence that was given out; 0 for none.
    fence: Fence,
    /// Who holds the lease.
    holder: Option<Holder>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    name: String,
    until: Timestamp,
}

impl Head {
    /// The head of a new cluster.
    pub(super) const fn new() -> Self {
        Self { version: Version(1), seq: 0, fence: Fence(0), holder: None }
    }

    /// The record's version.
    pub(super) const fn version(&self) -> Version {
        self.version
    }

    /// Refuses a writer that is not the present one, or that read an older version.
    ///
    /// A lease that has run out is good until somebody else takes it.
    pub(super) fn check(&self, uid: &ClusterUid, expected: Version, fence: Fence) -> Result<()> {
        if self.holder.is_none() || fence != self.fence {
            return Err(lost(uid).with_message(format!("the writer's lease is lost: {}", self.present())));
        }
        if expected != self.version {
            let why = format!("it is at version {}, not {}", self.version.0, expected.0);
            return Err(lost(uid).with_message(why).with_remedy("read the cluster again and decide anew"));
        }
        Ok(())
    }

    /// The head after `commit`; refuses one that does not fit.
    pub(super) fn after(&self, uid: &ClusterUid, commit: &Commit) -> Result<Self> {
        self.check(uid, commit.expected, commit.fence)?;
        if commit.record.as_ref().is_some_and(|record| record.uid != *uid) {
            return Err(lost(uid).with_message("the new record is another cluster's"));
        }
        let seq = commit.entries.iter().try_fold(self.seq, |last, entry| follow(uid, last, entry))?;
        Ok(Self { version: Version(self.version.0.saturating_add(1)), seq, ..self.clone() })
    }

    /// Makes `holder` the one writer until `ttl` from `now`.
    pub(super) fn grant(&mut self, uid: &ClusterUid, holder: &str, ttl: Duration, now: Timestamp) -> Result<Lease> {
        match &self.holder {
            Some(present) if present.name == holder => {}
            Some(present) if now < present.until => return Err(held(uid, holder, present)),
            Some(_) | None => self.fence = Fence(self.fence.0.saturating_add(1)),
        }
        self.holder = Some(Holder { name: holder.to_owned(), until: now.plus(ttl) });
        Ok(Lease::new(self.fence, ttl))
    }

    /// Takes the lease back from the holder of `fence`; says whether anything changed.
    pub(super) fn release(&mut self, fence: Fence) -> bool {
        fence == self.fence && self.holder.take().is_some()
    }

    fn present(&self) -> String {
        match &self.holder {
            Some(holder) => format!("{} holds it under fence {}", holder.name, self.fence.0),
            None => "nobody holds it".to_owned(),
        }
    }
}

/// The name that a record keeps from others: none once it is deleted.
pub(super) fn claim(record: &ClusterRecord) -> Option<(&ProjectName, &ClusterName)> {
    (!record.phase.is_final()).then_some((&record.project, &record.name))
}

/// The error for a cluster that is there already.
pub(super) fn taken_uid(uid: &ClusterUid) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("add cluster {uid}")).with_message("its uid is taken")
}

/// The error for a name that another cluster has.
pub(super) fn taken_name(uid: &ClusterUid, (project, name): (&ProjectName, &ClusterName), by: &ClusterUid) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("name cluster {uid} {name} in project {project}"))
        .with_message(format!("cluster {by} has that name"))
        .with_remedy("choose another name, or delete that cluster first")
}

/// The error for a cluster that is not there.
pub(super) fn absent(uid: &ClusterUid) -> Error {
    Error::new(ErrorKind::NotFound, format!("find cluster {uid}")).with_message("the store has no such cluster")
}

/// The stored form of a value.
pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|cause| Error::new(ErrorKind::Unexpected, "encode a record").with_source(cause))
}

/// The value of a stored form; `what` names it, such as `"the record"`.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8], what: impl Display, uid: &ClusterUid) -> Result<T> {
    let damaged = |cause| Error::new(ErrorKind::Corrupt, format!("read {what} of cluster {uid}")).with_source(cause);
    serde_json::from_slice(bytes).map_err(damaged)
}

fn follow(uid: &ClusterUid, last: u64, entry: &LogEntry) -> Result<u64> {
    if last.checked_add(1) == Some(entry.seq) {
        return Ok(entry.seq);
    }
    let why = format!("log entry {} does not follow entry {last}", entry.seq);
    Err(lost(uid).with_message(why).with_remedy("read the cluster again and decide anew"))
}

fn lost(uid: &ClusterUid) -> Error {
    Error::new(ErrorKind::Conflict, format!("commit to cluster {uid}"))
}

fn held(uid: &ClusterUid, holder: &str, present: &Holder) -> Error {
    Error::new(ErrorKind::Conflict, format!("become the writer of cluster {uid} as {holder}"))
        .with_message(format!("{} is its writer until {}", present.name, present.until))
        .with_remedy("wait for it to finish; its lease ends by itself when it stops renewing")
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: ClusterUid = ClusterUid::from_uuid(uuid::Uuid::from_u128(1));
    const TTL: Duration = Duration::from_secs(30);

    fn held_by_first() -> Head {
        let mut head = Head::new();
        head.grant(&UID, "first", TTL, Timestamp::from_millis(0)).unwrap();
        head
    }

    #[test]
    fn a_refused_holder_learns_who_writes_and_until_when() {
        let error = held_by_first().grant(&UID, "second", TTL, Timestamp::from_millis(29_999)).unwrap_err();
        assert!(error.to_string().ends_with("first is its writer until 1970-01-01T00:00:30.000Z"), "{error}");
    }

    #[test]
    fn a_late_writer_learns_who_took_over() {
        let mut head = held_by_first();
        head.grant(&UID, "second", TTL, Timestamp::from_millis(30_000)).unwrap();
        let error = head.check(&UID, Version(1), Fence(1)).unwrap_err();
        assert!(error.to_string().ends_with("second holds it under fence 2"), "{error}");
    }

    #[test]
    fn a_commit_for_an_older_version_learns_both_versions() {
        let error = held_by_first().check(&UID, Version(7), Fence(1)).unwrap_err();
        assert!(error.to_string().ends_with("it is at version 1, not 7"), "{error}");
    }

    #[test]
    fn a_head_reads_back() {
        let head = held_by_first();
        assert_eq!(decode::<Head>(&encode(&head).unwrap(), "the head", &UID).unwrap(), head);
    }
}
