//! One span for every call.

use tracing::{Instrument, Span, field::Empty};

use super::{Answer, Ask, Layer, Next};
use crate::error::{Error, Result};

/// Makes one `tracing` span of every call, with the field names of OpenTelemetry, and one event of every failure.
///
/// The fields are names and ids; what is asked for is not among them.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceLayer;

impl Layer for TraceLayer {
    async fn around<T: Answer>(&self, ask: &Ask<'_>, next: Next<'_, T>) -> Result<T> {
        let span = span(ask);
        let answer = next(ask.call).instrument(span.clone()).await;
        if let Err(error) = &answer {
            span.in_scope(|| report(ask, error));
        }
        answer
    }
}

fn span(ask: &Ask<'_>) -> Span {
    let name = match ask.request.kind() {
        Some(kind) => format!("{} {kind}", ask.verb()),
        None => ask.verb().to_string(),
    };
    tracing::info_span!(
        "cloud call",
        otel.name = name,
        otel.kind = "client",
        otel.status_code = Empty,
        cloud.provider = ask.provider.as_str(),
        cloud.region = ask.request.region().as_str(),
        ladybug.verb = ask.verb().as_str(),
        ladybug.key = ask.request.key(),
        ladybug.operation = ask.call.operation.map(tracing::field::display),
        ladybug.attempt = ask.call.attempt,
        error.type = Empty,
    )
}

fn report(ask: &Ask<'_>, error: &Error) {
    let kind = tracing::field::debug(error.kind());
    Span::current().record("error.type", &kind).record("otel.status_code", "ERROR");
    tracing::warn!(error.type = &kind, disposition = ?error.disposition(), "failed to {ask}: {}", error.report());
}
