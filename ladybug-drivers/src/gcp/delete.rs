//! Taking things away. What has not our mark is not ours, and is left alone.

use ladybug_core::{
    ErrorKind, Result,
    cloud::{Deletion, ResourceKind, ResourceRef},
};

use super::{address, balancer, client::Api, firewall, key, machine, network};

/// Deletes whatever the reference names.
pub(super) async fn delete(api: Api<'_>, reference: &ResourceRef) -> Result<Deletion> {
    let id = reference.id.as_str();
    match reference.kind {
        ResourceKind::Network => network::delete(api, id).await,
        ResourceKind::Firewall => firewall::delete(api, id).await,
        ResourceKind::SshKey => key::delete(api, id).await,
        ResourceKind::Machine => machine::delete(api, reference).await,
        ResourceKind::Address => address::delete(api, id).await,
        ResourceKind::LoadBalancer => balancer::delete(api, id).await,
        _ => Err(api.error(ErrorKind::Unsupported)),
    }
}
