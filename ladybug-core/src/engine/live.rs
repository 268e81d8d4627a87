//! The state that the steps of one operation share while it runs.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Interval, MissedTickBehavior, interval},
};

use super::{client::Shared, coalesce::Coalesced, session::Sessions};
use crate::{
    bootstrap::Observation,
    cloud::{Call, CloudDriver, Resource},
    error::Result,
    event::{Event, EventKind, transient_seq},
    id::{ClusterUid, NodeName, OperationId, StepKey},
    plan::Site,
    secret::Secrets,
    state::ClusterState,
};

/// The state that the steps of one operation share while it runs. Only the operation's writer changes it.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) shared: Arc<Shared>,
    pub(super) operation: OperationId,
    pub(super) uid: ClusterUid,
    known: Mutex<Known>,
    pub(super) sessions: Sessions,
    /// Shared answers: runs of one cheap question or one idempotent stage, asked by many steps at once.
    pub(super) observation: Coalesced<Arc<Observation>>,
    /// Paces the looks at Kubernetes.
    pub(super) look: AsyncMutex<Interval>,
    listings: Mutex<BTreeMap<Site, Arc<Listing>>>,
    stages: Mutex<BTreeMap<NodeName, Arc<Coalesced<()>>>>,
    tickets: AtomicU64,
}

/// What a cloud shows of the cluster in one site.
type Listing = Coalesced<Arc<Vec<Resource>>>;

/// What the log says.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) state: ClusterState,
    pub(super) secrets: Secrets,
}

impl Live {
    pub(super) fn new(shared: Arc<Shared>, operation: OperationId, known: Known) -> Self {
        let mut look = interval(shared.limits.first_pause);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            shared,
            operation,
            uid: known.state.uid,
            known: Mutex::new(known),
            sessions: Sessions::default(),
            observation: Coalesced::default(),
            look: AsyncMutex::new(look),
            listings: Mutex::default(),
            stages: Mutex::default(),
            tickets: AtomicU64::new(0),
        }
    }

    /// Looks at what is known. Never held over an await.
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that grows with every call; what began later has the greater one.
    pub(super) fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn call(&self) -> Call {
        Call::new().with_operation(self.operation)
    }

    pub(super) fn driver(&self, site: &Site) -> Result<Arc<dyn CloudDriver>> {
        self.shared.drivers.get(&site.provider).cloned()
    }

    pub(super) fn listing(&self, site: &Site) -> Arc<Listing> {
        let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(listings.entry(site.clone()).or_default())
    }

    /// The runs of the overlay stage on one node.
    pub(super) fn overlay_runs(&self, node: &NodeName) -> Arc<Coalesced<()>> {
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(stages.entry(node.clone()).or_default())
    }

    /// Tells listeners something that is not worth remembering.
    pub(super) fn mention(&self, kind: EventKind) {
        let seq = transient_seq(self.known().state.seq);
        let at = self.shared.clock.now();
        self.shared.bus.emit(Event { seq, at, cluster: self.uid, operation: self.operation, kind });
    }

    pub(super) fn mention_progress(&self, step: &StepKey, message: impl Into<String>) {
        self.mention(EventKind::Progress { step: step.clone(), message: message.into() });
    }
}
