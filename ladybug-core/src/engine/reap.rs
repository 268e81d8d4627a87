//! Cleaning up with credentials alone.

use futures::future::join_all;
use tokio::time::Instant;

use super::{client::Shared, sweep::Sweep};
use crate::{
    cloud::{Call, ResourceRef},
    error::{Error, ErrorKind, Result},
    id::ClusterUid,
    plan::Site,
};
use std::time::Duration;

/// How long it may take.
const TIME: Duration = Duration::from_secs(3600);

/// Deletes everything of `cluster` in `sites`, all sites at once.
///
/// # Errors
/// `Conflict` when the store knows the cluster; else the first failure, after every site was tried.
pub(super) async fn reap(shared: &Shared, cluster: &ClusterUid, sites: &[Site]) -> Result<Vec<ResourceRef>> {
    if shared.store.get(cluster).await?.is_some_and(|(record, _)| !record.phase.is_final()) {
        return Err(Error::new(ErrorKind::Conflict, format!("reap cluster {cluster}"))
            .with_message("the store knows it")
            .with_remedy("delete it, so that the store learns of it too"));
    }
    let cleaned = join_all(sites.iter().map(|site| clean(shared, cluster, site))).await;
    let parts = cleaned.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(parts.into_iter().flatten().collect())
}

async fn clean(shared: &Shared, cluster: &ClusterUid, site: &Site) -> Result<Vec<ResourceRef>> {
    let (driver, at, deadline) = (shared.drivers.get(&site.provider)?, site.location(), Instant::now() + TIME);
    let call = Call::new().with_deadline(deadline);
    let sweep = Sweep { driver: &**driver, call, uid: *cluster, at: &at, limits: &shared.limits, deadline };
    sweep.clean(&|_| false).await
}
