//! Stores that are damaged, and keys that do not fit.

use std::{path::Path, sync::Arc};

use futures::StreamExt;
use ladybug::{
    ClusterUid, ErrorKind, Ladybug,
    lifecycle::{Change, ClusterLifecycle, ClusterPhase},
    sim::World,
    store::{RedbStore, Sealer},
};
use redb::{ReadableTable, TableDefinition};

use crate::support::{SMALL, sites, spec};

/// The table of log entries in the file of a store, by uid and place.
const LOGS: TableDefinition<'_, (u128, u64), &[u8]> = TableDefinition::new("logs");

/// Ladybug as a process has it that keeps its clusters in `folder` and uses the key file `key`.
fn open(world: &World, folder: &Path, key: &str) -> Ladybug {
    let store = RedbStore::open_with_clock(folder.join("store.redb"), world.clock()).unwrap();
    let sealer = Sealer::from_file(folder.join(key)).unwrap();
    world.wire().store(world.store(Arc::new(store))).sealer(sealer).build().unwrap()
}

/// A folder with a ready cluster, or one that was stopped after some effects.
async fn folder(world: &World, point: u64) -> (tempfile::TempDir, ClusterUid) {
    let folder = tempfile::tempdir().unwrap();
    let ladybug = open(world, folder.path(), "key");
    let mut wish = spec(&SMALL);
    wish.policies.on_failure = ladybug::spec::OnFailure::Keep;
    let plan = ladybug.plan(&Change::To(wish)).await.unwrap();
    let cluster = plan.cluster;
    let operation = ladybug.apply(plan).await.unwrap();
    let canceller = operation.canceller();
    let stop = async {
        tokio::time::sleep(std::time::Duration::from_secs(point)).await;
        canceller.cancel();
    };
    let (outcome, ()) = tokio::join!(operation.wait(), stop);
    outcome.unwrap();
    (folder, cluster)
}

/// Changes one log entry in a store that nobody has open.
fn damage(folder: &Path, cluster: &ClusterUid, place: u64, change: impl FnOnce(&[u8]) -> Vec<u8>) {
    let database = redb::Database::open(folder.join("store.redb")).unwrap();
    let tx = database.begin_write().unwrap();
    {
        let mut logs = tx.open_table(LOGS).unwrap();
        let key = (cluster.as_uuid().as_u128(), place);
        let old = logs.get(key).unwrap().unwrap().value().to_vec();
        let new = change(&old);
        assert_ne!(old, new, "the damage changes something");
        logs.insert(key, new.as_slice()).unwrap();
    }
    tx.commit().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_log_entry_that_cannot_be_read_is_corrupt_and_everything_stays_as_it_is() {
    let world = World::new(81);
    let (folder, cluster) = folder(&world, 100_000).await;
    damage(folder.path(), &cluster, 7, |old| old[..old.len() / 2].to_vec());
    let ladybug = open(&world, folder.path(), "key");
    let there = world.left();
    world.trip().arm(u64::MAX);
    for error in [ladybug.get(&cluster).await.unwrap_err(), ladybug.delete(&cluster).await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains("entry 7 ") && error.to_string().contains(&cluster.to_string()), "{error}");
    }
    assert_eq!((world.left(), world.trip().crossed()), (there, 0));
    let told: Vec<_> = ladybug.events(&cluster, 0).collect().await;
    assert!(told.last().unwrap().is_err(), "the events end with the error");
    assert_eq!(ladybug.list(None).await.unwrap().len(), 1, "its record can still be read");
}

#[tokio::test(start_paused = true)]
async fn a_log_entry_that_does_not_fit_is_corrupt_and_its_place_is_named() {
    let world = World::new(82);
    let (folder, cluster) = folder(&world, 100_000).await;
    let say = |old: &[u8]| String::from_utf8(old.to_vec()).unwrap().replace("\"step\":0", "\"step\":9999").into_bytes();
    damage(folder.path(), &cluster, 3, say);
    let ladybug = open(&world, folder.path(), "key");
    let error = ladybug.get(&cluster).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.to_string().contains("entry 3 ") && error.to_string().contains(&cluster.to_string()), "{error}");
    assert!(error.report().to_string().contains("there is no step 9999"), "{}", error.report());
}

#[tokio::test(start_paused = true)]
async fn with_another_key_file_nothing_goes_on_until_the_right_one_is_back() {
    let world = World::new(83);
    let (folder, cluster) = folder(&world, 60).await;
    let ladybug = open(&world, folder.path(), "other-key");
    let there = world.left();
    assert!(there > 0);
    let phase = ladybug.get(&cluster).await.unwrap().phase;
    let error = ladybug.resume(&cluster).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("other-key")), "{:?}", error.remedy());
    assert_eq!((world.left(), ladybug.get(&cluster).await.unwrap().phase), (there, phase));
    drop(ladybug);
    let ladybug = open(&world, folder.path(), "key");
    ladybug.resume(&cluster).await.unwrap().success().await.unwrap();
    ladybug.delete(&cluster).await.unwrap().success().await.unwrap();
    assert_eq!(world.left(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_whose_key_is_lost_can_still_be_deleted() {
    let world = World::new(84);
    let (folder, cluster) = folder(&world, 100_000).await;
    let known = open(&world, folder.path(), "other-key");
    let error = known.reap(&cluster, &sites(&spec(&SMALL))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "what the store knows is deleted, not reaped: {error}");
    known.delete(&cluster).await.unwrap().success().await.unwrap();
    assert_eq!((world.left(), known.get(&cluster).await.unwrap().phase), (0, ClusterPhase::Deleted));
}
