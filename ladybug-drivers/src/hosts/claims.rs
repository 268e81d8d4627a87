//! Who has which machine of a region.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ladybug_core::{
    ClusterUid, NodeName, Region, ResourceKey,
    cloud::{Location, Owner},
};
use tokio::sync::Mutex;

use super::{driver::HostsDriver, inventory::Host, record::Record};

/// A claim that stands: on which machine, what it says, and whether it was carried through.
pub(super) type Claim = (NodeName, Record, bool);

/// The claims of a region by cluster and key, whichever their generation.
type Claims = BTreeMap<(ClusterUid, ResourceKey), Claim>;

/// The last look at each region. Whoever asks gets a look that began after the asking, and those who wait at the same
/// time share one: many claims at once would else ask every machine many times.
#[derive(Debug, Default)]
pub(super) struct Looks {
    tickets: AtomicU64,
    last: Mutex<BTreeMap<Region, (u64, Arc<Claims>)>>,
}

impl Looks {
    fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::SeqCst)
    }
}

impl HostsDriver {
    /// The machine that the owner has already. One that does not answer counts as none, so that it is in nobody's way; who
    /// has it is found again by a listing when it is back.
    ///
    /// Cancel safe: a look that is dropped leaves the next asker to look.
    pub(super) async fn standing(&self, owner: &Owner, at: &Location) -> Option<(&Host, Record, bool)> {
        let asked = self.looks.ticket();
        let mut last = self.looks.last.lock().await;
        let shared = last.get(&at.region).filter(|(began, _)| *began > asked).map(|(_, claims)| Arc::clone(claims));
        let claims = match shared {
            Some(claims) => claims,
            None => {
                let began = self.looks.ticket();
                let claims = Arc::new(self.look(at).await);
                last.insert(at.region.clone(), (began, Arc::clone(&claims)));
                claims
            }
        };
        let (name, record, done) = claims.get(&(owner.cluster, owner.key.clone()))?;
        Some((self.reach.inventory.get(name.as_str())?, record.clone(), *done))
    }

    async fn look(&self, at: &Location) -> Claims {
        let answers = self.answers(at).await.into_iter();
        let claims = answers.filter_map(|(host, answer)| Some((host, answer.ok()?.claim?)));
        claims
            .map(|(host, (record, done))| {
                let key = (record.owner.cluster, record.owner.key.clone());
                (key, (host.name.clone(), record, done))
            })
            .collect()
    }
}
