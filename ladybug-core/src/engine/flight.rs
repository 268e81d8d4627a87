//! The steps that are under way.

use std::collections::BTreeSet;

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};

use super::scheduler::Scheduler;
use crate::error::Result;

/// What one step came to.
pub(super) struct Landed<T> {
    pub(super) step: u32,
    pub(super) result: Result<T>,
}

/// Starts steps as the graph allows, and gathers what they come to. Dropping it cuts all of them off.
pub(super) struct Flight<T> {
    scheduler: Scheduler,
    limit: usize,
    aloft: BTreeSet<u32>,
    running: FuturesUnordered<BoxFuture<'static, Landed<T>>>,
}

impl<T: 'static> Flight<T> {
    pub(super) fn new(scheduler: Scheduler, limit: usize) -> Self {
        Self { scheduler, limit: limit.max(1), aloft: BTreeSet::new(), running: FuturesUnordered::new() }
    }

    /// The steps to start now. Those that `is_work` refuses are done at once.
    pub(super) fn next(&mut self, is_work: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut starts = Vec::new();
        while self.aloft.len() < self.limit
            && let Some(step) = self.scheduler.pop()
        {
            if is_work(step) {
                self.aloft.insert(step);
                starts.push(step);
            } else {
                self.scheduler.done(step);
            }
        }
        starts
    }

    /// Sets off with a step that [`next`](Self::next) gave.
    pub(super) fn start(&mut self, step: u32, work: BoxFuture<'static, Result<T>>) {
        self.running.push(work.map(move |result| Landed { step, result }).boxed());
    }

    /// Waits for a step to end and takes all that have ended by then; none when nothing is under way.
    ///
    /// Cancel safe: nothing that has ended is lost.
    pub(super) async fn landed(&mut self) -> Vec<Landed<T>> {
        let mut landed: Vec<Landed<T>> = self.running.next().await.into_iter().collect();
        while let Some(Some(next)) = self.running.next().now_or_never() {
            landed.push(next);
        }
        landed.iter().for_each(|landed| {
            self.aloft.remove(&landed.step);
        });
        landed
    }

    /// Lets the steps start that waited for this one.
    pub(super) fn done(&mut self, step: u32) {
        self.scheduler.done(step);
    }

    /// Whether nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.aloft.is_empty()
    }

    /// Cuts everything off that is under way, and tells what that was.
    pub(super) fn cut(self) -> BTreeSet<u32> {
        self.aloft
    }
}

impl<T> std::fmt::Debug for Flight<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flight").field("aloft", &self.aloft).finish_non_exhaustive()
    }
}
