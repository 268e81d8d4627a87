//! Everything that a cluster owns in a region.

use futures::{
    FutureExt, StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use ladybug_core::{
    ClusterUid, Region, Result,
    cloud::{Call, Resource},
};

use super::{TumblebugDriver, machine::REGION_LABEL, marker, model::Infra, thing::Kind};

/// Machines that are looked at at once.
const AT_ONCE: usize = 8;

impl TumblebugDriver {
    /// Machines by their label, the rest by their descriptions, each kind by one call.
    pub(super) fn owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: ClusterUid,
        region: Region,
    ) -> BoxStream<'a, Result<Resource>> {
        let things = {
            let region = region.clone();
            stream::iter(Kind::ALL).then(move |kind| {
                let region = region.clone();
                async move {
                    let owned = self.owned_things(cx, kind, cluster, &region).await?;
                    Ok::<_, ladybug_core::Error>(stream::iter(owned.into_iter().map(Ok)))
                }
            })
        };
        self.owned_machines(cx, cluster, region).chain(things.try_flatten()).boxed()
    }

    fn owned_machines<'a>(
        &'a self,
        cx: &'a Call,
        cluster: ClusterUid,
        region: Region,
    ) -> BoxStream<'a, Result<Resource>> {
        let of_region = region.clone();
        let infras = async move {
            let namespace = &self.client.config().namespace;
            let label = marker::CLUSTER_LABEL;
            let selector = format!("{label}={cluster},{REGION_LABEL}={of_region},sys.namespace={namespace}");
            let infras = self.infras(cx, &selector).await?;
            Ok::<_, ladybug_core::Error>(stream::iter(infras.into_iter().map(Ok)))
        };
        let look = move |infra: Infra| {
            let region = region.clone();
            async move { self.owned_machine(cx, cluster, &region, infra).await }
        };
        let machines = infras.into_stream().try_flatten().map_ok(look).try_buffer_unordered(AT_ONCE);
        machines.try_filter_map(|found| async move { Ok(found) }).boxed()
    }

    /// A machine that a list shows; gone, if it has gone in the meantime.
    async fn owned_machine(
        &self,
        cx: &Call,
        cluster: ClusterUid,
        region: &Region,
        infra: Infra,
    ) -> Result<Option<Resource>> {
        if marker::owner(&infra.description).is_none_or(|owner| owner.cluster != cluster) {
            return Ok(None);
        }
        match self.node(cx, &infra.id).await? {
            Some(node) => self.resource_of_node(region, &infra.id, &node).map(Some),
            None => self.resource_of_infra(region, &infra).map(Some),
        }
    }
}
