//! Everything that came out, by where.

use std::collections::BTreeMap;

use futures::StreamExt;
use ladybug::{
    ClusterUid, Error, Ladybug, Operation, Result,
    lifecycle::ClusterLifecycle,
    plan::Plan,
    store::{ClusterStore, Outcome},
};

use crate::{
    needles::{Needles, latin},
    support::{log_text, told},
    tools::Spy,
};

/// Everything that came out, by where.
#[derive(Default)]
pub(crate) struct Haul {
    places: BTreeMap<String, String>,
    errors: usize,
}

impl Haul {
    pub(crate) fn add(&mut self, place: &str, text: impl AsRef<str>) {
        let all = self.places.entry(place.to_owned()).or_default();
        all.push_str(text.as_ref());
        all.push('\n');
    }

    pub(crate) fn bytes(&mut self, place: &str, bytes: &[u8]) {
        self.add(place, latin(bytes));
    }

    pub(crate) fn plan(&mut self, plan: &Plan) {
        self.add("plans as JSON", serde_json::to_string(plan).unwrap());
        self.add("plans as text", plan.to_text());
        self.add("plans as Mermaid", plan.to_mermaid());
        self.add("Debug of plans", format!("{plan:?}"));
    }

    pub(crate) fn error(&mut self, what: &str, error: &Error) {
        let json = serde_json::to_string(&error.report()).unwrap();
        self.add(&format!("the error of {what}"), format!("{error} {error:?} {} {json}", error.report()));
        self.errors += 1;
    }

    /// Waits for the end of an operation.
    pub(crate) async fn end(&mut self, what: &str, operation: Result<Operation>) {
        let outcome = match operation {
            Ok(operation) => {
                self.add("Debug of operations", format!("{operation:?} {:?}", operation.canceller()));
                operation.wait().await
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(outcome) => self.outcome(what, outcome),
            Err(error) => self.error(what, &error),
        }
    }

    fn outcome(&mut self, what: &str, outcome: Outcome) {
        self.add("outcomes", format!("{outcome} {outcome:?} {}", serde_json::to_string(&outcome).unwrap()));
        if let Err(error) = outcome.into_result() {
            self.error(what, &error);
        }
    }

    /// Looks at all that can be read of a cluster.
    pub(crate) async fn look(&mut self, ladybug: &Ladybug, cluster: &ClusterUid) {
        self.add("Debug of ladybug", format!("{ladybug:?} {ladybug:#?}"));
        match ladybug.get(cluster).await {
            Ok(state) => {
                self.add("Debug of states", format!("{state:?}"));
                self.add("states as JSON", serde_json::to_string(&state).unwrap());
            }
            Err(error) => self.error("get", &error),
        }
        for event in told(ladybug, cluster, 0).await {
            self.add("events as JSON", serde_json::to_string(&event).unwrap());
            self.add("events as text", format!("{event} {event:?}"));
        }
        self.add("records", format!("{:?}", ladybug.list(None).await));
    }

    /// Reads all logs as they are stored.
    pub(crate) async fn log(&mut self, store: &impl ClusterStore) {
        let clusters: Vec<_> = store.list().collect().await;
        for cluster in clusters {
            self.add("the log", log_text(store, &cluster.unwrap()).await);
        }
    }

    /// What went to machines where others can see it.
    pub(crate) fn spied(&mut self, spy: &Spy) {
        self.add("command lines", spy.lines());
    }

    pub(crate) const fn errors(&self) -> usize {
        self.errors
    }

    /// Checks that there was something to look at everywhere.
    pub(crate) fn assert_rich(&self) {
        for (place, least) in [("tracing output", 10_000), ("events as JSON", 10_000), ("the log", 10_000)] {
            let found = self.places.get(place).map_or(0, String::len);
            assert!(found >= least, "{place} has only {found} bytes");
        }
        assert!(self.places.get("command lines").is_some_and(|lines| lines.contains("kubeadm")));
    }

    /// Every secret that is somewhere, one line each.
    pub(crate) fn found(&self, needles: &Needles) -> Vec<String> {
        let within = |(place, text): (&String, &String)| {
            needles.within(text).into_iter().map(|hit| format!("{hit} in {place}")).collect::<Vec<_>>()
        };
        self.places.iter().flat_map(within).collect()
    }
}
