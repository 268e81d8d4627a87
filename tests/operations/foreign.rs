//! Clouds that somebody else simulates: their hosts stand in a world as its own do.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::stream::BoxStream;
use ladybug::{
    ClusterUid, Ladybug, Limits, ProviderName, ResourceId, Result,
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, FirewallRule, Location, MachineChoice, MachineQuery,
        MachineSpec, Owner, Resource, ResourceDetail, ResourceRef, ResourceSpec, ResourceStatus,
    },
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
    sim::{ForeignHost, ForeignHosts, HostId, SimBootstrapper, SimConnector, World},
};

use crate::support::{SMALL, spec};

/// Keeps the books in a cloud of one world and puts the machines into another, as the driver of a foreign cloud and
/// that cloud's own instance hook do together.
#[derive(Debug)]
struct Abroad {
    books: Arc<dyn CloudDriver>,
    hosts: ForeignHosts,
    ordered: Mutex<BTreeMap<ResourceId, MachineSpec>>,
    rules: Mutex<BTreeMap<ResourceId, Vec<FirewallRule>>>,
}

impl Abroad {
    fn new(books: Arc<dyn CloudDriver>, there: &World) -> Self {
        Self { books, hosts: there.foreign_hosts(), ordered: Mutex::default(), rules: Mutex::default() }
    }

    /// Starts the host of a machine that its cloud shows running for the first time.
    fn raise(&self, shown: &Resource) {
        let ResourceDetail::Machine { private_ip: Some(private_ip), public_ip, .. } = shown.detail else { return };
        if shown.status != ResourceStatus::Ready {
            return;
        }
        let Some(spec) = self.ordered.lock().unwrap().remove(&shown.reference.id) else { return };
        let id = HostId::new(shown.reference.id.as_str());
        let (name, provider) = (spec.name.clone(), shown.reference.provider.clone());
        let network = spec.network.id.to_string();
        let (fits_control_plane, user_data) = (true, spec.user_data.clone());
        let host = ForeignHost {
            id: id.clone(),
            name,
            provider,
            network,
            private_ip,
            public_ip,
            fits_control_plane,
            user_data,
        };
        self.hosts.boot(host);
        let rules = self.rules.lock().unwrap().get(&spec.firewall.id).cloned();
        self.hosts.set_firewall(&id, rules.unwrap_or_default());
    }

    /// Every machine of these tests is alone behind its packet filter's network, so that all of a provider share one.
    fn filter(&self, firewall: &ResourceRef, rules: &[FirewallRule], machines: &[Resource]) {
        self.rules.lock().unwrap().insert(firewall.id.clone(), rules.to_vec());
        for machine in machines {
            self.hosts.set_firewall(&HostId::new(machine.reference.id.as_str()), rules.to_vec());
        }
    }
}

#[async_trait]
impl CloudDriver for Abroad {
    fn provider(&self) -> ProviderName {
        self.books.provider()
    }

    fn capabilities(&self) -> Capabilities {
        self.books.capabilities()
    }

    async fn resolve(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        self.books.resolve(cx, query).await
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        let made = self.books.ensure(cx, owner, at, spec).await?;
        match spec {
            ResourceSpec::Machine(spec) => {
                self.ordered.lock().unwrap().insert(made.reference.id.clone(), spec.clone());
            }
            ResourceSpec::Firewall(spec) => {
                let all: Vec<_> =
                    futures::TryStreamExt::try_collect(self.books.list_owned(cx, &owner.cluster, at)).await?;
                self.filter(&made.reference, &spec.rules, &all);
            }
            _ => {}
        }
        Ok(made)
    }

    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        let shown = self.books.get(cx, resource).await?;
        shown.iter().for_each(|shown| self.raise(shown));
        Ok(shown)
    }

    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        let deletion = self.books.delete(cx, resource).await?;
        self.hosts.terminate(&HostId::new(resource.id.as_str()));
        Ok(deletion)
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        self.books.act(cx, resource, action).await
    }

    fn list_owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        self.books.list_owned(cx, cluster, at)
    }
}

/// A world of books and a world of hosts, and ladybug over both.
fn abroad(haste: u32) -> (World, World, Ladybug) {
    let books = World::builder(81).with_haste(haste).build();
    let there = World::builder(82).with_clouds([]).with_haste(haste).build();
    let mut limits = Limits::default();
    limits.first_pause /= haste;
    limits.longest_pause /= haste;
    let builder = Ladybug::builder()
        .connector(Arc::new(SimConnector::new(there.clone())))
        .bootstrapper(Arc::new(SimBootstrapper::new()))
        .limits(limits);
    let drivers = books.drivers().into_iter().map(|driver| Arc::new(Abroad::new(driver, &there)));
    let ladybug = drivers.fold(builder, |builder, driver| builder.driver(driver)).build().unwrap();
    (books, there, ladybug)
}

async fn live(ladybug: &Ladybug) -> ClusterUid {
    let plan = ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    let cluster = plan.cluster;
    ladybug.apply(plan).await.unwrap().success().await.unwrap();
    assert_eq!(ladybug.get(&cluster).await.unwrap().phase, ClusterPhase::Ready);
    cluster
}

#[tokio::test(start_paused = true)]
async fn a_cluster_comes_up_on_hosts_of_foreign_clouds_and_leaves_none() {
    let (books, there, ladybug) = abroad(1);
    let cluster = live(&ladybug).await;
    assert_eq!(there.foreign_hosts().count(), 3);
    let state = ladybug.get(&cluster).await.unwrap();
    assert!(state.observation.unwrap().nodes.values().all(|node| node.ready));
    // A packet filter that lets nothing in cuts a site off.
    let machine = state.nodes.values().find(|node| node.pool.as_str() == "a").unwrap().machine.clone().unwrap();
    there.foreign_hosts().set_firewall(&HostId::new(machine.id.as_str()), Vec::new());
    let plan = ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    assert_eq!(plan.survey.broken.len(), 0, "its own packets still get out, and the answers in: {:?}", plan.survey);
    there.foreign_hosts().stop(&HostId::new(machine.id.as_str()));
    let plan = ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    assert_eq!(plan.survey.broken.len(), 1, "{:?}", plan.survey);
    there.foreign_hosts().start(&HostId::new(machine.id.as_str()));
    tokio::time::sleep(Duration::from_secs(90)).await;
    let plan = ladybug.plan(&Change::To(spec(&SMALL))).await.unwrap();
    assert!(plan.survey.broken.is_empty(), "{:?}", plan.survey);
    ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
    assert_eq!((there.foreign_hosts().count(), books.left()), (0, 0));
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "true time is what is told")]
async fn in_haste_a_whole_life_takes_seconds_of_true_time() {
    let began = Instant::now();
    let (books, there, ladybug) = abroad(200);
    let cluster = live(&ladybug).await;
    ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
    assert_eq!((there.foreign_hosts().count(), books.left()), (0, 0));
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}
