//! The machines that there are, and how to log in to them.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use ladybug_core::{
    Error, NodeName, Region, Result, Secret,
    cloud::Price,
    remote::{Connector, HostKeyPolicy, Target},
    spec::{Arch, Problem},
};
use serde::Deserialize;

use super::{jump::JumpConnector, read};

/// How to log in to a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Login {
    /// Its address, as seen from here or from the jump host before it.
    pub address: IpAddr,
    /// The port of its sshd.
    pub port: u16,
    /// Who logs in: root, or somebody who may use `sudo` without a password.
    pub user: String,
    /// The user's private key, in OpenSSH's form and without passphrase.
    pub private_key: Secret<Vec<u8>>,
    /// How the machine proves that it is the one. [`TrustOnFirstUse`](HostKeyPolicy::TrustOnFirstUse) believes the
    /// first key of this process's life and pins it from then on.
    pub host_key: HostKeyPolicy,
}

impl Login {
    /// A login at port 22.
    pub fn new(
        address: IpAddr,
        user: impl Into<String>,
        private_key: Secret<Vec<u8>>,
        host_key: HostKeyPolicy,
    ) -> Self {
        Self { address, port: 22, user: user.into(), private_key, host_key }
    }

    /// The same login at another port.
    #[must_use]
    pub fn with_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    pub(super) fn target(&self) -> Target {
        let key = self.private_key.clone();
        let mut target = Target::new(self.address.to_string(), self.user.as_str(), key, self.host_key.clone());
        target.port = self.port;
        target
    }
}

/// A machine. Sizes that are not known are taken to fit every wish.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Host {
    /// Its name in the inventory; offers name it as machine type.
    pub name: NodeName,
    /// How to log in.
    pub login: Login,
    /// The machine to go through, where it cannot be reached from here.
    pub via: Option<Login>,
    /// Its region: the machines of one region reach each other by their private addresses.
    pub region: Region,
    /// Its address in the region's private network, where that is not the address of its login.
    pub private_address: Option<IpAddr>,
    /// Its architecture.
    pub arch: Arch,
    /// How many processors it has.
    pub vcpu: Option<u32>,
    /// Its memory in GiB.
    pub memory_gib: Option<u32>,
    /// How many GPUs it has.
    pub gpu: u32,
    /// What it costs.
    pub price: Option<Price>,
}

impl Host {
    /// A machine of unknown size, for x86-64.
    #[must_use]
    pub const fn new(name: NodeName, region: Region, login: Login) -> Self {
        Self {
            name,
            login,
            via: None,
            region,
            private_address: None,
            arch: Arch::Amd64,
            vcpu: None,
            memory_gib: None,
            gpu: 0,
            price: None,
        }
    }

    /// The same machine, reached through another.
    #[must_use]
    pub fn with_via(self, via: Login) -> Self {
        Self { via: Some(via), ..self }
    }

    /// The same machine with another address in its region's private network.
    #[must_use]
    pub fn with_private_address(self, address: IpAddr) -> Self {
        Self { private_address: Some(address), ..self }
    }

    /// The same machine of another architecture.
    #[must_use]
    pub fn with_arch(self, arch: Arch) -> Self {
        Self { arch, ..self }
    }

    /// The same machine with so many processors, so much memory in GiB, and so many GPUs.
    #[must_use]
    pub fn with_size(self, vcpu: u32, memory_gib: u32, gpu: u32) -> Self {
        Self { vcpu: Some(vcpu), memory_gib: Some(memory_gib), gpu, ..self }
    }

    /// The same machine at a price.
    #[must_use]
    pub fn with_price(self, price: Price) -> Self {
        Self { price: Some(price), ..self }
    }

    pub(super) fn target(&self) -> Target {
        let mut target = self.login.target();
        target.via = self.via.as_ref().map(|via| Box::new(via.target()));
        target
    }

    /// Its address for its neighbours.
    pub(super) fn private_ip(&self) -> IpAddr {
        self.private_address.unwrap_or(self.login.address)
    }

    /// Its address for everybody else; behind a jump host it has none.
    pub(super) fn public_ip(&self) -> Option<IpAddr> {
        self.via.is_none().then_some(self.login.address)
    }
}

/// Machines with different names and addresses. Clones share them.
///
/// It can be read from any format of serde's:
///
/// ```
/// # use ladybug_drivers::hosts::Inventory;
/// let text = r#"[{
///   "name": "rack-1", "region": "home", "private_address": "10.0.0.11", "vcpu": 4, "memory_gib": 16,
///   "login": {"address": "192.0.2.11", "user": "admin", "private_key": "-----BEGIN OPENSSH PRIVATE KEY-----\n…",
///             "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"}
/// }]"#;
/// let error = serde_json::from_str::<Inventory>(&text.replace("admin", "a b").replace("10.0.0.11", "127.0.0.1"));
/// let error = error.unwrap_err().to_string();
/// assert!(error.contains("[0].login.user") && error.contains("[0].private_address"), "{error}");
/// # assert!(serde_json::from_str::<Inventory>(text).is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<read::RawHost>")]
pub struct Inventory(Arc<[Host]>);

impl Inventory {
    /// Checks the machines.
    ///
    /// # Errors
    /// `InvalidSpec` with every problem, each under the path of its field.
    pub fn new(hosts: impl IntoIterator<Item = Host>) -> Result<Self> {
        let hosts: Arc<[Host]> = hosts.into_iter().collect();
        let mut problems: Vec<Problem> =
            hosts.iter().enumerate().flat_map(|(index, host)| read::host_problems(index, host)).collect();
        problems.extend(repeated(&hosts));
        problems.sort();
        if problems.is_empty() { Ok(Self(hosts)) } else { Err(invalid(problems)) }
    }

    /// Every machine, in the order they were given.
    #[must_use]
    pub fn hosts(&self) -> &[Host] {
        &self.0
    }

    /// A connector that goes through the inventory's jump hosts where it has one for the target, and is `inner`
    /// everywhere else. Give it to the engine: what it knows of a machine has no place for the login of another.
    #[must_use]
    pub fn connector(&self, inner: Arc<dyn Connector>) -> Arc<dyn Connector> {
        Arc::new(JumpConnector::new(self.clone(), inner))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Host> {
        self.0.iter().find(|host| host.name.as_str() == name)
    }

    pub(super) fn of_region(&self, region: &Region) -> Vec<&Host> {
        self.0.iter().filter(|host| host.region == *region).collect()
    }
}

pub(super) fn invalid(problems: Vec<Problem>) -> Error {
    Error::invalid_spec("read the inventory of machines", problems)
}

/// Two entries for one machine would let two nodes share it.
fn repeated(hosts: &[Host]) -> Vec<Problem> {
    let (mut names, mut places) = (BTreeSet::new(), BTreeSet::new());
    let mut problems = Vec::new();
    for (index, host) in hosts.iter().enumerate() {
        if !names.insert(&host.name) {
            problems.push(Problem::new(format!("[{index}].name"), format!("another machine is called {}", host.name)));
        }
        let way = host.via.as_ref().map(|via| (via.address, via.port));
        if !places.insert((way, host.login.address, host.login.port)) {
            let message = "another machine has this address and port";
            problems.push(Problem::new(format!("[{index}].login.address"), message));
        }
    }
    problems
}
