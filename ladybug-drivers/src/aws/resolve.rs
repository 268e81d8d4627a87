//! From wishes to exact machines, images and prices.

use futures::future::try_join;
use ladybug_core::{
    ErrorKind, Result,
    cloud::{MachineChoice, MachineQuery},
};

use super::{
    client::Api,
    error::code,
    image,
    machine_type::{self, Fitting},
    query::Form,
    quota, region,
};

/// Chooses, and checks what can be checked without making anything.
pub(super) async fn resolve(api: Api<'_>, query: &MachineQuery) -> Result<MachineChoice> {
    match choose(api, query).await {
        Err(error) => Err(region::explain(api, error).await),
        chosen => chosen,
    }
}

async fn choose(api: Api<'_>, query: &MachineQuery) -> Result<MachineChoice> {
    let arch = query.machine.arch;
    let (Fitting { offers, vcpu }, image) =
        try_join(machine_type::fitting(api, query), image::find(api, &query.image, arch)).await?;
    if let Some(best) = offers.first() {
        let quota = quota::check(api, query, &best.machine_type, &vcpu);
        try_join(quota, may_run(api, &image, &best.machine_type)).await?;
    }
    Ok(MachineChoice::new(image, arch, offers))
}

/// Asks whether the credential may make such a machine. What else EC2 would refuse does not matter here: the real
/// call has a network and a key that do not exist yet.
async fn may_run(api: Api<'_>, image: &str, machine_type: &str) -> Result<()> {
    let form = Form::new()
        .with("DryRun", "true")
        .with("ImageId", image)
        .with("InstanceType", machine_type)
        .with("MinCount", 1)
        .with("MaxCount", 1);
    match api.ec2("RunInstances", form).await {
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unauthenticated) => Err(error),
        Err(error) if code(&error).is_none() => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}
