//! What the driver remembers: only what cannot change, and what is too new to be believed missing.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ladybug_core::{Region, Zone};
use tokio::time::Instant;

/// For how long a missing thing may be one that EC2 does not know yet; kops waits as long.
pub(super) const YOUNG: Duration = Duration::from_secs(120);

/// What was learned from earlier answers.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The root device's name by image.
    root_devices: Mutex<BTreeMap<(Region, String), String>>,
    /// The subnets by network.
    subnets: Mutex<BTreeMap<String, BTreeMap<Zone, String>>>,
    made: Mutex<BTreeMap<String, Instant>>,
}

impl Facts {
    pub(super) fn root_device(&self, region: &Region, image: &str) -> Option<String> {
        lock(&self.root_devices).get(&(region.clone(), image.to_owned())).cloned()
    }

    pub(super) fn learn_root_device(&self, region: &Region, image: &str, device: &str) {
        lock(&self.root_devices).insert((region.clone(), image.to_owned()), device.to_owned());
    }

    pub(super) fn subnets(&self, vpc: &str) -> Option<BTreeMap<Zone, String>> {
        lock(&self.subnets).get(vpc).cloned()
    }

    pub(super) fn learn_subnets(&self, vpc: &str, subnets: BTreeMap<Zone, String>) {
        lock(&self.subnets).insert(vpc.to_owned(), subnets);
    }

    pub(super) fn forget_network(&self, vpc: &str) {
        lock(&self.subnets).remove(vpc);
    }

    /// Notes that `id` was made just now, or that AWS has just said that it exists.
    pub(super) fn made(&self, id: &str) {
        let mut made = lock(&self.made);
        made.retain(|_, since| since.elapsed() < YOUNG);
        made.insert(id.to_owned(), Instant::now());
    }

    /// Whether `id` has been [made](Self::made) at most `within` ago.
    pub(super) fn is_new(&self, id: &str, within: Duration) -> bool {
        lock(&self.made).get(id).is_some_and(|since| since.elapsed() < within.min(YOUNG))
    }

    /// Notes that `id` is new no more: it is being taken away.
    pub(super) fn unmade(&self, id: &str) {
        lock(&self.made).remove(id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
