//! From wishes to exact machines, images and prices.

use futures::future::try_join;
use ladybug_core::{
    Result,
    cloud::{MachineChoice, MachineQuery},
};

use super::{client::Api, image, machine_type, quota};

/// Chooses, and checks what can be checked without making anything: that the subscription answers to this credential, has
/// both providers registered, the image, the type in the zone, and room in its quotas. Whether the credential may write is
/// told by the first request that does.
pub(super) async fn resolve(api: Api<'_>, query: &MachineQuery) -> Result<MachineChoice> {
    let arch = query.machine.arch;
    let catalog = machine_type::catalog(api).await?;
    let offers = machine_type::offers(api, query, &catalog)?;
    let best = offers.first().and_then(|best| catalog.kind(&best.machine_type));
    let (image, ()) = try_join(image::find(api, &query.image, arch), quota::check(api, query, best)).await?;
    Ok(MachineChoice::new(image, arch, offers))
}
