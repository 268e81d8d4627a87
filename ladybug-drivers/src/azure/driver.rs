//! The driver.

use async_trait::async_trait;
use futures::stream::BoxStream;
use ladybug_core::{
    ClusterUid, Error, ErrorKind, ProviderName, Region, Result,
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, Location, MachineChoice, MachineQuery, Owner, Resource,
        ResourceKind, ResourceRef, ResourceSpec,
    },
};

use super::{
    address, balancer,
    client::{Api, Wire},
    config::Config,
    delete, firewall, group, key, list, machine, network, resolve,
    shelf::Shelf,
};
use crate::http::Trace;

/// The driver of one subscription of Azure. `Debug` shows no secret.
///
/// A network is a virtual network with one subnet; a firewall a network security group; a load balancer a Standard one with
/// its public address; a key a resource of the compute provider. Ids are Resource Manager's paths, regions its names, such as
/// `koreacentral`, and zones its numbers.
#[derive(Debug)]
pub struct Azure {
    wire: Wire,
}

impl Azure {
    /// Makes the driver. Asks nothing yet: a token is fetched at the first call.
    ///
    /// # Errors
    /// `Unavailable` when the system has no usable certificate authorities.
    pub fn new(config: Config) -> Result<Self> {
        Ok(Self { wire: Wire::new(config)? })
    }

    const fn api<'a>(&'a self, cx: &'a Call, region: &'a Region, what: &'a str, trace: &'a Trace) -> Api<'a> {
        Api { wire: &self.wire, cx, region, what, trace }
    }

    /// Refuses references to another account's resources.
    fn check_mine(&self, what: &str, resource: &ResourceRef) -> Result<()> {
        if resource.provider == self.wire.config().provider {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InvalidSpec, what.to_owned())
            .with_message(format!("this is the driver of {}", self.wire.config().provider))
            .with_remedy("ask the driver of the resource's provider"))
    }

    async fn look(&self, api: Api<'_>, resource: &ResourceRef) -> Result<Option<Resource>> {
        let id = resource.id.as_str();
        if let (ResourceKind::Network, Some(group)) = (resource.kind, group::named(api, id)) {
            return group::get_left_over(api, &group).await;
        }
        let Some(shelf) = Shelf::of(resource.kind) else { return Ok(None) };
        let Some(place) = shelf.place(api.subscription(), id) else { return Ok(None) };
        match resource.kind {
            ResourceKind::Machine => return machine::get(api, &place).await,
            ResourceKind::LoadBalancer => return balancer::get(api, &place).await,
            _ => {}
        }
        let Some(thing) = api.get(shelf, &place, &[]).await? else { return Ok(None) };
        match resource.kind {
            ResourceKind::Address => address::shown(api, &place, &thing),
            kind => network::shown(api, kind, shelf, &place, &thing),
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CloudDriver for Azure {
    fn provider(&self) -> ProviderName {
        self.wire.config().provider.clone()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::none()
            .with_kinds(ResourceKind::ALL)
            // Names are unique, and making what is there makes no second.
            .with_idempotent(ResourceKind::ALL)
            .with_settle(self.wire.config().settle)
            .with_spot(true)
            .with_user_data(true)
            .with_power(true)
            .with_reboot(true)
            .with_prices(true)
    }

    async fn resolve(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        let what = format!("choose a machine in {} {}", self.provider(), query.region);
        let trace = Trace::default();
        resolve::resolve(self.api(cx, &query.region, &what, &trace), query).await
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        let what = format!("make {} {} in {} {at}", spec.kind(), owner.key, self.provider());
        let trace = Trace::default();
        let api = self.api(cx, &at.region, &what, &trace);
        let made = match spec {
            ResourceSpec::Network(spec) => network::ensure(api, owner, spec).await,
            ResourceSpec::Firewall(spec) => firewall::ensure(api, owner, spec).await,
            ResourceSpec::SshKey(spec) => key::ensure(api, owner, spec).await,
            ResourceSpec::Machine(spec) => machine::ensure(api, owner, at, spec).await,
            ResourceSpec::Address(_) => address::ensure(api, owner).await,
            ResourceSpec::LoadBalancer(spec) => balancer::ensure(api, owner, spec).await,
            _ => Err(api.error(ErrorKind::Unsupported).with_message("this driver does not know this kind")),
        };
        made.map_err(|error| trace.tell(error))
    }

    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        let what = format!("get {resource}");
        self.check_mine(&what, resource)?;
        let trace = Trace::default();
        self.look(self.api(cx, &resource.location.region, &what, &trace), resource).await
    }

    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        let what = format!("delete {resource}");
        self.check_mine(&what, resource)?;
        let trace = Trace::default();
        let deleted = delete::delete(self.api(cx, &resource.location.region, &what, &trace), resource).await;
        deleted.map_err(|error| trace.tell(error))
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        let what = format!("{} {resource}", format!("{action:?}").to_lowercase());
        self.check_mine(&what, resource)?;
        let trace = Trace::default();
        let api = self.api(cx, &resource.location.region, &what, &trace);
        if resource.kind != ResourceKind::Machine {
            return Err(api.error(ErrorKind::Unsupported).with_message("only machines can do this"));
        }
        machine::act(api, resource, *action).await.map_err(|error| trace.tell(error))
    }

    fn list_owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        list::stream(async move {
            let what = format!("list resources of cluster {cluster} in {} {at}", self.provider());
            let trace = Trace::default();
            list::owned(self.api(cx, &at.region, &what, &trace), cluster).await
        })
    }
}
