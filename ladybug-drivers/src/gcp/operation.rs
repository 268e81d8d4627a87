//! Operations: every change is one, and it may fail after it was accepted.

use std::time::Duration;

use ladybug_core::{ErrorKind, Result};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::{
    client::{Api, Letter},
    error::Refusal,
};
use crate::http::Effect;

/// A change that was accepted.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// What the API calls the method that began it.
    method: &'static str,
    shown: Value,
}

impl Operation {
    pub(super) const fn new(method: &'static str, shown: Value) -> Self {
        Self { method, shown }
    }

    pub(super) fn name(&self) -> &str {
        self.shown.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    fn status(&self) -> &str {
        self.shown.get("status").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it has ended. What is over in the answer to its own request is often the operation of an earlier request
    /// with the same id.
    pub(super) fn is_over(&self) -> bool {
        self.status() == "DONE"
    }

    /// What there is to say of an operation that has ended.
    ///
    /// # Errors
    /// What it failed with.
    pub(super) fn outcome(&self, api: Api<'_>) -> Result<()> {
        match Refusal::of_operation(&self.shown) {
            Some(refusal) => Err(refusal.into_error(api.what, self.method, Effect::Write, None)),
            None => Ok(()),
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// What it failed with; `Timeout` at the call's deadline.
    pub(super) async fn finish(self, api: Api<'_>) -> Result<()> {
        let over = self.until(api, "wait", Self::is_over).await?;
        over.outcome(api)
    }

    /// Waits for its begin: from then on what it changes shows that it is being changed.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub(super) async fn begin(self, api: Api<'_>) -> Result<()> {
        let begun = self.until(api, "get", |operation| operation.status() != "PENDING").await?;
        begun.outcome(api)
    }

    async fn until(mut self, api: Api<'_>, how: &str, enough: impl Fn(&Self) -> bool) -> Result<Self> {
        let mut pause = api.wire.config().pauses.0;
        while !enough(&self) {
            self.shown = self.look(api, how).await?;
            if !enough(&self) {
                rest(api, &mut pause).await?;
            }
        }
        Ok(self)
    }

    /// Asks how it is; `wait` answers at its end, or after two minutes, or at once when the service is busy.
    async fn look(&self, api: Api<'_>, how: &str) -> Result<Value> {
        let scope = |name: &str| self.shown.get(name).and_then(Value::as_str).and_then(|url| url.rsplit('/').next());
        let (service, place) = match (scope("zone"), scope("region")) {
            (Some(zone), _) => ("zoneOperations", format!("zones/{zone}")),
            (None, Some(region)) => ("regionOperations", format!("regions/{region}")),
            (None, None) => ("globalOperations", "global".to_owned()),
        };
        let (method, path) =
            (format!("{service}.{how}"), api.in_project(&format!("{place}/operations/{}", self.name())));
        if how == "get" {
            return api.ask(Letter::get(&method, path)).await;
        }
        let mut letter = Letter::change(&method, http::Method::POST, format!("{path}/wait"), None);
        letter.effect = Effect::Read;
        api.ask(letter).await
    }
}

/// Pauses, and makes the next pause longer.
///
/// # Errors
/// `Timeout` at once when the call's deadline would come before the end of the pause.
async fn rest(api: Api<'_>, pause: &mut Duration) -> Result<()> {
    let end = Instant::now() + *pause;
    if api.cx.deadline.is_some_and(|deadline| deadline <= end) {
        let error = api.for_now(ErrorKind::Timeout).with_message("the deadline comes before the operation's end");
        return Err(error.with_remedy("allow more time; the operation goes on"));
    }
    sleep_until(end).await;
    *pause = (*pause * 3 / 2).min(api.wire.config().pauses.1);
    Ok(())
}
