//! Several machines, and ladybug over them.

use std::{fs, net::IpAddr, path::Path, sync::Arc};

use ladybug_bootstrap::ssh::SshConnector;
use ladybug_core::{
    ClusterUid, Ladybug, Limits, NodeName, ProviderName,
    cloud::{CloudDriverExt, ResourceRef},
    lifecycle::{Change, ClusterLifecycle},
    remote::HostKeyPolicy,
    spec::ClusterSpec,
    state::ClusterState,
    store::{RedbStore, Sealer},
};
use ladybug_drivers::hosts::{HostsDriver, Inventory};
use serde_json::{Value, json};

use crate::{
    machine::{DIRECTORY, Machine, assert_same},
    scene::{at, call},
    touch::Touch,
};

/// How long a dead process keeps its cluster from the next one.
const LEASE: std::time::Duration = std::time::Duration::from_secs(2);

/// The machines, called rack-1 and so on, and a directory with their inventory and the store.
#[derive(Debug)]
pub(crate) struct Rack {
    pub(crate) machines: Vec<Machine>,
    before: Vec<String>,
    folder: tempfile::TempDir,
}

impl Rack {
    pub(crate) fn new(count: usize) -> Self {
        let machines: Vec<Machine> = (0..count).map(|_| Machine::new()).collect();
        let before = machines.iter().map(Machine::snapshot).collect();
        let folder = tempfile::tempdir().unwrap();
        let inventory: Vec<Value> = machines.iter().enumerate().map(|(index, it)| entry(index, it)).collect();
        fs::write(folder.path().join("inventory"), serde_json::to_vec(&inventory).unwrap()).unwrap();
        Self { machines, before, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn machine(&self, name: &str) -> &Machine {
        let number: usize =
            name.strip_prefix("rack-").and_then(|number| number.parse().ok()).expect("a machine's name");
        &self.machines[number - 1]
    }

    /// The machine on which a node is.
    pub(crate) fn of(&self, state: &ClusterState, node: &str) -> &Machine {
        self.machine(name_of(state, node))
    }

    /// Everything of the cluster that the driver knows.
    pub(crate) async fn owned(&self, cluster: &ClusterUid) -> Vec<ResourceRef> {
        let owned = driver(self.folder()).owned(&call(), cluster, &at()).await.unwrap();
        owned.into_iter().map(|resource| resource.reference).collect()
    }

    /// That every machine but those is as it was in the beginning.
    pub(crate) fn assert_as_before(&self, except: &[&str]) {
        for (index, (machine, before)) in self.machines.iter().zip(&self.before).enumerate() {
            let name = format!("rack-{}", index + 1);
            if !except.contains(&name.as_str()) {
                assert_same(&machine.snapshot(), before, &format!("{name} in the end"));
            }
        }
    }
}

/// The name of the machine on which a node is.
pub(crate) fn name_of<'a>(state: &'a ClusterState, node: &str) -> &'a str {
    let machine = state.nodes[&NodeName::new(node).unwrap()].machine.as_ref().expect("a machine");
    machine.id.as_str().split_once('/').expect("a machine and a token").0
}

fn entry(index: usize, machine: &Machine) -> Value {
    let target = machine.server.target();
    let HostKeyPolicy::Pinned(host_key) = target.host_key else { panic!("a pin") };
    let private_key = String::from_utf8(target.identity.expose().clone()).unwrap();
    let address: IpAddr = [10, 77, 0, u8::try_from(index + 2).unwrap()].into();
    json!({
        "name": format!("rack-{}", index + 1), "region": at().region, "private_address": address,
        "login": { "address": "127.0.0.1", "port": target.port, "user": "root",
                   "private_key": private_key, "host_key": host_key.trim() },
    })
}

pub(crate) fn driver(folder: &Path) -> HostsDriver {
    let inventory: Inventory = serde_json::from_slice(&fs::read(folder.join("inventory")).unwrap()).unwrap();
    let provider = ProviderName::new("rack").unwrap();
    HostsDriver::new(provider, inventory, Arc::new(SshConnector::new())).with_directory(DIRECTORY)
}

/// Ladybug as any process would put it together that finds this directory.
pub(crate) fn ladybug(folder: &Path) -> Ladybug {
    let mut limits = Limits::default();
    (limits.lease, limits.first_pause) = (LEASE, std::time::Duration::from_millis(50));
    let builder = Ladybug::builder().driver(Arc::new(driver(folder))).connector(Arc::new(SshConnector::new()));
    let tool = Touch::new(folder.join("board").display().to_string());
    let store = RedbStore::open(folder.join("store")).unwrap();
    let builder = builder.bootstrapper(Arc::new(tool)).store(Arc::new(store));
    builder.sealer(Sealer::from_file(folder.join("key")).unwrap()).limits(limits).build().unwrap()
}

/// A control plane and so many workers.
pub(crate) fn spec(workers: u32) -> ClusterSpec {
    let pool = |name: &str, role: &str, count: u32| {
        json!({ "name": name, "role": role, "provider": "rack", "region": at().region, "count": count,
                "image": { "family": "debian", "version": "12", "id": "as-it-is" } })
    };
    let pools = [pool("cp", "control_plane", 1), pool("w", "worker", workers)];
    let spec = json!({ "name": "demo", "kubernetes": "1.36.4", "pools": pools, "operators": ["127.0.0.1/32"],
                       "policies": { "on_failure": "keep" } });
    serde_json::from_value(spec).unwrap()
}

/// Plans a change and makes it happen.
pub(crate) async fn change(ladybug: &Ladybug, change: &Change) -> ClusterUid {
    let plan = ladybug.plan(change).await.unwrap_or_else(|error| panic!("failed to {}", error.report()));
    let cluster = plan.cluster;
    let done = ladybug.apply(plan).await.unwrap().success().await;
    done.unwrap_or_else(|error| panic!("failed to {}", error.report()));
    cluster
}
