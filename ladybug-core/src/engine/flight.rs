//! The steps that are under way.

use std::collections::BTreeSet;

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};

use super::scheduler::Scheduler;
use crate::error::Result;

/// What becomes of a step whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Start,
    /// There is nothing to do; what waits for it may go on.
    Pass,
    /// It is not begun any more, nor is what waits for it.
    Never,
}

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

    /// The steps to start now.
    pub(super) fn next(&mut self, turn: impl Fn(u32) -> Turn) -> Vec<u32> {
        let mut starts = Vec::new();
        while self.aloft.len() < self.limit
            && let Some(step) = self.scheduler.pop()
        {
            match turn(step) {
                Turn::Start => {
                    self.aloft.insert(step);
                    starts.push(step);
                }
                Turn::Pass => self.scheduler.done(step),
                Turn::Never => {}
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

    /// Whether such a step is under way.
    pub(super) fn has(&self, such: impl Fn(u32) -> bool) -> bool {
        self.aloft.iter().any(|step| such(*step))
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
