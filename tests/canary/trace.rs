//! Everything that is traced, at every level, with all fields.

use std::{
    fmt::{Debug, Write},
    sync::{Mutex, OnceLock, PoisonError},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};

static TEXT: Mutex<String> = Mutex::new(String::new());
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Sees to it that everything is written down in this process, and that one test at a time writes.
pub(crate) async fn begin() -> tokio::sync::MutexGuard<'static, ()> {
    static ONCE: OnceLock<()> = OnceLock::new();
    let turn = TURN.lock().await;
    ONCE.get_or_init(|| tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Notes)).unwrap());
    drop(taken());
    turn
}

/// What was written down since the last time.
pub(crate) fn taken() -> String {
    std::mem::take(&mut *TEXT.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Writes everything down.
struct Notes;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Line {
    fn end(self) {
        let mut text = TEXT.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(&self.0);
        text.push('\n');
    }
}

impl<S: Subscriber> Layer<S> for Notes {
    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut line = Line(format!("span {:?}", span.metadata()));
        span.record(&mut line);
        line.end();
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut line = Line("record".to_owned());
        values.record(&mut line);
        line.end();
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(format!("event {:?}", event.metadata()));
        event.record(&mut line);
        line.end();
    }
}
