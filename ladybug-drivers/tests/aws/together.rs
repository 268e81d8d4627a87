//! Looks at many machines at once are few requests, whoever is cut off.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use ladybug_cloudsim::{CloudSim, Config};
use ladybug_core::{
    Region, ResourceId,
    cloud::{Call, CloudDriver, Location, ResourceKind, ResourceRef},
    conformance::driver::{Bench, Fault, Wishes},
};
use tokio::time::timeout;

use super::bench::{AwsBench, REGION, Site};

#[derive(Debug)]
struct Plain;

impl Site for Plain {
    fn tune(&self, _: &mut Wishes) {}
}

async fn bench() -> (CloudSim, AwsBench) {
    let sim = CloudSim::start(Config::default()).await.unwrap();
    let user = sim.aws().credentials().clone();
    let bench =
        AwsBench::new(sim.aws().endpoint(), &user.access_key, &user.secret_key, Duration::from_millis(20), Plain).await;
    (sim, bench)
}

fn machine(bench: &AwsBench, number: usize) -> ResourceRef {
    let at = Location::region(Region::new(REGION).unwrap());
    let id = ResourceId::new(format!("i-0{number:016x}")).unwrap();
    ResourceRef::new(bench.driver.provider(), at, ResourceKind::Machine, id)
}

#[tokio::test]
async fn a_hundred_looks_at_once_are_two_requests() {
    let (sim, bench) = bench().await;
    let looks = (0..100).map(|number| {
        let (driver, machine) = (Arc::clone(&bench.driver), machine(&bench, number));
        async move { driver.get(&Call::new(), &machine).await }
    });
    let found = join_all(looks).await;
    assert!(found.iter().all(|found| matches!(found, Ok(None))), "{found:?}");
    let asked =
        sim.counters().calls.iter().filter(|((_, name), _)| name == "DescribeInstances").map(|it| it.1).sum::<u64>();
    assert!((1..=2).contains(&asked), "{asked}");
}

#[tokio::test]
async fn others_ask_anew_when_whoever_asks_for_them_is_cut_off() {
    let (_sim, bench) = bench().await;
    bench.strike(Fault::Hang).await.unwrap();
    let call = Call::new();
    let (first, second) = (machine(&bench, 1), machine(&bench, 2));
    let asks = async { bench.driver.get(&call, &first).await };
    let mut waits = Box::pin(bench.driver.get(&call, &second));
    let cut_off = timeout(Duration::from_millis(200), futures::future::join(asks, waits.as_mut())).await;
    assert!(cut_off.is_err(), "nobody answers");
    bench.heal().await;
    assert!(matches!(waits.await, Ok(None)));
}

#[tokio::test]
async fn a_failure_is_told_to_everybody() {
    let (_sim, bench) = bench().await;
    bench.strike(Fault::Throttle).await.unwrap();
    let looks = (0..20).map(|number| {
        let (driver, machine) = (Arc::clone(&bench.driver), machine(&bench, number));
        async move { (driver.get(&Call::new(), &machine).await, machine) }
    });
    for (found, machine) in join_all(looks).await {
        let error = found.unwrap_err();
        let code = error.context().find(|(name, _)| *name == "code").map(|(_, code)| code.to_owned());
        assert_eq!(code.as_deref(), Some("RequestLimitExceeded"));
        assert!(error.to_string().contains(machine.id.as_str()), "{error}");
    }
    assert!(bench.requests().await.unwrap().all <= 2);
}
