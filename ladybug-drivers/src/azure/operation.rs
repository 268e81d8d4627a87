//! Long-running operations, in every shape that Azure tells them.
//!
//! Only what stands in the way of the next request of the same call is waited for; everything else is the waiters' work,
//! who look at the thing itself.

use std::time::Duration;

use http::StatusCode;
use ladybug_core::{Disposition, Error, ErrorKind, Result};
use serde_json::Value;
use tokio::time::Instant;

use super::{client::Api, error::Refusal};
use crate::http::{Answer, Effect};

/// Where an operation is looked at.
enum Watch<'a> {
    /// A document that says how it stands.
    Status(&'a str),
    /// Answers 202 until it is over, and then with its result.
    Result(&'a str),
}

/// Waits until what `answer` began is over; at once, where it says that nothing was.
///
/// # Errors
/// What [`Refusal`] makes of the operation's code when it failed; `Timeout`, ambiguous, when the call's deadline comes
/// before its end.
pub(super) async fn wait(api: Api<'_>, answer: &Answer) -> Result<()> {
    let watch = match (answer.header("azure-asyncoperation"), answer.header("location")) {
        (Some(url), _) => Watch::Status(url),
        (None, Some(url)) => Watch::Result(url),
        (None, None) => return Ok(()),
    };
    let (mut pause, mut asked) = (api.wire.config().pauses.0, answer.retry_after());
    loop {
        if !rest(api, &mut pause, asked.take()).await {
            return Err(late(api));
        }
        match watch {
            Watch::Status(url) => {
                let shown = api.follow(url).await?;
                if over(api, &api.read(&shown, Effect::Read)?)? {
                    return Ok(());
                }
                asked = shown.retry_after();
            }
            Watch::Result(url) => {
                let shown = api.follow(url).await?;
                if shown.status != StatusCode::ACCEPTED {
                    return Ok(());
                }
                asked = shown.retry_after();
            }
        }
    }
}

async fn rest(api: Api<'_>, pause: &mut Duration, asked: Option<Duration>) -> bool {
    match asked {
        Some(asked) => api.rest_until(Instant::now() + asked).await,
        None => api.rest(pause).await,
    }
}

/// Whether the operation has succeeded.
fn over(api: Api<'_>, shown: &Value) -> Result<bool> {
    match shown.get("status").and_then(Value::as_str) {
        Some("Succeeded") => Ok(true),
        Some("Failed" | "Canceled" | "Cancelled") => {
            let refusal = Refusal::of(shown).unwrap_or_else(|| Refusal::plain("OperationFailed"));
            Err(refusal.into_error(api.what, Effect::Write, None))
        }
        Some(_) => Ok(false),
        None => Err(api.error(ErrorKind::Unexpected).with_message("an operation has no status")),
    }
}

fn late(api: Api<'_>) -> Error {
    api.error(ErrorKind::Timeout)
        .with_disposition(Disposition::Ambiguous)
        .with_message("the deadline came before the end of an operation")
        .with_remedy("allow more time; it will be looked at again")
}
