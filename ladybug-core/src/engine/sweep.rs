//! Deleting everything of a cluster in one place, known to us or not.

use std::collections::BTreeSet;

use futures::{FutureExt, StreamExt, stream};
use tokio::time::Instant;

use super::{
    Limits,
    step::tries::{Pauses, persist},
};
use crate::{
    cloud::{Call, CloudDriver, CloudDriverExt, Deletion, Location, Resource, ResourceKind, ResourceRef, Waiter},
    error::{Error, ErrorKind, Result},
    id::ClusterUid,
};

/// How many resources of one kind are deleted at once.
const AT_ONCE: usize = 64;

/// In which order kinds go: what uses others goes before them.
const ORDER: [&[ResourceKind]; 3] = [
    &[ResourceKind::Machine, ResourceKind::LoadBalancer],
    &[ResourceKind::Address, ResourceKind::Firewall, ResourceKind::SshKey],
    &[ResourceKind::Network],
];

/// A place to clean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sweep<'a> {
    pub(super) driver: &'a dyn CloudDriver,
    pub(super) call: Call,
    pub(super) uid: ClusterUid,
    pub(super) at: &'a Location,
    pub(super) limits: &'a Limits,
    pub(super) deadline: Instant,
}

impl Sweep<'_> {
    /// Deletes everything of the cluster but what `keep` tells to keep, until nothing else was seen for longer than
    /// the driver's settle time. Returns what it deleted.
    ///
    /// # Errors
    /// The first error of the round after which nothing more could be deleted.
    pub(super) async fn clean(&self, keep: &(dyn Fn(&Resource) -> bool + Sync)) -> Result<Vec<ResourceRef>> {
        let settle = self.driver.capabilities().settle;
        let (mut deleted, mut believed) = (BTreeSet::new(), Instant::now() + settle);
        let mut pauses = Pauses::new(self.limits);
        loop {
            let strays = self.strays(keep).await?;
            let wait_until = if strays.is_empty() { believed } else { self.deadline };
            if strays.is_empty() && Instant::now() >= believed {
                return Ok(deleted.into_iter().collect());
            }
            let used = if strays.is_empty() { None } else { self.delete_all(&strays).await? };
            if !strays.is_empty() {
                believed = Instant::now() + settle;
                deleted.extend(strays);
            }
            if let (false, Some(used)) = (pauses.pause(None, wait_until).await, used) {
                return Err(used);
            }
        }
    }

    /// What the cloud shows of the cluster but what is to be kept.
    ///
    /// # Errors
    /// When the cloud does not answer in time.
    pub(super) async fn strays(&self, keep: &(dyn Fn(&Resource) -> bool + Sync)) -> Result<Vec<ResourceRef>> {
        let list = || self.driver.owned(&self.call, &self.uid, self.at);
        let owned = persist(self.limits, self.deadline, |_| {}, list).await;
        let owned = owned.map_err(|late| late.into_error(|| self.name()))?;
        Ok(owned.into_iter().filter(|resource| !keep(resource)).map(|resource| resource.reference).collect())
    }

    /// Deletes what can be deleted; returns why the rest cannot yet: something still uses it that is not shown.
    async fn delete_all(&self, strays: &[ResourceRef]) -> Result<Option<Error>> {
        let mut used = None;
        for kinds in ORDER {
            let now = strays.iter().filter(|stray| kinds.contains(&stray.kind));
            let deletions: Vec<_> = now.map(|stray| self.delete(stray).boxed()).collect();
            let results: Vec<Result<()>> = stream::iter(deletions).buffer_unordered(AT_ONCE).collect().await;
            for error in results.into_iter().filter_map(Result::err) {
                if error.kind() != ErrorKind::Conflict {
                    return Err(error);
                }
                used = Some(error);
            }
        }
        Ok(used)
    }

    async fn delete(&self, stray: &ResourceRef) -> Result<()> {
        // A conflict does not end by asking again but by deleting what uses the thing, so it is passed on.
        let ask = || async {
            match self.driver.delete(&self.call, stray).await {
                Err(error) if error.kind() == ErrorKind::Conflict => Ok(Err(error)),
                other => other.map(Ok),
            }
        };
        let asked = persist(self.limits, self.deadline, |_| {}, ask).await;
        match asked.map_err(|late| late.into_error(|| format!("delete {stray}")))?? {
            Deletion::Done | Deletion::AlreadyAbsent => Ok(()),
            Deletion::Started => Waiter::new().until(self.deadline).gone(self.driver, &self.call, stray).await,
        }
    }

    fn name(&self) -> String {
        format!("list what cluster {} has in {} {}", self.uid, self.driver.provider(), self.at)
    }
}
