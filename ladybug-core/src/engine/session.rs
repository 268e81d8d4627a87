//! One open session a node, used by all steps in turn, and a second one for changes of peers that cannot wait.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::{id::NodeName, remote::RemoteSession};

/// A place for a session; locked while somebody uses it.
type Slot = Arc<AsyncMutex<Option<Box<dyn RemoteSession>>>>;

/// A place that is in use.
pub(super) type Place = OwnedMutexGuard<Option<Box<dyn RemoteSession>>>;

/// The open sessions of one operation.
#[derive(Default)]
pub(super) struct Sessions(Mutex<BTreeMap<NodeName, Line>>);

/// The sessions of one node.
#[derive(Clone, Default)]
struct Line {
    main: Slot,
    side: Slot,
}

impl Sessions {
    /// The place of `node`'s session, once it is free.
    pub(super) async fn place(&self, node: &NodeName) -> Place {
        self.line(node).main.lock_owned().await
    }

    /// The place of `node`'s session if it is free, else that of its second one: others wait to become the peers of a
    /// gateway while it is itself in a stage of minutes, which takes no notice of peers.
    pub(super) async fn place_for_peers(&self, node: &NodeName) -> Place {
        let line = self.line(node);
        match line.main.try_lock_owned() {
            Ok(place) => place,
            Err(_) => line.side.lock_owned().await,
        }
    }

    fn line(&self, node: &NodeName) -> Line {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(node.clone()).or_default().clone()
    }

    /// Closes the sessions of a node that is going away.
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
