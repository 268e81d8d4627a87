//! The world as a whole: determinism, size, other people's resources, and dying at any point.

use futures::future::join_all;

use super::*;
use crate::{
    cloud::{CloudDriverExt, ResourceKind, layer::Verb},
    error::ErrorKind,
    sim::{FaultPlan, Throttle},
    store::{ClusterStore, Fence},
};

/// A crowd of machines made under faults, without looking at what fails.
async fn crowd(seed: u64, backwards: bool) -> World {
    let world = World::builder(seed).build();
    for name in PROVIDERS {
        let ground = Ground::on(&world, name, &[]).await;
        world.set_faults(FaultPlan::seeded(seed, 200));
        let mut names: Vec<_> = (0..30).map(|number| format!("w-{number}")).collect();
        if backwards {
            names.reverse();
        }
        for _ in 0..5 {
            join_all(names.iter().map(|name| ground.machine(name))).await;
        }
        world.set_faults(FaultPlan::none());
    }
    world
}

#[tokio::test(start_paused = true)]
async fn one_seed_is_one_history() {
    let (one, again, other) = (crowd(3, false).await, crowd(3, false).await, crowd(4, false).await);
    assert_eq!(one.counters(), again.counters());
    assert_eq!(one.resources(), again.resources());
    assert_eq!(one.struck(), again.struck());
    assert_ne!(one.struck(), other.struck());
    assert_ne!(one.resources(), other.resources());
    assert!(one.struck().len() > 5, "{:?}", one.struck());
}

#[tokio::test(start_paused = true)]
async fn faults_and_ids_do_not_depend_on_the_order_of_tasks() {
    let (forth, back) = (crowd(3, false).await, crowd(3, true).await);
    assert_eq!(forth.struck(), back.struck());
    let ids = |world: &World| world.resources().into_iter().map(|it| (it.reference, it.owner)).collect::<Vec<_>>();
    assert_eq!(ids(&forth), ids(&back));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_machines_are_made_listed_and_deleted() {
    let ground = Ground::new("gcp").await;
    let names: Vec<_> = (0..1_000).map(|number| format!("w-{number}")).collect();
    join_all(names.iter().map(|name| ground.machine(name))).await;
    ground.settle().await;
    let cluster = owner("x").cluster;
    let owned = ground.driver.owned(&Call::new(), &cluster, &ground.at).await.unwrap();
    assert_eq!(owned.len(), 1_003);
    let cx = Call::new();
    let machines = owned.iter().filter(|it| it.reference.kind == ResourceKind::Machine);
    join_all(machines.map(|machine| ground.driver.delete(&cx, &machine.reference))).await;
    ground.settle().await;
    assert_eq!((ground.world.left(), ground.world.counters().duplicates), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_list_shows_one_cluster_in_one_region_page_by_page() {
    let world = World::builder(1).with_each_cloud(|config| {
        let second = crate::id::Region::new("second").unwrap();
        config.with_region(second)
    });
    let ground = Ground::of(world, "aws").await;
    ground.world.plant_foreign(&ClusterName::new("demo").unwrap()).unwrap();
    let second = Location::region(crate::id::Region::new("second").unwrap());
    ground.driver.ensure(&Call::new(), &owner("network/second"), &second, &network_spec()).await.unwrap();
    ground.settle().await;
    let cluster = owner("x").cluster;
    let list = async |at: &Location| ground.driver.owned(&Call::new(), &cluster, at).await.unwrap().len();
    assert_eq!((list(&ground.at).await, list(&second).await), (3, 1));
    let nowhere = Location::region(crate::id::Region::new("nowhere").unwrap());
    let error = ground.driver.owned(&Call::new(), &cluster, &nowhere).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn whoever_touches_resources_of_others_is_found_out() {
    let ground = Ground::new("azure").await;
    ground.world.plant_foreign(&ClusterName::new("demo").unwrap()).unwrap();
    ground.settle().await;
    let own = ground.world.owned(&owner("x").cluster);
    assert_eq!((own.len(), ground.world.left(), ground.world.foreign_changes()), (3, 3, Vec::new()));
    let victim = ground.world.inside(|inner, _| {
        let planted = inner.planted.values().map(|thing| thing.reference.clone());
        planted.filter(|it| it.kind == ResourceKind::SshKey && it.provider == provider("azure")).collect::<Vec<_>>()
    });
    assert_eq!(victim.len(), 2);
    ground.driver.delete(&Call::new(), &victim[0]).await.unwrap();
    assert!(!ground.world.foreign_untouched());
    assert_eq!(ground.world.foreign_changes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_change_crosses_the_trip_before_and_after_and_a_look_does_not() {
    let ground = Ground::new("aws").await;
    ground.world.trip().arm(u64::MAX);
    ground.get(&ground.network).await.unwrap();
    let _ = ground.driver.owned(&Call::new(), &owner("x").cluster, &ground.at).await.unwrap();
    assert_eq!(ground.world.trip().crossed(), 0);
    let machine = ground.machine("w-1").await.unwrap();
    ground.driver.delete(&Call::new(), &machine.reference).await.unwrap();
    assert_eq!(ground.world.trip().crossed(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_process_dies_before_the_effect_or_after_it() {
    for (at, made) in [(0, 0), (1, 1)] {
        let ground = Ground::new("gcp").await;
        ground.world.trip().arm(at);
        let made_before = ground.world.left();
        tokio::select! {
            result = ground.machine("w-1") => panic!("{result:?}"),
            () = ground.world.trip().struck() => {}
        }
        assert_eq!(ground.world.left(), made_before + made);
    }
}

#[derive(Debug)]
struct Nowhere;

#[async_trait::async_trait]
impl ClusterStore for Nowhere {
    async fn create(&self, _: crate::store::ClusterRecord) -> Result<crate::store::Version> {
        unreachable!("not called")
    }
    async fn get(&self, _: &ClusterUid) -> Result<Option<(crate::store::ClusterRecord, crate::store::Version)>> {
        Ok(None)
    }
    async fn find(&self, _: &crate::id::ProjectName, _: &ClusterName) -> Result<Option<ClusterUid>> {
        Ok(None)
    }
    fn list(&self) -> futures::stream::BoxStream<'_, Result<ClusterUid>> {
        Box::pin(futures::stream::empty())
    }
    async fn commit(&self, _: &ClusterUid, _: crate::store::Commit) -> Result<crate::store::Version> {
        unreachable!("not called")
    }
    fn log<'a>(&'a self, _: &'a ClusterUid, _: u64) -> futures::stream::BoxStream<'a, Result<crate::store::LogEntry>> {
        Box::pin(futures::stream::empty())
    }
    async fn acquire(&self, _: &ClusterUid, _: &str, ttl: Duration) -> Result<crate::store::Lease> {
        Ok(crate::store::Lease::new(Fence(1), ttl))
    }
    async fn release(&self, _: &ClusterUid, _: Fence) -> Result<()> {
        Ok(())
    }
    async fn remove(&self, _: &ClusterUid, _: crate::store::Version, _: Fence) -> Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn every_change_of_the_store_crosses_the_trip_twice_and_reading_does_not() {
    let world = World::new(1);
    let (store, uid) = (world.store(Arc::new(Nowhere)), owner("x").cluster);
    store.get(&uid).await.unwrap();
    assert_eq!(world.trip().crossed(), 0);
    store.acquire(&uid, "me", Duration::from_secs(60)).await.unwrap();
    store.release(&uid, Fence(1)).await.unwrap();
    store.remove(&uid, crate::store::Version(1), Fence(1)).await.unwrap();
    assert_eq!(world.trip().crossed(), 6);
}

#[tokio::test(start_paused = true)]
async fn calls_are_counted_by_cloud_and_verb() {
    let ground = Ground::new("aws").await;
    let before = ground.world.counters();
    ground.machine("w-1").await.unwrap();
    ground.get(&ground.network).await.unwrap();
    let after = ground.world.counters();
    assert_eq!(after.calls_of(Verb::Get), before.calls_of(Verb::Get) + 1);
    assert_eq!(after.mutations(), before.mutations() + 1);
    assert_eq!(after.made_of(ResourceKind::Machine), 1);
    assert_eq!(after.calls.keys().map(|(name, _)| name.as_str()).collect::<std::collections::BTreeSet<_>>().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_throttle_does_not_starve_those_who_wait_as_told() {
    let ground = Ground::new("aws").await;
    ground.world.configure(&provider("aws"), |config| config.throttle = Some(Throttle { burst: 10, per_second: 10 }));
    let persist = async |name: String| {
        while let Err(error) = ground.machine(&name).await {
            let crate::Disposition::Transient { after: Some(after) } = error.disposition() else { panic!("{error}") };
            tokio::time::sleep(after).await;
        }
    };
    join_all((0..60).map(|number| persist(format!("w-{number}")))).await;
    assert_eq!(ground.world.counters().made_of(ResourceKind::Machine), 60);
}
