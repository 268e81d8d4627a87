//! Reading a cluster back: record, folded log, secrets.

use std::sync::Arc;

use futures::TryStreamExt;

use super::{client::Shared, live::Known};
use crate::{
    error::{Error, ErrorKind, Result},
    event::EventKind,
    id::ClusterUid,
    secret::Secrets,
    state::ClusterState,
    store::{ClusterRecord, LogBody, LogEntry, Version},
};

/// A cluster as the store has it.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) record: ClusterRecord,
    pub(super) version: Version,
    pub(super) state: ClusterState,
    sealed: Vec<LogEntry>,
}

impl Loaded {
    /// Opens the secrets.
    ///
    /// # Errors
    /// `Corrupt` when the key does not fit.
    pub(super) fn open(self, shared: &Shared) -> Result<(ClusterRecord, Version, Known)> {
        let mut secrets = Secrets::default();
        for entry in &self.sealed {
            if let LogBody::Secrets { sealed } = &entry.body {
                secrets.merge(shared.sealer.open_all(&self.state.uid, sealed)?);
            }
        }
        Ok((self.record, self.version, Known { state: self.state, secrets }))
    }

    /// What the log says, secrets and all.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(super) fn known(self, shared: &Shared) -> Result<Known> {
        self.open(shared).map(|(_, _, known)| known)
    }

    /// Goes without the secrets, which a delete does not need: it must work even when their key is lost.
    pub(super) fn sealed(self) -> (ClusterRecord, Version, Known) {
        (self.record, self.version, Known { state: self.state, secrets: Secrets::default() })
    }
}

impl Shared {
    /// The cluster as the store has it.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` when the log does not fit.
    pub(super) async fn load(&self, uid: &ClusterUid) -> Result<Loaded> {
        let found = self.store.get(uid).await?;
        let (record, version) = found.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("load cluster {uid}"))
                .with_message("the store does not have it")
                .with_remedy("list the clusters; `reap` cleans up without a store")
        })?;
        let mut state = ClusterState::new(*uid, Arc::new(record.spec.clone()));
        let mut sealed = Vec::new();
        self.replay(&mut state, |entry, _| {
            if matches!(entry.body, LogBody::Secrets { .. }) {
                sealed.push(entry);
            }
        })
        .await?;
        Ok(Loaded { record, version, state, sealed })
    }

    /// Folds the log into `state`, showing every entry and what it caused.
    ///
    /// # Errors
    /// `Corrupt` when an entry does not fit; store errors.
    pub(super) async fn replay(
        &self,
        state: &mut ClusterState,
        mut see: impl FnMut(LogEntry, Vec<EventKind>),
    ) -> Result<()> {
        let uid = state.uid;
        let mut log = self.store.log(&uid, state.seq + 1);
        while let Some(entry) = log.try_next().await? {
            let mut kinds = Vec::new();
            state.apply(&entry, &mut kinds)?;
            see(entry, kinds);
        }
        Ok(())
    }
}
