//! Whole clusters: the driver and the engine against the simulated server, whose machines stand in the simulated world of
//! hosts, beside a pool of another cloud. Also when the process dies.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use ladybug_cloudsim::{Birth, Cloud, CloudSim, Config as SimConfig, InstanceHook, Presence, Ran, RemoteShell};
use ladybug_core::{
    ClusterUid, Ladybug, Limits, Secret, SystemClock, SystemEntropy,
    cloud::{FirewallRule, Protocol},
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
    plan::Site,
    sim::{CloudConfig, CloudStyle, ForeignHost, ForeignHosts, HostId, SimBootstrapper, SimConnector, World},
    spec::ClusterSpec,
    store::{MemoryStore, Sealer},
};
use ladybug_drivers::tumblebug::TumblebugDriver;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::account;

/// How much faster than life it goes.
const HASTE: u32 = 200;

/// Puts the server's machines into the world of hosts. They get no first-boot data: who may log in is settled by the
/// commands that the server runs on them, which are understood here as far as the driver's own go.
#[derive(Debug)]
struct Hosts {
    hosts: ForeignHosts,
    born: Mutex<BTreeMap<String, Birth>>,
    shut: Mutex<Vec<String>>,
}

impl Hosts {
    fn new(world: &World) -> Self {
        Self { hosts: world.foreign_hosts(), born: Mutex::default(), shut: Mutex::default() }
    }

    /// A host that lets in whom the command says, and shows a host key of its own.
    fn settle(&self, machine: &str, user: &str, key: &str) {
        let Some(birth) = self.born.lock().unwrap().remove(machine) else { return };
        let first = json!({ "user": user, "authorized_key": key, "host_key": machine });
        let name = birth.tags["ladybug-node"].clone();
        self.hosts.boot(ForeignHost {
            id: HostId::new(machine),
            name: name.parse().unwrap(),
            provider: "tb".parse().unwrap(),
            network: birth.zone.rsplit_once(|letter: char| letter.is_ascii_digit()).map_or("r", |(region, _)| region).to_owned(),
            private_ip: birth.private,
            public_ip: birth.public,
            fits_control_plane: true,
            user_data: Secret::new(format!("#cloud-config\n{first}")),
        });
    }
}

#[async_trait]
impl InstanceHook for Hosts {
    async fn boot(&self, birth: Birth) -> Result<Presence, String> {
        match birth.first {
            true => drop(self.born.lock().unwrap().insert(birth.id.clone(), birth)),
            false => self.hosts.start(&HostId::new(&birth.id)),
        }
        Ok(Presence::default())
    }

    async fn stop(&self, _: Cloud, id: &str) {
        self.hosts.stop(&HostId::new(id));
    }

    async fn terminate(&self, _: Cloud, id: &str) {
        self.hosts.terminate(&HostId::new(id));
    }

    fn listens(&self, _: Cloud, _: &str, _: u16) -> bool {
        true
    }
}

#[async_trait]
impl RemoteShell for Hosts {
    async fn run(&self, machine: &str, command: &str) -> Ran {
        let host_key = Some(shown(machine));
        if self.shut.lock().unwrap().iter().any(|shut| shut == machine) {
            let error = "ssh: unable to authenticate, no supported methods remain".to_owned();
            return Ran { error, host_key, ..Ran::default() };
        }
        let between = |from: &str, to: &str| {
            let (_, rest) = command.split_once(from)?;
            rest.split_once(to).map(|(text, _)| text.to_owned())
        };
        match (between("'u=", ";"), between("printf \"%s\\n\" \"", "\"")) {
            (Some(user), Some(key)) => self.settle(machine, &user, &key),
            _ => self.shut.lock().unwrap().push(machine.to_owned()),
        }
        Ran { stdout: "ladybug-done\n".to_owned(), host_key, ..Ran::default() }
    }
}

/// The public part of a simulated host's key.
fn shown(private: &str) -> String {
    let hash = Sha256::digest(format!("ssh-ed25519\0{private}\0"));
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("ssh-ed25519 {hex}")
}

/// What outlives a process.
struct Stage {
    world: World,
    sim: CloudSim,
    store: MemoryStore,
    hosts: ForeignHosts,
}

impl Stage {
    async fn new() -> Self {
        let aws = CloudConfig::new(CloudStyle::Aws, "aws-seoul".parse().unwrap(), "ap-northeast-2".parse().unwrap());
        let world = World::builder(7).with_clouds([aws]).with_haste(HASTE).build();
        let hosts = Arc::new(Hosts::new(&world));
        let mut config = SimConfig::default();
        config.pace = 1.0 / f64::from(HASTE);
        config.hook = Some(Arc::clone(&hosts) as _);
        config.tumblebug.shell = Some(hosts as _);
        let sim = CloudSim::start(config).await.unwrap();
        Self { hosts: world.foreign_hosts(), world, sim, store: MemoryStore::default() }
    }

    /// Ladybug as a new process would have it.
    fn ladybug(&self) -> Ladybug {
        self.ladybug_over(self.store.clone())
    }

    fn ladybug_over(&self, store: MemoryStore) -> Ladybug {
        let mut limits = Limits::default();
        limits.first_pause /= HASTE;
        limits.longest_pause /= HASTE;
        limits.lease = Duration::from_secs(3);
        let builder = Ladybug::builder()
            .connector(Arc::new(SimConnector::new(self.world.clone())))
            .bootstrapper(Arc::new(SimBootstrapper::new()))
            .clock(Arc::new(SystemClock))
            .entropy(Arc::new(SystemEntropy))
            .store(Arc::new(store))
            .sealer(Sealer::from_key(Secret::new([7; 32])))
            .limits(limits)
            .driver(Arc::new(TumblebugDriver::new(account(&self.sim)).unwrap()));
        self.world.drivers().into_iter().fold(builder, |builder, driver| builder.driver(driver)).build().unwrap()
    }

    /// What the packet filters of the server's machines let in, again and again.
    async fn keep_filters(&self) {
        loop {
            let ledger = self.sim.ledger();
            for node in ledger.iter().filter(|thing| thing.kind == "node") {
                let groups = node.edges.iter().filter(|edge| edge.role == "securityGroup");
                let group = groups.filter_map(|edge| ledger.iter().find(|thing| thing.id == edge.to)).next();
                let rules = group.and_then(|group| group.body["firewallRules"].as_array().cloned()).unwrap_or_default();
                let inbound = rules.iter().filter(|rule| rule["Direction"] == "inbound");
                self.hosts.set_firewall(&HostId::new(&node.id), inbound.map(rule).collect());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn left(&self) -> (usize, usize, usize) {
        (self.sim.everything().len(), self.world.left(), self.hosts.count())
    }
}

fn rule(rule: &serde_json::Value) -> FirewallRule {
    let text = |key: &str| rule[key].as_str().unwrap();
    let protocol = match text("Protocol") {
        "TCP" => Protocol::Tcp,
        "UDP" => Protocol::Udp,
        "ICMP" => Protocol::Icmp,
        _ => Protocol::All,
    };
    let (first, last) = text("Port").split_once('-').unwrap_or((text("Port"), text("Port")));
    let ports = first.parse().ok().zip(last.parse().ok());
    FirewallRule { protocol, ports, from: text("CIDR").parse().unwrap() }
}

fn mixed() -> ClusterSpec {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/specs/tumblebug-and-aws.yaml");
    ClusterSpec::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn sites(spec: &ClusterSpec) -> Vec<Site> {
    spec.pools.iter().map(|pool| Site::new(pool.provider.clone(), pool.region.clone())).collect()
}

async fn with_filters<T>(stage: &Stage, work: impl Future<Output = T>) -> T {
    tokio::select! {
        () = stage.keep_filters() => unreachable!("filters are kept for ever"),
        done = work => done,
    }
}

#[tokio::test]
async fn a_tumblebug_pool_and_a_pool_of_another_cloud_are_one_cluster() {
    let stage = Stage::new().await;
    let ladybug = stage.ladybug();
    with_filters(&stage, async {
        let plan = ladybug.plan(&Change::To(mixed())).await.unwrap();
        let cluster = plan.cluster;
        ladybug.apply(plan).await.unwrap().success().await.unwrap();
        let state = ladybug.get(&cluster).await.unwrap();
        assert_eq!((state.phase, state.nodes.len()), (ClusterPhase::Ready, 3));
        let reached: Vec<Option<IpAddr>> = state.nodes.values().map(|node| node.public_ip).collect();
        assert!(reached.iter().all(Option::is_some), "{reached:?}");
        ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
    })
    .await;
    eprintln!("{} calls to the server", stage.sim.counters().total());
    assert_eq!(stage.left(), (0, 0, 0));
}

/// One life of a process, which ends at its `last` call to the server, wherever it is; `None` when it came to its end.
fn life(stage: &Stage, last: u64, cluster: Option<ClusterUid>) -> Option<ClusterUid> {
    let mut calls = stage.sim.calls();
    let until = *calls.borrow() + last;
    thread::scope(|scope| {
        let process = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let ladybug = stage.ladybug();
                tokio::select! {
                    _ = calls.wait_for(|made| *made >= until) => {}
                    () = create(&ladybug, cluster) => {}
                }
                ladybug.list(None).await.unwrap().first().map(|record| record.uid)
            })
        });
        process.join().unwrap()
    })
}

/// Makes the cluster, or goes on with what an earlier process began.
async fn create(ladybug: &Ladybug, cluster: Option<ClusterUid>) {
    let operation = match cluster {
        None => ladybug.apply(ladybug.plan(&Change::To(mixed())).await.unwrap()).await.unwrap(),
        Some(uid) => ladybug.resume(&uid).await.unwrap(),
    };
    operation.success().await.unwrap();
}

#[test]
fn a_process_that_dies_at_any_call_leaves_nothing_behind() {
    let outer = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (mut resumed, mut reaped) = (0, 0);
    for (index, last) in [3, 9, 15, 24, 36, 48, 60, 75].into_iter().enumerate() {
        let stage = Arc::new(outer.block_on(Stage::new()));
        let filters = outer.spawn({
            let stage = Arc::clone(&stage);
            async move { stage.keep_filters().await }
        });
        let cluster = life(&stage, last, None);
        outer.block_on(async {
            let ladybug = stage.ladybug();
            let Some(uid) = cluster else { return };
            if index % 2 == 0 {
                create(&ladybug, cluster).await;
                ladybug.delete(&uid).await.unwrap().success().await.unwrap();
                resumed += 1;
            } else {
                // With credentials alone, as when the store is lost.
                let bare = stage.ladybug_over(MemoryStore::default());
                bare.reap(&uid, &sites(&mixed())).await.unwrap();
                reaped += 1;
            }
        });
        filters.abort();
        assert_eq!(stage.left(), (0, 0, 0), "after a death at call {last}");
    }
    eprintln!("{resumed} deaths resumed to Ready and deleted, {reaped} reaped without their store; 0 left each time");
    assert_eq!(resumed + reaped, 8);
}
