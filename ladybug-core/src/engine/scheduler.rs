//! Which steps may start now. Pure.

use std::collections::{BinaryHeap, binary_heap::PeekMut};

use crate::{plan::Plan, state::StepStatus};

/// Hands out the steps of a graph as soon as all that they wait for is done, those with the longest way to the end first.
#[derive(Debug)]
pub(super) struct Scheduler {
    /// For each step, how many of those it waits for are not done.
    missing: Vec<u32>,
    /// For each step, the steps that wait for it.
    next: Vec<Vec<u32>>,
    /// For each step, the estimated time from its start to the end of the graph.
    way: Vec<u64>,
    ready: BinaryHeap<(u64, std::cmp::Reverse<u32>)>,
    open: usize,
}

impl Scheduler {
    /// A graph of `edges`, where `edges[i]` is what step `i` waits for; `done` steps are not handed out.
    pub(super) fn new(edges: Vec<Vec<u32>>, cost: &[u64], done: &[bool]) -> Self {
        let count = edges.len();
        let mut next = vec![Vec::new(); count];
        let mut missing = vec![0; count];
        for (step, after) in edges.iter().enumerate().filter(|(step, _)| !flag(done, *step)) {
            for before in after {
                let open = !flag(done, index(*before));
                if let (true, Some(list)) = (open, next.get_mut(index(*before))) {
                    list.push(number(step));
                    missing.get_mut(step).into_iter().for_each(|count| *count += 1);
                }
            }
        }
        let way = longest_ways(&next, cost);
        let mut scheduler = Self { missing, next, way, ready: BinaryHeap::new(), open: 0 };
        for step in (0..count).filter(|step| !flag(done, *step)) {
            scheduler.open += 1;
            scheduler.offer(number(step));
        }
        scheduler
    }

    /// The steps of `plan` that are not done yet, in the plan's order.
    pub(super) fn forward(plan: &Plan, status: &[StepStatus]) -> Self {
        let edges = plan.steps.iter().map(|step| step.after.clone()).collect();
        let cost: Vec<u64> = plan.steps.iter().map(|step| step.estimate.p50_ms).collect();
        let done: Vec<bool> = status.iter().map(|status| *status == StepStatus::Done).collect();
        Self::new(edges, &cost, &done)
    }

    /// The next step that may start.
    pub(super) fn pop(&mut self) -> Option<u32> {
        self.ready.peek_mut().map(|top| PeekMut::pop(top).1.0)
    }

    /// Tells that a step is done.
    pub(super) fn done(&mut self, step: u32) {
        self.open = self.open.saturating_sub(1);
        let freed = self.next.get_mut(index(step)).map(std::mem::take).unwrap_or_default();
        for step in freed {
            self.missing.get_mut(index(step)).into_iter().for_each(|count| *count -= 1);
            self.offer(step);
        }
    }

    /// Whether every step is done.
    #[cfg(test)]
    fn is_finished(&self) -> bool {
        self.open == 0
    }

    fn offer(&mut self, step: u32) {
        if self.missing.get(index(step)) == Some(&0) {
            let way = self.way.get(index(step)).copied().unwrap_or_default();
            self.ready.push((way, std::cmp::Reverse(step)));
        }
    }
}

/// The longest way from each step's start to the end. Follows edges from last to first, whichever way they point.
fn longest_ways(next: &[Vec<u32>], cost: &[u64]) -> Vec<u64> {
    let mut order = topological(next);
    order.reverse();
    let mut way = vec![0; next.len()];
    for step in order {
        let after = next.get(step).into_iter().flatten().filter_map(|next| way.get(index(*next)).copied()).max();
        let own = cost.get(step).copied().unwrap_or_default();
        way.get_mut(step).into_iter().for_each(|way| *way = own + after.unwrap_or_default());
    }
    way
}

fn topological(next: &[Vec<u32>]) -> Vec<usize> {
    let mut missing = vec![0_u32; next.len()];
    next.iter().flatten().map(|step| index(*step)).for_each(|step| {
        missing.get_mut(step).into_iter().for_each(|count| *count += 1);
    });
    let mut order: Vec<usize> = (0..next.len()).filter(|step| missing.get(*step) == Some(&0)).collect();
    let mut place = 0;
    while let Some(step) = order.get(place).copied() {
        place += 1;
        for after in next.get(step).into_iter().flatten().map(|step| index(*step)) {
            if let Some(count) = missing.get_mut(after) {
                *count -= 1;
                order.extend((*count == 0).then_some(after));
            }
        }
    }
    order
}

fn flag(flags: &[bool], place: usize) -> bool {
    flags.get(place).copied().unwrap_or_default()
}

fn index(step: u32) -> usize {
    usize::try_from(step).unwrap_or(usize::MAX)
}

fn number(step: usize) -> u32 {
    u32::try_from(step).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drain(scheduler: &mut Scheduler) -> Vec<u32> {
        std::iter::from_fn(|| scheduler.pop()).collect()
    }

    #[test]
    fn a_step_starts_when_its_own_edges_are_done_not_when_a_stage_is() {
        let mut scheduler = Scheduler::new(vec![vec![], vec![], vec![0], vec![1]], &[1, 1, 1, 1], &[false; 4]);
        assert_eq!(drain(&mut scheduler), [0, 1]);
        scheduler.done(1);
        assert_eq!(drain(&mut scheduler), [3]);
        scheduler.done(0);
        assert_eq!(drain(&mut scheduler), [2]);
    }

    #[test]
    fn the_longest_way_to_the_end_goes_first() {
        let mut scheduler = Scheduler::new(vec![vec![], vec![], vec![1]], &[5, 1, 10], &[false; 3]);
        assert_eq!(drain(&mut scheduler), [1, 0]);
    }

    #[test]
    fn done_steps_are_not_handed_out_and_do_not_hold_others() {
        let mut scheduler = Scheduler::new(vec![vec![], vec![0]], &[1, 1], &[true, false]);
        assert_eq!(drain(&mut scheduler), [1]);
        scheduler.done(1);
        assert!(scheduler.is_finished());
    }

    #[test]
    fn a_done_step_stays_done_when_one_before_it_is_run_again() {
        let mut scheduler = Scheduler::new(vec![vec![], vec![0], vec![0]], &[1, 1, 1], &[false, true, false]);
        assert_eq!(drain(&mut scheduler), [0]);
        scheduler.done(0);
        assert_eq!(drain(&mut scheduler), [2]);
    }

    proptest! {
        #[test]
        fn every_step_is_handed_out_once_and_after_all_that_it_waits_for(
            edges in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1..60),
        ) {
            let edges: Vec<Vec<u32>> = edges.iter().enumerate().map(|(step, picks)| {
                let mut after: Vec<u32> = picks.iter().filter(|_| step > 0).map(|pick| number(pick.index(step))).collect();
                after.sort_unstable();
                after.dedup();
                after
            }).collect();
            let count = edges.len();
            let mut scheduler = Scheduler::new(edges.clone(), &vec![1; count], &vec![false; count]);
            let mut seen = vec![false; count];
            while let Some(step) = scheduler.pop() {
                prop_assert!(!seen[index(step)]);
                prop_assert!(edges[index(step)].iter().all(|before| seen[index(*before)]));
                seen[index(step)] = true;
                scheduler.done(step);
            }
            prop_assert!(seen.iter().all(|seen| *seen) && scheduler.is_finished());
        }
    }
}
