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
    delete, firewall, key, list, machine, network, power, resolve,
    shelf::is_name,
};
use crate::http::Trace;

/// The driver of one project of Google Cloud. `Debug` shows no secret.
///
/// A network is a VPC network with one subnetwork; a firewall one VPC firewall rule for each protocol and port; a load
/// balancer an external passthrough one over unmanaged instance groups. Regions are Google's own, such as
/// `asia-northeast3`.
#[derive(Debug)]
pub struct Gcp {
    wire: Wire,
}

impl Gcp {
    /// Makes the driver. Asks nothing yet: the credential is looked for at the first call.
    ///
    /// # Errors
    /// `InvalidSpec` when the project cannot be one; `Unavailable` when the system has no usable certificate authorities.
    pub fn new(config: Config) -> Result<Self> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:".contains(c);
        if config.project.is_empty() || !config.project.chars().all(fits) {
            return Err(Error::new(ErrorKind::InvalidSpec, "set up the driver of Google Cloud")
                .with_message(format!("{:?} is not a project's id", config.project))
                .with_remedy("`gcloud projects list` shows the ids"));
        }
        Ok(Self { wire: Wire::new(config)? })
    }

    /// # Errors
    /// `NotFound` for what cannot be a region: it would become part of a path.
    fn api<'a>(&'a self, cx: &'a Call, region: &'a Region, what: &'a str, trace: &'a Trace) -> Result<Api<'a>> {
        let api = Api { wire: &self.wire, cx, region, what, trace };
        if is_name(region.as_str()) { Ok(api) } else { Err(resolve::no_region(api)) }
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
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CloudDriver for Gcp {
    fn provider(&self) -> ProviderName {
        self.wire.config().provider.clone()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::none()
            .with_kinds(ResourceKind::ALL)
            // Names are unique, and checked at once.
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
        resolve::resolve(self.api(cx, &query.region, &what, &Trace::default())?, query).await
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        let what = format!("make {} {} in {} {at}", spec.kind(), owner.key, self.provider());
        let trace = Trace::default();
        let api = self.api(cx, &at.region, &what, &trace)?;
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
        let api = self.api(cx, &resource.location.region, &what, &trace)?;
        let id = resource.id.as_str();
        match resource.kind {
            ResourceKind::Network => network::get(api, id).await,
            ResourceKind::Firewall => firewall::get(api, id).await,
            ResourceKind::SshKey => key::get(api, id).await,
            ResourceKind::Machine => machine::get(api, resource).await,
            ResourceKind::Address => address::get(api, id).await,
            ResourceKind::LoadBalancer => balancer::get(api, id).await,
            _ => Ok(None),
        }
    }

    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        let what = format!("delete {resource}");
        self.check_mine(&what, resource)?;
        let trace = Trace::default();
        let deleted = delete::delete(self.api(cx, &resource.location.region, &what, &trace)?, resource).await;
        deleted.map_err(|error| trace.tell(error))
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        let what = format!("{action:?} {resource}").to_lowercase();
        self.check_mine(&what, resource)?;
        let trace = Trace::default();
        let api = self.api(cx, &resource.location.region, &what, &trace)?;
        if resource.kind != ResourceKind::Machine {
            return Err(api.error(ErrorKind::Unsupported).with_message("only machines can do this"));
        }
        power::act(api, resource, *action).await.map_err(|error| trace.tell(error))
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
            list::owned(self.api(cx, &at.region, &what, &trace)?, cluster).await
        })
    }
}
