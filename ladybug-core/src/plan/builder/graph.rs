//! Steps and typed edges.

use std::marker::PhantomData;

use super::times::Time;
use crate::{
    id::StepKey,
    plan::{Step, StepKind, Undo},
};

/// Something that holds once a step is done, or holds already.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) struct Out<T> {
    step: Option<u32>,
    promise: PhantomData<T>,
}

impl<T> Out<T> {
    /// It holds already.
    pub(in crate::plan) const fn there() -> Self {
        Self { step: None, promise: PhantomData }
    }

    const fn of(step: u32) -> Self {
        Self { step: Some(step), promise: PhantomData }
    }

    /// The same step's other promise.
    pub(super) const fn turned<U>(self) -> Out<U>
    where
        T: Copy,
    {
        Out { step: self.step, promise: PhantomData }
    }
}

impl<T> Default for Out<T> {
    fn default() -> Self {
        Self::there()
    }
}

/// All that a step waits for.
#[derive(Clone, Debug, Default)]
pub(in crate::plan) struct After(Vec<u32>);

impl After {
    pub(in crate::plan) fn new<T>(out: Out<T>) -> Self {
        Self::default().and(out)
    }

    pub(in crate::plan) fn all<T>(outs: impl IntoIterator<Item = Out<T>>) -> Self {
        Self::default().and_all(outs)
    }

    pub(in crate::plan) fn and<T>(mut self, out: Out<T>) -> Self {
        self.0.extend(out.step);
        self
    }

    pub(in crate::plan) fn and_all<T>(mut self, outs: impl IntoIterator<Item = Out<T>>) -> Self {
        self.0.extend(outs.into_iter().filter_map(|out| out.step));
        self
    }

    pub(in crate::plan) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::plan) fn join(mut self, other: &Self) -> Self {
        self.0.extend(&other.0);
        self
    }
}

/// Steps that are being put together.
#[derive(Debug, Default)]
pub(in crate::plan) struct Graph {
    steps: Vec<Step>,
}

impl Graph {
    /// Appends a step. Only the typed methods of this module's siblings call it.
    pub(super) fn add<T>(&mut self, key: &str, kind: StepKind, after: After, undo: Undo, time: &Time) -> Out<T> {
        let step = u32::try_from(self.steps.len()).expect("a plan has fewer than 2^32 steps");
        let mut after = after.0;
        after.sort_unstable();
        after.dedup();
        let key = StepKey::new(key).expect("a verb and the names of a site or of two nodes fit into a step key");
        self.steps.push(Step { key, kind, after, undo, estimate: time.estimate, timeout: time.timeout });
        Out::of(step)
    }

    pub(in crate::plan) fn into_steps(self) -> Vec<Step> {
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::{super::times, *};

    #[test]
    fn edges_are_sorted_without_doubles_and_leave_out_what_holds_already() {
        let mut graph = Graph::default();
        let add = |graph: &mut Graph, key: &str, after| -> Out<()> {
            graph.add(key, StepKind::AwaitHealthy, after, Undo::Nothing, &times::HEALTHY)
        };
        let first = add(&mut graph, "a", After::default());
        let second = add(&mut graph, "b", After::new(Out::<()>::there()));
        add(&mut graph, "c", After::all([second, first, second]));
        let edges: Vec<Vec<u32>> = graph.into_steps().into_iter().map(|step| step.after).collect();
        assert_eq!(edges, [vec![], vec![], vec![0, 1]]);
    }
}
