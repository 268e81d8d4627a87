//! The machines as hosts of ladybug's simulated world.

use std::{collections::BTreeMap, io::Read};

use async_trait::async_trait;
use flate2::read::GzDecoder;
use ladybug_core::{
    NodeName, ProviderName, Secret,
    cloud::{FirewallRule, Protocol},
    sim::{ForeignHost, ForeignHosts, HostId, World},
};

use crate::{
    hook::{Birth, InstanceHook, Opening, Presence},
    world::Cloud,
};

/// What a control plane needs at least, as kubeadm checks it: processors, and memory in MiB.
const CONTROL_PLANE: (u64, u64) = (2, 2_048);

/// Puts the machines of clouds into ladybug's simulated world, where its connector reaches them.
///
/// Machines without a tag `Name` or `name` that can be a node's name are somebody else's, and stay out. Load balancers find
/// every port of a machine open. Both worlds must live in runtimes whose time runs as the clock on the wall does.
#[derive(Debug)]
pub struct WorldHosts {
    hosts: ForeignHosts,
    providers: BTreeMap<Cloud, ProviderName>,
}

impl WorldHosts {
    /// A hook for these clouds, each under the name of its driver. Machines of other clouds stay out.
    pub fn new(world: &World, providers: impl IntoIterator<Item = (Cloud, ProviderName)>) -> Self {
        Self { hosts: world.foreign_hosts(), providers: providers.into_iter().collect() }
    }

    /// The host of a machine, if it is one of ladybug's.
    fn host(&self, birth: &Birth) -> Option<ForeignHost> {
        Some(ForeignHost {
            id: HostId::new(&birth.id),
            // Google Cloud has no capital letters in labels.
            name: NodeName::new(birth.tags.get("Name").or_else(|| birth.tags.get("name"))?).ok()?,
            provider: self.providers.get(&birth.cloud)?.clone(),
            network: birth.network.clone(),
            private_ip: birth.private,
            public_ip: birth.public,
            fits_control_plane: birth.processors >= CONTROL_PLANE.0 && birth.memory >= CONTROL_PLANE.1,
            user_data: Secret::new(text(&birth.user_data)?),
        })
    }

    fn first_boot(&self, birth: &Birth) -> Option<()> {
        let host = self.host(birth)?;
        self.hosts.boot(host);
        self.hosts.set_firewall(&HostId::new(&birth.id), rules(&birth.openings));
        Some(())
    }
}

#[async_trait]
impl InstanceHook for WorldHosts {
    async fn boot(&self, birth: Birth) -> Result<Presence, String> {
        if birth.first {
            self.first_boot(&birth);
        } else {
            self.hosts.start(&HostId::new(&birth.id));
        }
        Ok(Presence::default())
    }

    async fn stop(&self, _: Cloud, id: &str) {
        self.hosts.stop(&HostId::new(id));
    }

    async fn terminate(&self, _: Cloud, id: &str) {
        self.hosts.terminate(&HostId::new(id));
    }

    async fn filter(&self, _: Cloud, id: &str, openings: Vec<Opening>) {
        self.hosts.set_firewall(&HostId::new(id), rules(&openings));
    }

    fn listens(&self, _: Cloud, _: &str, _: u16) -> bool {
        true
    }
}

/// The first-boot data, unpacked as cloud-init does; `None` when they are no text.
fn text(data: &[u8]) -> Option<String> {
    let packed = data.starts_with(&[0x1f, 0x8b]);
    if !packed {
        return String::from_utf8(data.to_vec()).ok();
    }
    let mut text = String::new();
    GzDecoder::new(data).read_to_string(&mut text).ok().map(|_| text)
}

fn rules(openings: &[Opening]) -> Vec<FirewallRule> {
    openings.iter().map(rule).collect()
}

fn rule(opening: &Opening) -> FirewallRule {
    let protocol = match opening.protocol.as_str() {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "icmp" => Protocol::Icmp,
        _ => Protocol::All,
    };
    FirewallRule { protocol, ports: opening.ports, from: opening.from }
}
