//! Checks of leases: one writer at a time, and a late one is told.

use std::time::Duration;

use super::bench::{Bench, TTL, commit, ensure, expect, refused, same};
use crate::{
    error::ErrorKind,
    store::{Fence, Version},
};

pub(super) async fn a_commit_needs_a_lease(bench: Bench) -> Result<(), String> {
    let first = bench.add(1).await?;
    for fence in [0, 1] {
        bench.commit_refused(&first.uid, commit(1, Fence(fence), [1]), ErrorKind::Conflict).await?;
    }
    let lease = bench.acquire(&first.uid, "first").await?;
    for fence in [lease.fence.0 + 1, lease.fence.0.wrapping_sub(1)] {
        bench.commit_refused(&first.uid, commit(1, Fence(fence), [1]), ErrorKind::Conflict).await?;
    }
    bench.commit(&first.uid, commit(1, lease.fence, [1])).await.map(drop)
}

pub(super) async fn a_renewal_keeps_the_fence(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    for _ in 0..3 {
        bench.clock.advance(TTL - Duration::from_millis(1));
        let lease = bench.acquire(&first.uid, "first").await?;
        same(&(lease.fence, lease.ttl), &(fence, TTL), "the renewed lease")?;
    }
    bench.clock.advance(TTL - Duration::from_millis(1));
    let other = bench.store.acquire(&first.uid, "second", TTL).await;
    refused(other, ErrorKind::Conflict, "another holder while a renewed lease lasts")?;
    bench.clock.advance(TTL);
    let lease = bench.acquire(&first.uid, "first").await?;
    same(&lease.fence, &fence, "the fence of a lease that ran out and that nobody took")
}

pub(super) async fn another_holder_is_refused_with_the_present_one_s_name(bench: Bench) -> Result<(), String> {
    let first = bench.add(1).await?;
    bench.acquire(&first.uid, "the-present-holder").await?;
    let error = refused(bench.store.acquire(&first.uid, "second", TTL).await, ErrorKind::Conflict, "another holder")?;
    let text = error.report().to_string();
    ensure(text.contains("the-present-holder"), format!("the error must name the present holder, but is: {text}"))
}

pub(super) async fn a_lease_that_ran_out_goes_to_the_next_with_a_greater_fence(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    bench.clock.advance(TTL);
    let next = bench.acquire(&first.uid, "second").await?;
    ensure(next.fence > fence, format!("the next fence must be greater than {fence:?}, but is {:?}", next.fence))?;
    bench.commit(&first.uid, commit(1, next.fence, [1])).await.map(drop)
}

pub(super) async fn a_late_writer_is_refused_whole(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    bench.clock.advance(TTL);
    let next = bench.acquire(&first.uid, "second").await?;
    bench.commit_refused(&first.uid, commit(1, fence, [1]), ErrorKind::Conflict).await?;
    let removal = bench.store.remove(&first.uid, Version(1), fence).await;
    refused(removal, ErrorKind::Conflict, "a late writer's removal")?;
    let back = bench.store.acquire(&first.uid, "first", TTL).await;
    refused(back, ErrorKind::Conflict, "a late writer's renewal")?;
    bench.commit(&first.uid, commit(1, next.fence, [1])).await.map(drop)
}

pub(super) async fn a_lease_that_ran_out_is_good_until_somebody_takes_it(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    bench.clock.advance(TTL * 100);
    bench.commit(&first.uid, commit(1, fence, [1])).await.map(drop)
}

pub(super) async fn a_released_lease_is_free_at_once_and_good_for_nothing(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    expect(bench.store.release(&first.uid, fence).await, "release a lease")?;
    expect(bench.store.release(&first.uid, fence).await, "release it once more")?;
    bench.commit_refused(&first.uid, commit(1, fence, [1]), ErrorKind::Conflict).await?;
    let next = bench.acquire(&first.uid, "second").await?;
    ensure(next.fence > fence, format!("the next fence must be greater than {fence:?}, but is {:?}", next.fence))
}

pub(super) async fn a_release_of_a_lost_lease_changes_nothing(bench: Bench) -> Result<(), String> {
    let (first, fence) = bench.add_held(1).await?;
    bench.clock.advance(TTL);
    let next = bench.acquire(&first.uid, "second").await?;
    expect(bench.store.release(&first.uid, fence).await, "release a lost lease")?;
    bench.commit(&first.uid, commit(1, next.fence, [1])).await.map(drop)
}
