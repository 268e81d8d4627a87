//! What the driver remembers: what is too new to be believed missing, what is expensive to ask, and who works on a group.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ladybug_core::Region;
use tokio::{
    sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock},
    time::Instant,
};

use super::machine_type::Catalog;

/// For how long the list of machine types is believed; it has a megabyte or two.
const CATALOG: Duration = Duration::from_secs(300);

/// What was learned from earlier answers.
#[derive(Debug, Default)]
pub(super) struct Facts {
    made: Mutex<BTreeMap<String, Instant>>,
    catalogs: Mutex<BTreeMap<Region, (Instant, Arc<Catalog>)>>,
    groups: Mutex<BTreeMap<String, Arc<RwLock<()>>>>,
}

impl Facts {
    /// Notes that the thing at `path` was made just now.
    pub(super) fn made(&self, path: &str, settle: Duration) {
        let mut made = lock(&self.made);
        made.retain(|_, since| since.elapsed() < settle);
        made.insert(path.to_owned(), Instant::now());
    }

    /// Notes that it is new no more: it is being taken away.
    pub(super) fn unmade(&self, path: &str) {
        lock(&self.made).remove(path);
    }

    /// Whether it was [made](Self::made) within the settle time, so that it is there although it is not shown.
    pub(super) fn is_new(&self, path: &str, settle: Duration) -> bool {
        lock(&self.made).get(path).is_some_and(|since| since.elapsed() < settle)
    }

    /// What was [made](Self::made) in the group within the settle time.
    pub(super) fn new_in(&self, group: &str, settle: Duration) -> BTreeSet<String> {
        let made = lock(&self.made);
        let inside = made.iter().filter(|(path, since)| path.starts_with(group) && since.elapsed() < settle);
        inside.map(|(path, _)| path.clone()).collect()
    }

    /// When everything that was made in the group is to be seen; `None` when it is by now.
    pub(super) fn settled_at(&self, group: &str, settle: Duration) -> Option<Instant> {
        let made = lock(&self.made);
        let inside = made.iter().filter(|(path, _)| path.starts_with(group)).map(|(_, since)| *since + settle);
        inside.max().filter(|end| *end > Instant::now())
    }

    /// The machine types of a region, if they were learned lately.
    pub(super) fn catalog(&self, region: &Region) -> Option<Arc<Catalog>> {
        let catalogs = lock(&self.catalogs);
        catalogs.get(region).filter(|(since, _)| since.elapsed() < CATALOG).map(|(_, catalog)| Arc::clone(catalog))
    }

    pub(super) fn learn_catalog(&self, region: &Region, catalog: &Arc<Catalog>) {
        lock(&self.catalogs).insert(region.clone(), (Instant::now(), Arc::clone(catalog)));
    }

    /// Keeps the group from being taken away by this process while something is made in it.
    pub(super) async fn work_in(&self, group: &str) -> OwnedRwLockReadGuard<()> {
        self.gate(group).read_owned().await
    }

    /// Keeps everybody of this process out of the group; `None` while somebody works in it.
    pub(super) fn close(&self, group: &str) -> Option<OwnedRwLockWriteGuard<()>> {
        self.gate(group).try_write_owned().ok()
    }

    fn gate(&self, group: &str) -> Arc<RwLock<()>> {
        let mut groups = lock(&self.groups);
        // A gate that nobody holds is as good as a new one.
        groups.retain(|name, gate| name == group || Arc::strong_count(gate) > 1);
        Arc::clone(groups.entry(group.to_owned()).or_default())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
