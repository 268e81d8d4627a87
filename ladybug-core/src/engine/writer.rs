//! The one place that writes: log entries to the store, then state and events.

use std::sync::Arc;

use super::live::Live;
use crate::{
    error::Result,
    event::{Event, number},
    lifecycle::ClusterPhase,
    secret::Secrets,
    store::{ClusterRecord, Commit, Fence, LogBody, LogEntry, Version},
};

/// Writes for one operation. After an error nothing more may be written: the operation ends and can be resumed.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) live: Arc<Live>,
    pub(super) record: ClusterRecord,
    pub(super) version: Version,
    pub(super) fence: Fence,
}

impl Writer {
    /// Commits `bodies` in order, atomically.
    ///
    /// # Errors
    /// `Conflict` when another writer took over; `Corrupt` when an entry does not fit the state; store errors.
    pub(super) async fn write(&mut self, bodies: Vec<LogBody>) -> Result<()> {
        if bodies.is_empty() {
            return Ok(());
        }
        let (entries, events, phase) = self.fold(bodies)?;
        let record = (phase != self.record.phase).then(|| ClusterRecord { phase, ..self.record.clone() });
        if let Some(record) = &record {
            self.record = record.clone();
        }
        let commit = Commit { expected: self.version, fence: self.fence, entries, record };
        self.version = self.live.shared.store.commit(&self.live.uid, commit).await?;
        events.into_iter().for_each(|event| self.live.shared.bus.emit(event));
        Ok(())
    }

    /// Seals `secrets` and remembers them; the body belongs into the same commit as what made them.
    ///
    /// # Errors
    /// When sealing fails.
    pub(super) fn secrets(&self, secrets: Secrets) -> Result<Option<LogBody>> {
        if secrets.is_empty() {
            return Ok(None);
        }
        let shared = &self.live.shared;
        let sealed = shared.sealer.seal_all(&self.live.uid, &secrets, &*shared.entropy)?;
        self.live.known().secrets.merge(secrets);
        Ok(Some(LogBody::Secrets { sealed }))
    }

    fn fold(&self, bodies: Vec<LogBody>) -> Result<(Vec<LogEntry>, Vec<Event>, ClusterPhase)> {
        let mut known = self.live.known();
        let at = self.live.shared.clock.now();
        let (mut entries, mut events) = (Vec::with_capacity(bodies.len()), Vec::new());
        for body in bodies {
            let entry = LogEntry { seq: known.state.seq + 1, at, operation: self.live.operation, body };
            let mut kinds = Vec::new();
            known.state.apply(&entry, &mut kinds)?;
            events.extend(number(self.live.uid, &entry, kinds));
            entries.push(entry);
        }
        Ok((entries, events, known.state.phase))
    }
}
