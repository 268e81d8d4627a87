//! Both stores pass the kit, and stores that are broken do not.
#![cfg(all(feature = "conformance", feature = "redb"))]
#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod broken;

use std::sync::Arc;

use broken::{Broken, Fault};
use ladybug_core::{
    conformance::{ManualClock, store::failures},
    store::{MemoryStore, RedbStore},
};

async fn memory(clock: ManualClock) -> MemoryStore {
    MemoryStore::with_clock(Arc::new(clock))
}

async fn redb(clock: ManualClock) -> RedbStore {
    let folder = tempfile::tempdir().unwrap();
    RedbStore::open_with_clock(folder.path().join("store.redb"), Arc::new(clock)).unwrap()
}

ladybug_core::store_conformance!(memory_store, memory);
ladybug_core::store_conformance!(redb_store, redb);

async fn checks_failed_by(fault: Fault) -> Vec<&'static str> {
    let make = async |clock| Broken::new(memory(clock).await, fault);
    failures(make).await.into_iter().map(|failure| failure.check).collect()
}

#[tokio::test]
async fn a_wrapper_without_a_fault_passes() {
    assert!(checks_failed_by(Fault::None).await.is_empty());
}

#[tokio::test]
async fn a_store_that_ignores_the_fence_fails() {
    let failed = checks_failed_by(Fault::IgnoresTheFence).await;
    assert!(failed.contains(&"a_late_writer_is_refused_whole"), "{failed:?}");
    assert!(failed.contains(&"a_commit_needs_a_lease"), "{failed:?}");
}

#[tokio::test]
async fn a_store_that_applies_half_a_commit_fails() {
    let failed = checks_failed_by(Fault::AppliesHalf).await;
    assert!(failed.contains(&"a_gap_in_the_log_is_refused_whole"), "{failed:?}");
}

#[tokio::test]
async fn a_store_that_drops_the_record_of_a_commit_fails() {
    let failed = checks_failed_by(Fault::DropsTheRecord).await;
    assert!(failed.contains(&"a_commit_appends_and_replaces"), "{failed:?}");
}

#[tokio::test]
async fn a_store_whose_leases_never_end_fails() {
    let failed = checks_failed_by(Fault::LeasesNeverEnd).await;
    assert!(failed.contains(&"a_lease_that_ran_out_goes_to_the_next_with_a_greater_fence"), "{failed:?}");
}
