//! Deleting one resource, known or only suspected.

use tokio::time::Instant;

use super::{StepRun, Yield, tries::Pauses};
use crate::{
    cloud::{CloudDriver, CloudDriverExt, Deletion, Resource, ResourceKind, ResourceRef, Waiter},
    error::Result,
    id::ResourceKey,
    plan::{Site, machine_node},
    secret::Secrets,
    store::StepOutput,
};
use std::sync::Arc;

impl StepRun {
    pub(super) async fn delete(&self, site: &Site, key: &ResourceKey, kind: ResourceKind) -> Result<Yield> {
        let driver = self.live.driver(site)?;
        let recorded = self.live.known().state.resources.get(key).map(|resource| resource.reference.clone());
        let targets = match recorded {
            Some(reference) => vec![reference],
            None => self.suspects(site, key, kind).await?,
        };
        machine_node(key).iter().for_each(|node| self.live.sessions.forget(node));
        for target in &targets {
            self.remove(&*driver, target).await?;
        }
        Ok((StepOutput::Deleted, Secrets::default()))
    }

    /// Deletes one resource. That it is absent already is believed only after the settle time: it may be too new to
    /// be seen.
    async fn remove(&self, driver: &dyn CloudDriver, target: &ResourceRef) -> Result<()> {
        let call = self.live.call().with_deadline(self.deadline);
        let believed = Instant::now() + driver.capabilities().settle;
        let mut pauses = Pauses::new(&self.live.shared.limits);
        loop {
            match self.persist(|| driver.delete(&call, target)).await? {
                Deletion::Done => return Ok(()),
                Deletion::Started => return Waiter::new().until(self.deadline).gone(driver, &call, target).await,
                Deletion::AlreadyAbsent if Instant::now() >= believed => return Ok(()),
                Deletion::AlreadyAbsent => _ = pauses.pause(None, believed).await,
            }
        }
    }

    /// What an unrecorded `ensure` may have made, watched for until the cloud must have shown it.
    async fn suspects(&self, site: &Site, key: &ResourceKey, kind: ResourceKind) -> Result<Vec<ResourceRef>> {
        let believed = Instant::now() + self.live.driver(site)?.capabilities().settle;
        let mut pauses = Pauses::new(&self.live.shared.limits);
        loop {
            let shown = self.listing(site).await?;
            let ours = |resource: &&Resource| resource.owner.key == *key && resource.reference.kind == kind;
            let found: Vec<_> = shown.iter().filter(ours).map(|resource| resource.reference.clone()).collect();
            if !found.is_empty() || Instant::now() >= believed {
                return Ok(found);
            }
            pauses.pause(None, believed).await;
        }
    }

    /// Everything of this cluster that the site's cloud shows; many askers share one listing.
    pub(super) async fn listing(&self, site: &Site) -> Result<Arc<Vec<Resource>>> {
        let driver = self.live.driver(site)?;
        let (call, at) = (self.live.call().with_deadline(self.deadline), site.location());
        let list = || async { self.persist(|| driver.owned(&call, &self.live.uid, &at)).await.map(Arc::new) };
        self.live.listing(site).get(self.live.ticket(), || self.live.ticket(), list).await
    }
}
