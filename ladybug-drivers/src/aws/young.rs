//! Reading one's own writes: for seconds, AWS may not know what it has just made.
//!
//! This is no retry: a request is repeated only while AWS says that it does not know something which this process has
//! made just now, so that it has not happened.

use std::time::Duration;

use ladybug_core::{Disposition, Error, ErrorKind, Result};
use tokio::time::{Instant, sleep_until};

use super::{
    client::{Api, effect},
    error::code,
    facts::YOUNG,
    query::Form,
};
use crate::http::Effect;

/// Ids and names are at least as long; shorter values of a form are in messages by chance.
const SHORTEST_ID: usize = 8;

impl Api<'_> {
    /// Awaits `ask`, which sends `form`, until AWS knows what the form names; to the call's deadline at most, and as long
    /// as what it names is new.
    pub(super) async fn when_known<T, F>(&self, action: &str, form: &Form, ask: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut pause = self.wire.config().pauses.0;
        loop {
            let answer = ask().await;
            let early = answer.as_ref().err().is_some_and(|error| self.is_too_early(error, action, form));
            match answer {
                Err(error) if early => {
                    if !self.rest(&mut pause).await {
                        return Err(error.with_disposition(Disposition::Transient { after: None }));
                    }
                }
                answer => {
                    self.forget_removed(action, form, answer.as_ref().err());
                    return answer;
                }
            }
        }
    }

    /// What `look` finds. That there is nothing is believed only when `id` is not new.
    ///
    /// # Errors
    /// Those of `look`; `NotFound`, transient, when the call's deadline comes before anything is known.
    pub(super) async fn find<T, F>(&self, id: &str, look: impl Fn() -> F) -> Result<Option<T>>
    where
        F: Future<Output = Result<Option<T>>>,
    {
        let mut pause = self.wire.config().pauses.0;
        loop {
            let found = look().await?;
            if found.is_some() || !self.is_new(id, self.wire.config().settle) {
                return Ok(found);
            }
            if !self.rest(&mut pause).await {
                let error = self.error(ErrorKind::NotFound).with_disposition(Disposition::Transient { after: None });
                return Err(error.with_message(format!("AWS does not show {id} yet")));
            }
        }
    }

    /// Whether the refusal is about something new. What is to be taken away is new for the settle time only.
    fn is_too_early(&self, error: &Error, action: &str, form: &Form) -> bool {
        let unknown = error.kind() == ErrorKind::NotFound && code(error) != Some("Gateway.NotAttached");
        if !unknown || effect(action) == Effect::Read {
            return false;
        }
        let within = if removes(action) { self.wire.config().settle } else { YOUNG };
        let message = error.message().unwrap_or_default();
        let named: Vec<_> = form.values().filter(|id| id.len() >= SHORTEST_ID && message.contains(*id)).collect();
        // A message that names nothing is about any of them.
        let mut about: Box<dyn Iterator<Item = &str>> =
            if named.is_empty() { Box::new(form.values()) } else { Box::new(named.into_iter()) };
        about.any(|id| self.is_new(id, within))
    }

    fn is_new(&self, id: &str, within: Duration) -> bool {
        self.wire.facts().is_new(id, within)
    }

    /// What has been taken away, or may have been, is missing for another reason than that it is new.
    fn forget_removed(&self, action: &str, form: &Form, error: Option<&Error>) {
        let may_have_happened = error.is_none_or(|error| error.disposition() == Disposition::Ambiguous);
        if removes(action) && may_have_happened {
            form.values().for_each(|id| self.wire.facts().unmade(id));
        }
    }

    /// Pauses, and makes the next pause longer; at once `false` when the call's deadline would come before its end.
    async fn rest(&self, pause: &mut Duration) -> bool {
        let end = Instant::now() + *pause;
        if self.cx.deadline.is_some_and(|deadline| deadline <= end) {
            return false;
        }
        sleep_until(end).await;
        *pause = (*pause * 3 / 2).min(self.wire.config().pauses.1);
        true
    }
}

fn removes(action: &str) -> bool {
    ["Delete", "Terminate", "Release", "Detach"].iter().any(|verb| action.starts_with(verb))
}
