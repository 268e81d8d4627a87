//! A create of three control planes and three workers over three clouds is killed at every point where a process can
//! die: before every effect, after it and before its answer, after every record. Nothing is lost and nothing is left.
#![cfg(test)]

mod support;

use ladybug::{
    ClusterUid, ErrorKind,
    lifecycle::{Change, ClusterLifecycle},
    sim::World,
};
use support::{Picture, ladybug, live, picture, real, sites, store, three_and_three};

const SEED: u64 = 11;

/// A process that was killed.
struct Killed {
    world: World,
    store: ladybug::store::MemoryStore,
    cluster: ClusterUid,
    /// How many points it passed.
    points: u64,
}

/// Runs a create until it is done or killed at `point`.
fn create(point: u64) -> Killed {
    live(None, async {
        let world = World::new(SEED);
        world.plant_foreign(&"demo".parse().unwrap()).unwrap();
        let store = store(&world);
        let ladybug = ladybug(&world, &store);
        let plan = ladybug.plan(&Change::To(three_and_three())).await.unwrap();
        let cluster = plan.cluster;
        world.trip().arm(point);
        tokio::select! { biased;
            () = world.trip().struck() => {}
            done = async { ladybug.apply(plan).await?.success().await } => done.unwrap(),
        }
        let points = world.trip().crossed();
        // A look at the world lets it see how late it is.
        let _ = world.left();
        Killed { world, store, cluster, points }
    })
}

/// Runs a create without an end, and returns what it came to.
fn whole() -> (u64, Picture) {
    let run = create(u64::MAX);
    let ladybug = async { ladybug(&run.world, &run.store).get(&run.cluster).await.unwrap() };
    let state = live(Some(&run.world), ladybug);
    (run.points, picture(&run.world, &state))
}

#[test]
fn a_create_killed_anywhere_is_resumed_to_the_same_end() {
    let (points, wanted) = whole();
    let (mut unbegun, mut ended) = (0, 0);
    for point in 0..points {
        let run = create(point);
        let resumed = live(Some(&run.world), async {
            run.world.trip().arm(u64::MAX);
            let ladybug = ladybug(&run.world, &run.store);
            match ladybug.resume(&run.cluster).await {
                Ok(operation) => operation
                    .success()
                    .await
                    .map(|()| true)
                    .unwrap_or_else(|error| panic!("point {point}: {}", error.report())),
                Err(error) if error.kind() == ErrorKind::NotFound => false,
                Err(error) => panic!("point {point}: {}", error.report()),
            }
        });
        let state = live(Some(&run.world), async { ladybug(&run.world, &run.store).get(&run.cluster).await.ok() });
        let begun = state.as_ref().is_some_and(|state| state.operation.is_some());
        if !begun {
            unbegun += 1;
            assert_eq!(real(&run.world, &run.cluster), [""; 0], "point {point} comes before the first intent");
            continue;
        }
        ended += u64::from(!resumed);
        let state = state.unwrap();
        assert_eq!(picture(&run.world, &state), wanted, "point {point}");
        assert_eq!(run.world.counters().duplicates, 0, "point {point}");
        assert!(run.world.foreign_untouched(), "point {point}");
    }
    println!("{points} points tried with the store: {unbegun} before the operation's record, {ended} after its end");
    assert!(points > 300 && unbegun < 10 && ended < 5);
}

#[test]
fn a_create_killed_anywhere_without_its_store_is_reaped_and_others_are_untouched() {
    let (points, wanted) = whole();
    for point in 0..points {
        let run = create(point);
        let sites = sites(&three_and_three());
        let deleted = live(Some(&run.world), async {
            run.world.trip().arm(u64::MAX);
            let fresh = store(&run.world);
            ladybug(&run.world, &fresh).reap(&run.cluster, &sites).await
        });
        deleted.unwrap_or_else(|error| panic!("point {point}: {}", error.report()));
        assert_eq!(real(&run.world, &run.cluster), [""; 0], "point {point}");
        assert!(run.world.foreign_untouched(), "point {point}");
    }
    println!("{points} points tried without the store; {} resources at most", wanted.real.len());
    assert!(points > 300);
}
