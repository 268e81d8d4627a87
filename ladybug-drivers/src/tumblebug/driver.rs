//! The contract, verb by verb.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use ladybug_core::{
    ClusterUid, Disposition, Error, ErrorKind, ProviderName, Region, ResourceId, Result,
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, Location, MachineChoice, MachineQuery, Owner, Resource,
        ResourceKind, ResourceRef, ResourceSpec,
    },
};

use super::{
    Config,
    client::{Client, part},
    thing::Kind,
};

/// One account of a Tumblebug server. Clones share it.
#[derive(Clone, Debug)]
pub struct TumblebugDriver {
    pub(super) client: Arc<Client>,
}

impl TumblebugDriver {
    /// Requests in a second that one address may send to a server; what to give to a
    /// [`Budget`](ladybug_core::cloud::layer) layer. The calls that have a limit of their own, 2 in a second, are sent
    /// only when a machine has gone wrong.
    pub const REQUESTS_PER_SECOND: u32 = 40;

    /// Makes a driver. Asks nothing yet.
    ///
    /// # Errors
    /// `Unavailable` when the system has no usable certificate authorities, or no randomness.
    pub fn new(config: Config) -> Result<Self> {
        Ok(Self { client: Arc::new(Client::new(config)?) })
    }

    /// A path below the name space.
    pub(super) fn path(&self, below: &str) -> String {
        format!("/ns/{}{below}", part(&self.client.config().namespace))
    }

    fn check_account(&self, resource: &ResourceRef) -> Result<()> {
        let provider = &self.client.config().provider;
        if resource.provider == *provider {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InvalidSpec, format!("ask {provider} for {resource}"))
            .with_message("it is of another account")
            .with_remedy("ask the driver of its own provider"))
    }

    pub(super) fn reference(&self, region: &Region, kind: ResourceKind, name: &str) -> Result<ResourceRef> {
        let id = ResourceId::new(name).map_err(|cause| {
            Error::new(ErrorKind::Unexpected, format!("take over the {kind} {name:?}"))
                .with_message("the server gave it an id that cannot be one")
                .with_source(cause)
        })?;
        let provider = self.client.config().provider.clone();
        Ok(ResourceRef::new(provider, Location::region(region.clone()), kind, id))
    }
}

#[async_trait]
impl CloudDriver for TumblebugDriver {
    fn provider(&self) -> ProviderName {
        self.client.config().provider.clone()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::none()
            .with_kinds([ResourceKind::Network, ResourceKind::Firewall, ResourceKind::SshKey, ResourceKind::Machine])
            .with_settle(self.client.config().settle)
            .with_power(true)
            .with_reboot(true)
            .with_prices(true)
    }

    async fn resolve(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        self.choose(cx, query).await.map_err(|error| error.with_context("region", &query.region))
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        let made = match spec {
            ResourceSpec::Network(network) => self.ensure_network(cx, owner, at, network).await,
            ResourceSpec::Firewall(firewall) => self.ensure_firewall(cx, owner, at, firewall).await,
            ResourceSpec::SshKey(key) => self.ensure_key(cx, owner, at, key).await,
            ResourceSpec::Machine(machine) => self.ensure_machine(cx, owner, at, machine).await,
            other => Err(unsupported(other.kind())),
        };
        made.map_err(|error| of_a_change(error).with_context("key", &owner.key))
    }

    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        self.check_account(resource)?;
        match Kind::of(resource.kind) {
            Some(kind) => self.get_thing(cx, kind, resource).await,
            None if resource.kind == ResourceKind::Machine => self.get_machine(cx, resource).await,
            None => Err(unsupported(resource.kind)),
        }
    }

    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        self.check_account(resource)?;
        let deleted = match Kind::of(resource.kind) {
            Some(kind) => self.delete_thing(cx, kind, resource).await,
            None if resource.kind == ResourceKind::Machine => self.delete_machine(cx, resource).await,
            None => Err(unsupported(resource.kind)),
        };
        deleted.map_err(of_a_change)
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        self.check_account(resource)?;
        match resource.kind {
            ResourceKind::Machine => self.control(cx, resource, *action).await.map_err(of_a_change),
            other => Err(unsupported(other)),
        }
    }

    fn list_owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        self.owned(cx, *cluster, at.region.clone())
    }
}

/// A change that ran out of time may have been done in part, even where its last request only looked.
fn of_a_change(error: Error) -> Error {
    if error.kind() == ErrorKind::Timeout { error.with_disposition(Disposition::Ambiguous) } else { error }
}

fn unsupported(kind: ResourceKind) -> Error {
    Error::new(ErrorKind::Unsupported, format!("make or look at a {kind} in Tumblebug"))
        .with_message("this driver makes networks, firewalls, ssh keys and machines")
        .with_remedy("use the proxy on every node as the API's endpoint, or another provider for the control plane")
}

/// The error for a thing of our name that is not ours.
pub(super) fn foreign(kind: ResourceKind, name: &str) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("use the {kind} {name}"))
        .with_message("its description does not name this cluster and key, so it is somebody else's")
        .with_remedy("rename or delete it in Tumblebug, if it is not needed")
}
