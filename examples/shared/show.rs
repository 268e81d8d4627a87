//! What the user sees: bars on a terminal, lines elsewhere, or JSON.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use ladybug::{
    event::{Event, EventKind},
    lifecycle::ClusterPhase,
    state::ClusterState,
};
use serde::Serialize;
use serde_json::json;

/// How to show.
#[derive(Debug)]
pub(crate) enum Show {
    /// A bar an operation.
    Bars(ProgressBar),
    /// A line an event.
    Lines,
    /// A JSON object an event.
    Json,
}

/// The last line of JSON.
#[derive(Serialize)]
struct Summary {
    event: &'static str,
    phase: ClusterPhase,
    resources_left: usize,
    clouds: usize,
    simulated_seconds: u64,
}

/// Reads the arguments: how to show, and the seed of the world.
pub(crate) fn options(arguments: &[String]) -> Result<(Show, u64), String> {
    let (mut show, mut seed) = (None, 7);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match (word.as_str(), words.as_slice().first()) {
            ("--json", _) => show = Some(Show::Json),
            ("--seed", Some(number)) => {
                seed = number.parse().map_err(|cause| format!("--seed {number}: {cause}"))?;
                words.next();
            }
            _ => return Err(format!("unknown argument {word}; there are --json, --seed <number> and --clouds http")),
        }
    }
    Ok((show.unwrap_or_else(usual), seed))
}

fn usual() -> Show {
    if std::io::stdout().is_terminal() { Show::Bars(ProgressBar::hidden()) } else { Show::Lines }
}

impl Show {
    pub(crate) fn text(&self, text: &str) {
        match self {
            Self::Bars(_) | Self::Lines => println!("{text}"),
            Self::Json => {}
        }
    }

    pub(crate) fn event(&mut self, event: &Event) {
        match self {
            Self::Bars(bar) => advance(bar, &event.kind),
            Self::Lines if matches!(event.kind, EventKind::Progress { .. } | EventKind::Retry { .. }) => {}
            Self::Lines => println!("{event}"),
            Self::Json => println!("{}", json!(event)),
        }
    }

    pub(crate) fn nodes(&self, cluster: &ClusterState) {
        self.text(&format!("\ncluster {} is {}", cluster.spec.name, cluster.phase));
        for node in cluster.nodes.values() {
            let ip = node.node_ip().map(|ip| ip.to_string()).unwrap_or_default();
            let price = node.price.map(|price| price.to_string()).unwrap_or_default();
            self.text(&format!(
                "  {:<14} {:<8} {:<24} {ip:<14} {price}",
                node.name,
                node.phase.to_string(),
                node.site.to_string()
            ));
        }
        self.text("");
    }

    pub(crate) fn summary(&self, phase: ClusterPhase, left: usize, clouds: usize, took: Duration) {
        match self {
            Self::Bars(_) | Self::Lines => {
                println!("\ncluster demo is {phase}: {left} resources left in {clouds} clouds");
                println!("simulated time: {} min {} s", took.as_secs() / 60, took.as_secs() % 60);
            }
            Self::Json => {
                let seconds = took.as_secs();
                let summary =
                    Summary { event: "summary", phase, resources_left: left, clouds, simulated_seconds: seconds };
                println!("{}", serde_json::to_string(&summary).unwrap_or_default());
            }
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a bar shows only some events")]
fn advance(bar: &mut ProgressBar, kind: &EventKind) {
    match kind {
        EventKind::OperationStarted { goal, steps } => {
            *bar = ProgressBar::new(u64::from(*steps)).with_prefix(goal.clone());
            if let Ok(style) = ProgressStyle::with_template("{prefix:>8} [{bar:40}] {pos}/{len} {wide_msg}") {
                bar.set_style(style);
            }
        }
        EventKind::StepDone { step } => {
            bar.set_message(step.to_string());
            bar.inc(1);
        }
        EventKind::NodePhase { node, to, .. } => bar.println(format!("         {node} is {to}")),
        EventKind::OperationFinished { outcome } => bar.finish_with_message(outcome.to_string()),
        _ => {}
    }
}
