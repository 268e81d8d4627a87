//! What was done to which host.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::id::NodeName;

/// Counts shared by a connector and its sessions.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(Arc<Mutex<Counts>>);

/// What was done to which host.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) sessions: BTreeMap<NodeName, u64>,
    pub(super) commands: BTreeMap<NodeName, u64>,
    pub(super) touched: BTreeSet<NodeName>,
}

impl Tally {
    /// Looks at the counts.
    pub(super) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session was opened.
    pub(super) fn opened(&self, host: &NodeName) {
        let mut counts = self.counts();
        *counts.sessions.entry(host.clone()).or_default() += 1;
        counts.touched.insert(host.clone());
    }

    /// A command is run.
    pub(super) fn ran(&self, host: &NodeName) {
        let mut counts = self.counts();
        *counts.commands.entry(host.clone()).or_default() += 1;
        counts.touched.insert(host.clone());
    }

    /// A file is written.
    pub(super) fn wrote(&self, host: &NodeName) {
        self.counts().touched.insert(host.clone());
    }
}
