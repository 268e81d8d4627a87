//! Making a resource exist, once.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::{StepRun, Yield, tries::Pauses};
use crate::{
    cloud::{CloudDriver, CloudDriverExt, Location, Offer, Owner, Resource, ResourceSpec, ResourceStatus, Waiter},
    error::{ErrorKind, Result},
    id::ResourceKey,
    plan::{PlannedResource, Site},
    secret::Secrets,
    store::StepOutput,
};

impl StepRun {
    pub(super) async fn ensure(&self, site: &Site, key: &ResourceKey, resource: &PlannedResource) -> Result<Yield> {
        let made = match resource {
            PlannedResource::Machine { node, .. } => {
                let offers = self.planned_node(node)?.choice.offers;
                self.ensure_any(site, key, resource, &offers).await?
            }
            PlannedResource::Network { .. }
            | PlannedResource::Firewall { .. }
            | PlannedResource::SshKey
            | PlannedResource::LoadBalancer { .. } => {
                let made = self.ensure_one(site, key, &self.spec(resource, None)?, site.location()).await?;
                let driver = self.live.driver(site)?;
                Waiter::new().until(self.deadline).ready(&*driver, &self.live.call(), &made.reference).await?
            }
        };
        Ok((StepOutput::Resource { resource: Box::new(made) }, Secrets::default()))
    }

    /// Takes the first offer that the cloud can fill and nobody else holds.
    async fn ensure_any(
        &self,
        site: &Site,
        key: &ResourceKey,
        resource: &PlannedResource,
        offers: &[Offer],
    ) -> Result<Resource> {
        let mut last = None;
        for offer in offers {
            let at = site.location().with_zone(offer.zone.clone());
            match self.ensure_one(site, key, &self.spec(resource, Some(offer))?, at).await {
                Err(error) if matches!(error.kind(), ErrorKind::NoCapacity | ErrorKind::Conflict) => {
                    self.live.mention_progress(&self.key, error.to_string());
                    last = Some(error);
                }
                other => return other,
            }
        }
        Err(last.unwrap_or_else(|| self.too_late(None)))
    }

    async fn ensure_one(&self, site: &Site, key: &ResourceKey, spec: &ResourceSpec, at: Location) -> Result<Resource> {
        let driver = self.live.driver(site)?;
        let owner = self.owner(key);
        let mut unsure = self.again;
        self.persist(|| {
            let (driver, owner, at, look) = (Arc::clone(&driver), owner.clone(), at.clone(), unsure);
            unsure = true;
            async move { self.ensure_once(&*driver, &owner, &at, spec, look).await }
        })
        .await
    }

    /// One try. When an earlier try may have made the resource and the cloud cannot tell a second one from it, the
    /// cloud is watched until it would show the first.
    async fn ensure_once(
        &self,
        driver: &dyn CloudDriver,
        owner: &Owner,
        at: &Location,
        spec: &ResourceSpec,
        unsure: bool,
    ) -> Result<Resource> {
        let idempotent = driver.capabilities().idempotent.contains(&spec.kind());
        if unsure && !idempotent {
            let shown = self.watch(driver, owner, at).await?;
            if let Some(resource) = shown.filter(|_| !changes_in_place(spec)) {
                return Ok(resource);
            }
        }
        driver.ensure(&self.live.call().with_deadline(self.deadline), owner, at, spec).await
    }

    /// Waits until the cloud shows the owner's resource, or long enough to believe that there is none.
    async fn watch(&self, driver: &dyn CloudDriver, owner: &Owner, at: &Location) -> Result<Option<Resource>> {
        let believed = Instant::now() + driver.capabilities().settle;
        let mut pauses = Pauses::new(&self.live.shared.limits);
        loop {
            let owned = driver.owned(&self.live.call(), &owner.cluster, at).await?;
            let alive = |resource: &Resource| resource.owner.key == owner.key && is_alive(&resource.status);
            if let Some(resource) = owned.into_iter().find(alive) {
                return Ok(Some(resource));
            }
            if Instant::now() >= believed {
                return Ok(None);
            }
            if !pauses.pause(None, believed).await {
                sleep_until(believed).await;
            }
        }
    }
}

/// A resource of these kinds is made as the spec says even if it exists: its rules or targets may differ, and of a network
/// of many parts an earlier try may have made the first only.
fn changes_in_place(spec: &ResourceSpec) -> bool {
    match spec {
        ResourceSpec::Network(_) | ResourceSpec::Firewall(_) | ResourceSpec::LoadBalancer(_) => true,
        ResourceSpec::SshKey(_) | ResourceSpec::Machine(_) | ResourceSpec::Address(_) => false,
    }
}

fn is_alive(status: &ResourceStatus) -> bool {
    match status {
        ResourceStatus::Pending | ResourceStatus::Ready | ResourceStatus::Stopped => true,
        ResourceStatus::Deleting | ResourceStatus::Failed(_) => false,
    }
}
