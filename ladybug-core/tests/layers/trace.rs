use std::{
    cell::RefCell,
    fmt::{Debug, Write},
    sync::{Arc, Once},
};

use ladybug_core::{
    Disposition, ErrorKind,
    cloud::{
        Call, CloudDriver,
        layer::{StandardOptions, standard},
    },
};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::fake::{Fake, at, fails, machine, owner, ready, unavailable};

const CANARY: &str = "canary-4f1d";

thread_local! {
    /// Every field of every span and event of this test's thread.
    static NOTES: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Makes every thread take notes. Comes before the first call of any test, because `tracing` remembers for each place
/// in the code whether anybody listened when it was first reached.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Notes)).unwrap());
}

struct Notes;

fn note(record: impl FnOnce(&mut Line<'_>)) {
    NOTES.with_borrow_mut(|notes| record(&mut Line(notes)));
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0, "{field}={value:?}").unwrap();
    }
}

impl<S: Subscriber> tracing_subscriber::Layer<S> for Notes {
    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        note(|line| span.record(line));
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        note(|line| values.record(line));
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        note(|line| event.record(line));
    }
}

async fn traced(fake: Arc<Fake>) -> String {
    NOTES.take();
    let driver = standard(fake, StandardOptions::default());
    driver.ensure(&Call::new(), &owner("machine/a"), &at(), &machine(CANARY)).await.ok();
    NOTES.take()
}

#[tokio::test(start_paused = true)]
async fn a_span_has_the_names_of_open_telemetry_and_no_secret() {
    let text = traced(Fake::list([ready()])).await;
    for line in [
        "otel.name=\"ensure machine\"",
        "otel.kind=\"client\"",
        "cloud.provider=\"fake\"",
        "cloud.region=\"seoul\"",
        "ladybug.verb=\"ensure\"",
        "ladybug.key=\"machine/a\"",
        "ladybug.attempt=1",
    ] {
        assert!(text.lines().any(|noted| noted == line), "no {line} in {text}");
    }
    assert!(!text.contains("error.type") && !text.contains(CANARY), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_an_event_after_the_last_try_and_marks_the_span() {
    let text = traced(Fake::list([unavailable(), fails(ErrorKind::QuotaExceeded, Disposition::Permanent)])).await;
    for line in [
        "error.type=Unavailable",
        "ladybug.attempt=2",
        "error.type=QuotaExceeded",
        "otel.status_code=\"ERROR\"",
        "message=failed to ensure machine machine/a in fake seoul: play",
    ] {
        assert!(text.lines().any(|noted| noted == line), "no {line} in {text}");
    }
    assert!(!text.contains(CANARY), "{text}");
}
