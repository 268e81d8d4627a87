//! Taking things away.

use ladybug_core::{
    Disposition, ErrorKind, Result,
    cloud::{Deletion, ResourceKind, ResourceRef},
};

use super::{
    balancer,
    client::Api,
    network,
    query::Form,
    shelf::{GATEWAYS, KEYS},
    xml::Element,
};

/// The answer, or `None` when AWS says for good that there is no such thing.
pub(super) fn gone<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if (error.kind(), error.disposition()) == (ErrorKind::NotFound, Disposition::Permanent) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes whatever the reference names.
pub(super) async fn delete(api: Api<'_>, reference: &ResourceRef) -> Result<Deletion> {
    let id = reference.id.as_str();
    match (reference.kind, id) {
        (ResourceKind::Network, _) if id.starts_with("igw-") => gateway(api, id).await,
        (ResourceKind::Network, _) => network::delete(api, id).await,
        (ResourceKind::Firewall, _) => simple(api, "DeleteSecurityGroup", "GroupId", id).await,
        (ResourceKind::SshKey, _) => key(api, id).await,
        (ResourceKind::Machine, _) if id.starts_with("vol-") => simple(api, "DeleteVolume", "VolumeId", id).await,
        (ResourceKind::Machine, _) => machine(api, id).await,
        (ResourceKind::Address, _) => simple(api, "ReleaseAddress", "AllocationId", id).await,
        (ResourceKind::LoadBalancer, _) => balancer::delete(api, id).await,
        (_, _) => Err(api.error(ErrorKind::Unsupported)),
    }
}

async fn simple(api: Api<'_>, action: &'static str, parameter: &str, id: &str) -> Result<Deletion> {
    let answer = gone(api.ec2(action, Form::new().with(parameter, id)).await)?;
    Ok(if answer.is_some() { Deletion::Done } else { Deletion::AlreadyAbsent })
}

async fn gateway(api: Api<'_>, id: &str) -> Result<Deletion> {
    let Some(gateway) = api.find(id, || GATEWAYS.by_id(api, id)).await? else { return Ok(Deletion::AlreadyAbsent) };
    network::delete_gateway(api, &gateway).await?;
    Ok(Deletion::Done)
}

/// EC2 does not tell whether there was a key pair to delete, so it is asked before.
async fn key(api: Api<'_>, name: &str) -> Result<Deletion> {
    if api.find(name, || KEYS.by_id(api, name)).await?.is_none() {
        return Ok(Deletion::AlreadyAbsent);
    }
    gone(api.ec2("DeleteKeyPair", Form::new().with("KeyName", name)).await)?;
    Ok(Deletion::Done)
}

async fn machine(api: Api<'_>, id: &str) -> Result<Deletion> {
    let Some(answer) = gone(api.ec2("TerminateInstances", Form::new().list("InstanceId", [id])).await)? else {
        return Ok(Deletion::AlreadyAbsent);
    };
    let change = answer.items("instancesSet").next().cloned().unwrap_or_default();
    let state = |when: &str| change.at(&[when]).and_then(|state: &Element| state.word("name"));
    match (state("previousState"), state("currentState")) {
        (Some("terminated"), _) => Ok(Deletion::AlreadyAbsent),
        (_, _) => Ok(Deletion::Started),
    }
}
