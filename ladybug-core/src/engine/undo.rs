//! What has to be undone, and in which order. Pure.

use super::scheduler::Scheduler;
use crate::{
    plan::{Plan, Undo},
    state::StepStatus,
};

/// The steps whose effect may be in the world, each after all that were built on it.
///
/// Steps that leave nothing count as undone, and what waits for them waits for what is behind them.
pub(super) fn backward(plan: &Plan, status: &[StepStatus]) -> Scheduler {
    let mut edges = vec![Vec::new(); plan.steps.len()];
    for (step, number) in plan.steps.iter().zip(0_u32..) {
        for before in &step.after {
            let place = usize::try_from(*before).unwrap_or(usize::MAX);
            edges.get_mut(place).into_iter().for_each(|after: &mut Vec<u32>| after.push(number));
        }
    }
    let cost: Vec<u64> = plan.steps.iter().map(|step| step.estimate.p50_ms).collect();
    let nothing_left: Vec<bool> = status.iter().map(|status| !status.is_touched()).collect();
    Scheduler::new(edges, &cost, &nothing_left)
}

/// Whether undoing the step means doing something.
pub(super) fn is_work(plan: &Plan, step: u32) -> bool {
    plan.step(step).is_some_and(|step| step.undo != Undo::Nothing)
}
