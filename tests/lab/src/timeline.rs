//! How long an operation and its steps took, from the cluster's event log.

use std::{collections::BTreeMap, fmt, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use ladybug::{
    Result, StepKey, Timestamp,
    event::{Event, EventKind},
    plan::{Plan, StepKind},
};

/// When the steps of one operation began and ended.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    steps: BTreeMap<StepKey, (Timestamp, Timestamp)>,
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
}

/// What a [`Timeline`] says of the way from reachable machines to the end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Summary {
    /// From the operation's begin to its end.
    pub total: Duration,
    /// From the last machine that answered to the end.
    pub from_reachable: Duration,
    /// The steps of the longest chain after that, each with its time.
    pub critical: Vec<(StepKey, Duration)>,
    /// The longest time of each kind of step.
    pub kinds: BTreeMap<String, Duration>,
}

impl Timeline {
    /// Reads `events` up to the end of the operation that is under way, showing each.
    ///
    /// # Errors
    /// The stream's error.
    pub async fn follow(mut events: BoxStream<'static, Result<Event>>, mut show: impl FnMut(&Event)) -> Result<Self> {
        let mut timeline = Self::default();
        while let Some(event) = events.next().await {
            let event = event?;
            show(&event);
            if timeline.note(&event) {
                break;
            }
        }
        Ok(timeline)
    }

    /// Takes one event in; whether it was the operation's last.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only begins and ends count")]
    fn note(&mut self, event: &Event) -> bool {
        match &event.kind {
            EventKind::OperationStarted { .. } => *self = Self { began: Some(event.at), ..Self::default() },
            EventKind::StepStarted { step } => {
                self.steps.insert(step.clone(), (event.at, event.at));
            }
            EventKind::StepDone { step } => {
                self.steps.entry(step.clone()).and_modify(|times| times.1 = event.at);
            }
            EventKind::OperationFinished { .. } => self.ended = Some(event.at),
            _ => {}
        }
        self.ended.is_some()
    }

    fn time(&self, step: &StepKey) -> Duration {
        self.steps.get(step).map_or(Duration::ZERO, |(from, to)| between(*from, *to))
    }

    /// What it says of `plan`.
    #[must_use]
    pub fn summary(&self, plan: &Plan) -> Summary {
        let reachable = plan.steps.iter().filter(|step| matches!(step.kind, StepKind::Boot { .. }));
        let reachable = reachable.filter_map(|step| self.steps.get(&step.key)).map(|(_, to)| *to).max();
        let ended = self.ended.unwrap_or_default();
        let mut kinds: BTreeMap<String, Duration> = BTreeMap::new();
        for key in self.steps.keys() {
            let kind = key.as_str().split('/').next().unwrap_or_default().to_owned();
            let longest = kinds.entry(kind).or_default();
            *longest = self.time(key).max(*longest);
        }
        Summary {
            total: self.began.map_or(Duration::ZERO, |began| between(began, ended)),
            from_reachable: reachable.map_or(Duration::ZERO, |reachable| between(reachable, ended)),
            critical: self.critical(plan),
            kinds,
        }
    }

    /// The longest chain of steps that wait for each other, from machines that answer on. A wait counts for what came
    /// after the last of the steps it waits for, so that no second is counted twice.
    fn critical(&self, plan: &Plan) -> Vec<(StepKey, Duration)> {
        let mut chains: Vec<(Duration, Option<usize>)> = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let before = step.after.iter().filter_map(|index| usize::try_from(*index).ok());
            let longest = before.filter_map(|index| Some((chains.get(index)?.0, index))).max();
            let before_boot = matches!(step.kind, StepKind::Boot { .. } | StepKind::Ensure { .. });
            let own = if before_boot { Duration::ZERO } else { self.time(&step.key) };
            chains.push((longest.map_or(Duration::ZERO, |(time, _)| time) + own, longest.map(|(_, index)| index)));
        }
        let mut at = (0..chains.len()).max_by_key(|index| chains.get(*index).map(|(time, _)| *time));
        let mut steps = Vec::new();
        while let Some(index) = at {
            if let Some(step) = plan.steps.get(index).filter(|step| !self.time(&step.key).is_zero()) {
                steps.push((step.key.clone(), self.time(&step.key)));
            }
            at = chains.get(index).and_then(|(_, before)| *before);
        }
        steps.reverse();
        steps.retain(|(key, _)| !key.as_str().starts_with("boot/") && !key.as_str().starts_with("machine/"));
        steps
    }
}

impl Summary {
    /// The sum of the critical path.
    #[must_use]
    pub fn critical_time(&self) -> Duration {
        self.critical.iter().map(|(_, time)| *time).sum()
    }

    /// How much longer than its critical path the way from reachable machines to the end took.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.from_reachable.as_secs_f64() / self.critical_time().as_secs_f64()
    }

    /// The longest preparation, init, so many joins, and the CNI's way to Ready nodes, one after the other: what a create
    /// would take if nothing else had to be done or waited for. Control planes join one after the other, since etcd takes
    /// one member at a time: all but the first, each a join.
    #[must_use]
    pub fn parts(&self, joins: u32) -> Duration {
        let longest = |part: &str| self.kinds.get(part).copied().unwrap_or_default();
        let once: Duration = ["prepare", "init", "network-addons", "ready"].map(longest).iter().sum();
        once + longest("join") * joins
    }

    /// How much longer than its [`parts`](Self::parts) the way from reachable machines to the end took.
    #[must_use]
    pub fn stretch(&self, joins: u32) -> f64 {
        self.from_reachable.as_secs_f64() / self.parts(joins).as_secs_f64()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "total {:.1} s, from reachable machines {:.1} s",
            self.total.as_secs_f64(),
            self.from_reachable.as_secs_f64()
        )?;
        for (kind, time) in &self.kinds {
            writeln!(f, "  longest {kind}: {:.1} s", time.as_secs_f64())?;
        }
        let path: Vec<String> =
            self.critical.iter().map(|(key, time)| format!("{key} {:.1}", time.as_secs_f64())).collect();
        writeln!(f, "critical path {:.1} s: {}", self.critical_time().as_secs_f64(), path.join(", "))?;
        if self.from_reachable.is_zero() {
            return Ok(()); // Nothing came up.
        }
        write!(f, "ratio {:.2}", self.ratio())?;
        for joins in 1..=2 {
            let parts = self.parts(joins).as_secs_f64();
            write!(f, "; of prepare + init + {joins} x join + CNI, {parts:.1} s: {:.2}", self.stretch(joins))?;
        }
        Ok(())
    }
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_millis(to.as_millis().saturating_sub(from.as_millis()))
}
