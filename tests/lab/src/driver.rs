//! One account of one cloud of the lab.

use std::{collections::BTreeSet, net::Ipv4Addr, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{
    StreamExt, TryFutureExt,
    stream::{self, BoxStream},
};
use ladybug::{
    ClusterUid, Disposition, Error, ErrorKind, ProviderName, ResourceId, Result,
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, FirewallSpec, Location, MachineChoice, MachineQuery,
        MachineSpec, Offer, Owner, Resource, ResourceDetail, ResourceKind, ResourceRef, ResourceSpec, ResourceStatus,
    },
};

use crate::{
    firewall,
    lab::SPACE,
    machine::{self, bridge, chain},
    shell,
    tag::{Body, Machine, Tag, Tags},
};

/// The kinds that the lab can make.
const KINDS: [ResourceKind; 4] =
    [ResourceKind::Network, ResourceKind::Firewall, ResourceKind::SshKey, ResourceKind::Machine];

/// The only region of every cloud.
const REGION: &str = "local";

/// One account of one cloud of the lab.
///
/// What exists is in the kernel and on the disk, so any number of drivers in any number of processes show the same.
/// Making and deleting run to their end even if the call is dropped; a call that is cut off with its process is
/// completed by the next `ensure` or `delete`.
#[derive(Clone, Debug)]
pub struct LabDriver {
    provider: ProviderName,
    cache: Arc<Path>,
    tags: Tags,
}

impl LabDriver {
    pub(crate) const fn new(provider: ProviderName, cache: Arc<Path>, tags: Tags) -> Self {
        Self { provider, cache, tags }
    }

    /// A name that is the same for the same owner, and another one for another generation.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the lab has nothing else, whatever else there will be")]
    fn id(owner: &Owner, kind: ResourceKind) -> Result<ResourceId> {
        let letter = match kind {
            ResourceKind::Network => "n",
            ResourceKind::Firewall => "f",
            ResourceKind::SshKey => "k",
            ResourceKind::Machine => "m",
            kind => {
                return Err(Error::new(ErrorKind::Unsupported, format!("make {kind} {}", owner.key))
                    .with_message("the lab has none"));
            }
        };
        let token: String = owner.token().chars().take(10).collect();
        ResourceId::new(format!("{letter}-{token}"))
            .map_err(|cause| Error::new(ErrorKind::Unexpected, format!("name {kind} {}", owner.key)).with_source(cause))
    }

    /// The owner's tag, written if there is none.
    fn tag(&self, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Tag> {
        let id = Self::id(owner, spec.kind())?;
        self.tags.locked(|| {
            if let Some(tag) = self.tags.get(id.as_str())? {
                return Ok(tag);
            }
            let reference = ResourceRef::new(self.provider.clone(), at.clone(), spec.kind(), id);
            let tag = Tag { body: self.body(&reference, spec)?, owner: owner.clone(), reference };
            self.tags.put(&tag)?;
            Ok(tag)
        })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the lab has nothing else, whatever else there will be")]
    fn body(&self, reference: &ResourceRef, spec: &ResourceSpec) -> Result<Body> {
        Ok(match spec {
            ResourceSpec::Network(spec) => Body::Network { cidr: spec.cidr },
            ResourceSpec::Firewall(spec) => Body::Firewall { network: self.existing(&spec.network)?.to_string() },
            ResourceSpec::SshKey(spec) => Body::SshKey { public_key: spec.public_key.clone() },
            ResourceSpec::Machine(spec) => Body::Machine(self.machine(reference, spec)?),
            _ => return Err(Error::new(ErrorKind::Unsupported, format!("make {reference}"))),
        })
    }

    fn machine(&self, reference: &ResourceRef, spec: &MachineSpec) -> Result<Machine> {
        let missing = |what: &ResourceRef| {
            Error::new(ErrorKind::NotFound, format!("make {reference}")).with_message(format!("there is no {what}"))
        };
        let network = self.tags.get(spec.network.id.as_str())?.ok_or_else(|| missing(&spec.network))?;
        let key = self.tags.get(spec.ssh_key.id.as_str())?.ok_or_else(|| missing(&spec.ssh_key))?;
        self.existing(&spec.firewall)?;
        let (Body::Network { cidr }, Body::SshKey { public_key }) = (network.body, key.body) else {
            return Err(missing(&spec.network));
        };
        let (privates, publics) = self.used(spec.network.id.as_str())?;
        let mut hosts = cidr.hosts();
        let gateway = hosts.next().ok_or_else(|| full(reference, "private"))?;
        let private = hosts.find(|ip| !privates.contains(ip)).ok_or_else(|| full(reference, "private"))?;
        let public = (10..=250).map(|n| Ipv4Addr::new(198, 51, 100, n)).find(|ip| !publics.contains(ip));
        Ok(Machine {
            host: spec.name.to_string(),
            network: spec.network.id.to_string(),
            firewall: spec.firewall.id.to_string(),
            public_key,
            private,
            prefix: cidr.prefix_len(),
            gateway,
            public: public.ok_or_else(|| full(reference, "public"))?,
            offer: spec.offer.clone(),
        })
    }

    /// The private addresses of a network and the public ones of all that machines have.
    fn used(&self, network: &str) -> Result<(BTreeSet<Ipv4Addr>, BTreeSet<Ipv4Addr>)> {
        let (mut privates, mut publics) = (BTreeSet::new(), BTreeSet::new());
        for tag in self.tags.all()? {
            if let Body::Machine(machine) = tag.body {
                publics.insert(machine.public);
                if machine.network == network {
                    privates.insert(machine.private);
                }
            }
        }
        Ok((privates, publics))
    }

    fn existing<'a>(&self, what: &'a ResourceRef) -> Result<&'a ResourceId> {
        let found = self.tags.get(what.id.as_str())?;
        found.map(|_| &what.id).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("find {what}")).with_message("the lab has no such resource")
        })
    }

    /// Makes what the tag tells of, as far as it is missing.
    async fn make(&self, tag: &Tag, spec: &ResourceSpec) -> Result<()> {
        let id = tag.reference.id.as_str();
        match (&tag.body, spec) {
            (Body::Network { cidr }, _) => make_bridge(id, *cidr).await,
            (Body::Firewall { .. }, ResourceSpec::Firewall(spec)) => make_chain(id, spec).await,
            (Body::Machine(machine), ResourceSpec::Machine(spec)) => {
                if self.tags.folder(id).join("booted").exists() && !machine::runs(id) {
                    return Ok(()); // It was switched off, or broke down: ensure changes no machine.
                }
                machine::create(&self.cache, &self.tags, (id, machine), &spec.user_data).await
            }
            _ => Ok(()),
        }
    }

    fn shown(&self, tag: Tag) -> Resource {
        let id = tag.reference.id.as_str();
        let (status, detail) = match &tag.body {
            Body::Machine(machine) => (self.machine_status(id), detail(machine)),
            Body::Network { .. } | Body::Firewall { .. } | Body::SshKey { .. } => {
                (ResourceStatus::Ready, ResourceDetail::None)
            }
        };
        Resource::new(tag.reference, tag.owner, status, detail)
    }

    fn machine_status(&self, id: &str) -> ResourceStatus {
        match (machine::runs(id), self.tags.folder(id).join("booted").exists()) {
            (true, _) => ResourceStatus::Ready,
            (false, true) => ResourceStatus::Stopped,
            (false, false) => ResourceStatus::Pending,
        }
    }

    /// What still needs a network or a firewall.
    fn users(&self, id: &str) -> Result<usize> {
        let needs = |tag: &Tag| match &tag.body {
            Body::Machine(machine) => machine.network == id || machine.firewall == id,
            Body::Firewall { network } => network == id,
            Body::Network { .. } | Body::SshKey { .. } => false,
        };
        Ok(self.tags.all()?.iter().filter(|tag| needs(tag)).count())
    }

    async fn unmake(&self, tag: &Tag) -> Result<()> {
        let id = tag.reference.id.as_str();
        match &tag.body {
            Body::Machine(machine) => return machine::delete(&self.tags, (id, machine)).await,
            Body::Network { .. } => {
                let script =
                    "if ip -n \"$1\" link show \"$2\" >/dev/null 2>&1; then ip -n \"$1\" link delete \"$2\"; fi";
                shell::bash(format!("delete {}", tag.reference), script, [SPACE, &bridge(id)], b"").await?;
            }
            Body::Firewall { .. } => {
                let chain = chain(id);
                let commands = format!("add chain ip ladybug_lab {chain}\ndelete chain ip ladybug_lab {chain}\n");
                shell::nft(format!("delete {}", tag.reference), SPACE, &commands).await?;
            }
            Body::SshKey { .. } => {}
        }
        self.tags.remove(id)
    }
}

async fn make_bridge(id: &str, cidr: ipnet::Ipv4Net) -> Result<()> {
    let gateway = cidr.hosts().next().unwrap_or(cidr.network());
    let script = "set -e; flock 9; if ! ip -n \"$1\" link show \"$2\" >/dev/null 2>&1; then ip -n \"$1\" link add \"$2\" type bridge; fi
        ip -n \"$1\" addr replace \"$3\" dev \"$2\"; ip -n \"$1\" link set \"$2\" up";
    let script = format!("exec 9>/run/lock/ladybug-lab-router; {script}");
    let address = format!("{gateway}/{}", cidr.prefix_len());
    shell::bash(format!("make network {id}"), &script, [SPACE, &bridge(id), &address], b"").await?;
    Ok(())
}

async fn make_chain(id: &str, spec: &FirewallSpec) -> Result<()> {
    shell::nft(format!("make firewall {id}"), SPACE, &firewall::commands(&chain(id), &spec.rules)).await?;
    Ok(())
}

fn detail(machine: &Machine) -> ResourceDetail {
    ResourceDetail::Machine {
        private_ip: Some(machine.private.into()),
        public_ip: Some(machine.public.into()),
        access: None,
        offer: machine.offer.clone(),
    }
}

fn full(reference: &ResourceRef, which: &str) -> Error {
    Error::new(ErrorKind::QuotaExceeded, format!("make {reference}"))
        .with_message(format!("every {which} address is taken"))
}

/// Lets work run to its end, whatever becomes of the caller.
async fn whole<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let done = tokio::spawn(work).await;
    done.map_err(|cause| Error::new(ErrorKind::Unexpected, "work in the lab").with_source(cause))?
}

#[async_trait]
impl CloudDriver for LabDriver {
    fn provider(&self) -> ProviderName {
        self.provider.clone()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::none()
            .with_kinds(KINDS)
            .with_idempotent(KINDS)
            .with_settle(Duration::ZERO)
            .with_user_data(true)
            .with_power(true)
            .with_reboot(true)
    }

    async fn resolve(&self, _: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        let refused = |why: String| {
            Error::new(ErrorKind::NotFound, format!("choose a machine in {} {}", self.provider, query.region))
                .with_message(why)
        };
        if query.region.as_str() != REGION {
            return Err(refused(format!("the lab's only region is {REGION}")));
        }
        let image = &query.image;
        if image.family != "debian" || image.version != "12" {
            return Err(refused(format!("the lab boots debian 12, not {} {}", image.family, image.version)));
        }
        Ok(MachineChoice::new("debian-12", query.machine.arch, vec![Offer::new("container", None, None)]))
    }

    async fn ensure(&self, _: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        let (driver, owner, at, spec) = (self.clone(), owner.clone(), at.clone(), spec.clone());
        whole(async move {
            let tag = driver.tag(&owner, &at, &spec)?;
            driver.make(&tag, &spec).await?;
            Ok(driver.shown(tag))
        })
        .await
    }

    async fn get(&self, _: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        Ok(self.tags.get(resource.id.as_str())?.map(|tag| self.shown(tag)))
    }

    async fn delete(&self, _: &Call, resource: &ResourceRef) -> Result<Deletion> {
        let (driver, resource) = (self.clone(), resource.clone());
        whole(async move {
            let Some(tag) = driver.tags.get(resource.id.as_str())? else { return Ok(Deletion::AlreadyAbsent) };
            let users = driver.users(resource.id.as_str())?;
            if users > 0 {
                return Err(Error::new(ErrorKind::Conflict, format!("delete {resource}"))
                    .with_message(format!("{users} other resources still use it"))
                    .with_disposition(Disposition::Transient { after: None }));
            }
            driver.unmake(&tag).await?;
            Ok(Deletion::Done)
        })
        .await
    }

    async fn act(&self, _: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        let id = resource.id.as_str();
        let tag = self.tags.get(id)?;
        let Some((tag, Body::Machine(machine))) = tag.map(|tag| (tag.clone(), tag.body)) else {
            return Err(Error::new(ErrorKind::NotFound, format!("act on {resource}"))
                .with_message("the lab has no such machine"));
        };
        let (driver, action) = (self.clone(), *action);
        whole(async move {
            let id = tag.reference.id.as_str();
            if action != Action::Start {
                machine::stop(&driver.tags, id).await?;
            }
            if action != Action::Stop {
                machine::start(&driver.cache, &driver.tags, (id, &machine)).await?;
            }
            Ok(driver.shown(tag))
        })
        .await
    }

    fn list_owned<'a>(
        &'a self,
        _: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        let all = async move { self.tags.all() };
        let owned = |tag: &Tag| {
            let reference = &tag.reference;
            tag.owner.cluster == *cluster
                && reference.provider == self.provider
                && reference.location.region == at.region
        };
        let shown = all.map_ok(move |tags| {
            stream::iter(tags.into_iter().filter(owned).map(|tag| Ok(self.shown(tag))).collect::<Vec<_>>())
        });
        shown.try_flatten_stream().boxed()
    }
}
