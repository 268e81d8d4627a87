//! Tells the hook what happens to machines, in order for each of them.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{sync::mpsc, task::JoinSet};

use crate::{hook::Presence, http::Deed, sim::Shared, world::Cloud};

/// Passes deeds on until the world ends: those of one machine in order, those of different machines at once.
pub(crate) async fn herald(shared: Arc<Shared>, mut deeds: mpsc::UnboundedReceiver<Deed>) {
    let mut machines: BTreeMap<(Cloud, String), mpsc::UnboundedSender<Deed>> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    while let Some(deed) = deeds.recv().await {
        let (key, last) = (deed.machine(), matches!(deed, Deed::Terminate(..)));
        let queue = machines.entry(key.clone()).or_insert_with(|| {
            let (queue, told) = mpsc::unbounded_channel();
            tasks.spawn(attend(Arc::clone(&shared), told));
            queue
        });
        // The other end lives as long as this one, but for the world's own end.
        drop(queue.send(deed));
        if last {
            machines.remove(&key);
        }
    }
}

/// Passes one machine's deeds on until there will be no more.
async fn attend(shared: Arc<Shared>, mut deeds: mpsc::UnboundedReceiver<Deed>) {
    while let Some(deed) = deeds.recv().await {
        match (deed, shared.config.hook.as_deref()) {
            (Deed::Boot(birth), hook) => {
                let (cloud, id) = (birth.cloud, birth.id.clone());
                let presence = match hook {
                    Some(hook) => hook.boot(*birth).await,
                    None => Ok(Presence::default()),
                };
                shared.booted(cloud, &id, presence);
            }
            (Deed::Stop(cloud, id), Some(hook)) => hook.stop(cloud, &id).await,
            (Deed::Terminate(cloud, id), Some(hook)) => hook.terminate(cloud, &id).await,
            (Deed::Filter(cloud, id, openings), Some(hook)) => hook.filter(cloud, &id, openings).await,
            (Deed::Stop(..) | Deed::Terminate(..) | Deed::Filter(..), None) => {}
        }
    }
}

impl Deed {
    fn machine(&self) -> (Cloud, String) {
        match self {
            Self::Boot(birth) => (birth.cloud, birth.id.clone()),
            Self::Stop(cloud, id) | Self::Terminate(cloud, id) | Self::Filter(cloud, id, _) => (*cloud, id.clone()),
        }
    }
}
