//! Where something outside of the world is told of its machines.

use std::{collections::BTreeMap, fmt, net::IpAddr};

use async_trait::async_trait;
use ipnet::IpNet;

use crate::world::Cloud;

/// A machine that boots: what its cloud knows of it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Birth {
    /// The machine's cloud.
    pub cloud: Cloud,
    /// Its id in that cloud.
    pub id: String,
    /// Where it is, as its cloud calls it.
    pub zone: String,
    /// Its type, as its cloud calls it.
    pub machine_type: String,
    /// How many processors it has.
    pub processors: u64,
    /// How much memory it has, in MiB.
    pub memory: u64,
    /// Its image, as its cloud calls it.
    pub image: String,
    /// Its private network, as its cloud calls it.
    pub network: String,
    /// What its packet filter lets in from addresses.
    pub openings: Vec<Opening>,
    /// Its address in its private network.
    pub private: IpAddr,
    /// Its public address.
    pub public: Option<IpAddr>,
    /// What was given to its first boot; it may hold secrets.
    pub user_data: Vec<u8>,
    /// The public keys that may log in.
    pub ssh_keys: Vec<String>,
    /// Its tags or labels.
    pub tags: BTreeMap<String, String>,
    /// Whether this is its first boot.
    pub first: bool,
}

impl fmt::Debug for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Birth")
            .field("cloud", &self.cloud)
            .field("id", &self.id)
            .field("zone", &self.zone)
            .field("private", &self.private)
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// What a packet filter lets in from a range of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opening {
    /// `tcp`, `udp`, `icmp`, or `-1` for all.
    pub protocol: String,
    /// The first and the last port; `None` means all.
    pub ports: Option<(u16, u16)>,
    /// From where.
    pub from: IpNet,
}

/// What a hook knows better than the world about a machine that has booted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Its private address, where it is not the one that the world gave it.
    pub private: Option<IpAddr>,
    /// Its public address, where it is not the one that the world gave it.
    pub public: Option<IpAddr>,
    /// What its console shows.
    pub console: Option<String>,
}

/// Is told when a machine boots, stops and ends, and answers for its ports.
///
/// All calls about one machine come in order. They are made outside of the world's lock and may take their time; the
/// world shows the machine as running only after `boot` has returned.
#[async_trait]
pub trait InstanceHook: fmt::Debug + Send + Sync + 'static {
    /// A machine boots.
    ///
    /// # Errors
    /// The reason, when it cannot boot: the cloud then shows the machine as failed.
    async fn boot(&self, birth: Birth) -> Result<Presence, String>;

    /// A machine stops, and may boot again.
    async fn stop(&self, cloud: Cloud, id: &str);

    /// A machine ends for good.
    async fn terminate(&self, cloud: Cloud, id: &str);

    /// The packet filter of a machine lets in something else now; most hooks need not know.
    async fn filter(&self, _cloud: Cloud, _id: &str, _openings: Vec<Opening>) {}

    /// Whether a machine accepts connections on a TCP port; load balancers ask. Must answer at once.
    fn listens(&self, cloud: Cloud, id: &str, port: u16) -> bool;
}
