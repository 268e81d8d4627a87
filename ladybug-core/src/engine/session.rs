//! One open session a node, used by all steps in turn.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Mutex as AsyncMutex;

use crate::{id::NodeName, remote::RemoteSession};

/// A place for one node's session; locked while somebody uses it.
pub(super) type Slot = Arc<AsyncMutex<Option<Box<dyn RemoteSession>>>>;

/// The open sessions of one operation.
#[derive(Default)]
pub(super) struct Sessions(Mutex<BTreeMap<NodeName, Slot>>);

impl Sessions {
    /// The place of `node`'s session.
    pub(super) fn slot(&self, node: &NodeName) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(node.clone()).or_default())
    }

    /// Closes the session of a node that is going away.
    pub(super) fn forget(&self, node: &NodeName) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(node);
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Sessions").field("open", &open).finish()
    }
}
