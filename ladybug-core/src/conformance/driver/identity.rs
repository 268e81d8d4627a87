//! Checks of identity: one owner, one resource.

use futures::future::join_all;

use super::{
    bench::Fault,
    ground::{Ground, cluster_name},
    verdict::{Verdict, ensure, expect, given, same},
};
use crate::{
    cloud::{MachineSpec, NetworkSpec, Owner, ResourceKind, ResourceSpec, ResourceStatus},
    error::{Disposition, Result},
    id::{ClusterName, ResourceKey},
    secret::Secret,
};

/// More requests that change something than any one `ensure` or `delete` sends.
const MOST_REQUESTS: u32 = 200;

pub(super) async fn an_answer_is_about_what_was_asked_for(ground: &Ground) -> Verdict {
    ground
        .each(ground.kinds(), |kind| async move {
            let (owner, spec) = (ground.owner(kind, "one"), ground.spec(kind).await?);
            let made = ground.ensure(&owner, &spec).await?;
            same(&made.owner, &owner, "the owner")?;
            same(&made.reference.kind, &kind, "the kind")?;
            same(&made.reference.provider, &ground.driver.provider(), "the provider")?;
            same(&made.reference.location.region, &ground.wishes.region, "the region")?;
            let fresh = matches!(made.status, ResourceStatus::Pending | ResourceStatus::Ready);
            ensure(fresh, format_args!("a new resource must be pending or ready, but is {:?}", made.status))
        })
        .await
}
