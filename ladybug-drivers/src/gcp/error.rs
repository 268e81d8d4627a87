//! What Compute Engine's reasons mean: one table for refusals and for operations that failed.

use std::time::Duration;

use ladybug_core::{Disposition, Error, ErrorKind};
use serde_json::Value;

use crate::http::{Answer, Effect};

/// What a refusal, or an operation that failed, says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    /// A reason such as `notFound`, or an operation's code such as `RESOURCE_NOT_FOUND`.
    pub(super) code: String,
    pub(super) message: String,
}

impl Refusal {
    /// Reads the error out of an answer; the status is its code when there is none.
    pub(super) fn read(answer: &Answer) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let status = answer.status.as_u16();
        Self::of_body(&body, status).unwrap_or_else(|| Self { code: format!("HTTP{status}"), ..Self::default() })
    }

    fn of_body(body: &Value, status: u16) -> Option<Self> {
        let error = body.get("error")?;
        let message = error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        // A reason in the details is the more exact one: `SERVICE_DISABLED` beside `forbidden`.
        let reason = |list: &str| {
            let entries = error.get(list).and_then(Value::as_array).into_iter().flatten();
            entries.filter_map(|entry| entry.get("reason").and_then(Value::as_str)).next()
        };
        let code =
            reason("details").or_else(|| reason("errors")).or_else(|| error.get("status").and_then(Value::as_str));
        Some(Self { code: code.map_or_else(|| format!("HTTP{status}"), str::to_owned), message })
    }

    /// The first error of an operation; `None` when it has none.
    pub(super) fn of_operation(operation: &Value) -> Option<Self> {
        let first = operation.pointer("/error/errors/0")?;
        let text = |name: &str| first.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Self { code: text("code"), message: text("message") })
    }

    /// The error of `method`, sent to do `what`.
    pub(super) fn into_error(self, what: &str, method: &str, effect: Effect, after: Option<Duration>) -> Error {
        let meaning = meaning(&self.code, &self.message);
        let disposition = match meaning.retry {
            Retry::No => Disposition::Permanent,
            Retry::Yes => Disposition::Transient { after },
            Retry::Unknown => effect.unanswered(),
        };
        let message: String = self.message.trim().chars().take(500).collect();
        let error = Error::new(meaning.kind, what.to_owned())
            .with_disposition(disposition)
            .with_message(message)
            .with_context("code", self.code)
            .with_context("operation", method);
        if meaning.remedy.is_empty() { error } else { error.with_remedy(meaning.remedy) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retry {
    No,
    Yes,
    /// The service broke in the middle: a write may have happened.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Meaning {
    kind: ErrorKind,
    retry: Retry,
    remedy: &'static str,
}

const CREDENTIAL: &str =
    "check the credential: GOOGLE_APPLICATION_CREDENTIALS, the login or this machine's service account";
const ROLE: &str = "give the credential a role in the project with the permission that is named";
const API: &str = "enable the API (`gcloud services enable compute.googleapis.com`), and try again in some minutes";
const POLICY: &str = "an organization policy denies this; ask its administrator, or choose what it allows";
const QUOTA: &str = "ask for a higher quota in the console (IAM & Admin, Quotas), or free what is not needed";
const IN_USE: &str = "delete what uses it first";
const NOT_READY: &str = "it is still being made, changed or deleted; try again";
const ELSEWHERE: &str = "another zone or machine type may have it; list more zones in the pool";
const EDITED: &str = "somebody else changed it at the same time; it will be looked at again";
const TAKEN: &str = "delete or rename the other resource of this name; it is not this cluster's";
const SPEC: &str = "correct the named field in the spec";
const BILLING: &str = "enable billing for the project";
const DEFECT: &str = "this is a defect of the driver or a limit of the endpoint; please report it";

/// What a code means. Reasons and codes: the Compute Engine API reference ("Troubleshooting", "Handling API responses"),
/// Google's error model (`google.rpc.ErrorInfo`), and recorded answers.
fn meaning(code: &str, message: &str) -> Meaning {
    use ErrorKind as Kind;
    use Retry::{No, Unknown, Yes};
    let (kind, retry, remedy) = match code {
        "authError"
        | "UNAUTHENTICATED"
        | "ACCESS_TOKEN_EXPIRED"
        | "ACCESS_TOKEN_TYPE_UNSUPPORTED"
        | "CREDENTIALS_MISSING"
        | "invalidCredentials"
        | "HTTP401" => (Kind::Unauthenticated, No, CREDENTIAL),
        "accessNotConfigured" | "SERVICE_DISABLED" => (Kind::PermissionDenied, No, API),
        "BILLING_DISABLED" | "billingNotEnabled" => (Kind::PermissionDenied, No, BILLING),
        "forbidden"
        | "insufficientPermissions"
        | "IAM_PERMISSION_DENIED"
        | "PERMISSION_DENIED"
        | "PERMISSIONS_ERROR"
        | "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
        | "FORBIDDEN"
        | "HTTP403" => (Kind::PermissionDenied, No, ROLE),
        // The same reason tells of an outdated fingerprint and of an organization's policy.
        "conditionNotMet" | "CONDITION_NOT_MET" if message.contains("onstraint") => {
            (Kind::PermissionDenied, No, POLICY)
        }
        "conditionNotMet" | "CONDITION_NOT_MET" | "HTTP412" | "memberAlreadyExists" | "memberNotFound" => {
            (Kind::Conflict, Yes, EDITED)
        }
        "rateLimitExceeded"
        | "userRateLimitExceeded"
        | "RATE_LIMIT_EXCEEDED"
        | "RESOURCE_OPERATION_RATE_EXCEEDED"
        | "OPERATION_RATE_EXCEEDED"
        | "HTTP429" => (Kind::RateLimited, Yes, ""),
        "quotaExceeded" | "limitExceeded" | "QUOTA_EXCEEDED" | "LIMIT_EXCEEDED" => (Kind::QuotaExceeded, No, QUOTA),
        "ZONE_RESOURCE_POOL_EXHAUSTED"
        | "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS"
        | "RESOURCE_POOL_EXHAUSTED"
        | "STOCKOUT"
        | "IP_SPACE_EXHAUSTED"
        | "IP_SPACE_EXHAUSTED_WITH_DETAILS" => (Kind::NoCapacity, No, ELSEWHERE),
        "resourceInUseByAnotherResource" | "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE" | "RESOURCE_IN_USE" => {
            (Kind::Conflict, Yes, IN_USE)
        }
        "resourceNotReady" | "RESOURCE_NOT_READY" | "conflict" | "HTTP409" => (Kind::Conflict, Yes, NOT_READY),
        "alreadyExists" | "RESOURCE_ALREADY_EXISTS" | "duplicate" => (Kind::AlreadyExists, No, TAKEN),
        "notFound" | "RESOURCE_NOT_FOUND" | "NOT_FOUND" | "HTTP404" => (Kind::NotFound, No, ""),
        "invalid"
        | "invalidParameter"
        | "badRequest"
        | "required"
        | "INVALID_ARGUMENT"
        | "INVALID_FIELD_VALUE"
        | "INVALID_USAGE"
        | "invalidUsage"
        | "fieldNotAllowed"
        | "resourceInUse"
        | "INVALID_REQUEST" => (Kind::InvalidSpec, No, SPEC),
        "UNSUPPORTED_OPERATION" | "unsupportedOperation" | "notImplemented" => (Kind::Unsupported, No, ""),
        "backendError" | "UNAVAILABLE" | "HTTP503" => (Kind::Unavailable, Yes, ""),
        "internalError" | "INTERNAL_ERROR" | "INTERNAL" => (Kind::Unavailable, Unknown, ""),
        _ if code.starts_with("HTTP5") => (Kind::Unavailable, Unknown, ""),
        _ => (Kind::Unexpected, No, DEFECT),
    };
    Meaning { kind, retry, remedy }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};
    use serde_json::json;

    use super::*;

    fn error(status: u16, body: &Value, effect: Effect) -> Error {
        let (status, body) = (StatusCode::from_u16(status).unwrap(), Bytes::from(body.to_string()));
        let answer = Answer { status, headers: HeaderMap::new(), body };
        Refusal::read(&answer).into_error("make it", "networks.insert", effect, None)
    }

    fn body(status: u16, reason: &str, message: &str) -> Value {
        let errors = json!([{ "domain": "global", "reason": reason, "message": message }]);
        json!({ "error": { "code": status, "message": message, "errors": errors } })
    }

    #[test]
    fn a_403_is_told_apart_by_its_reason() {
        for (reason, kind, remedy) in [
            ("forbidden", ErrorKind::PermissionDenied, ROLE),
            ("accessNotConfigured", ErrorKind::PermissionDenied, API),
            ("quotaExceeded", ErrorKind::QuotaExceeded, QUOTA),
        ] {
            let error = error(403, &body(403, reason, "no"), Effect::Write);
            assert_eq!((error.kind(), error.remedy()), (kind, Some(remedy)), "{reason}");
            assert_eq!(error.disposition(), Disposition::Permanent);
        }
        let limited = error(403, &body(403, "rateLimitExceeded", "slow"), Effect::Write);
        assert_eq!(
            (limited.kind(), limited.disposition()),
            (ErrorKind::RateLimited, Disposition::Transient { after: None })
        );
    }

    #[test]
    fn the_details_say_more_than_the_reason() {
        let mut refusal = body(403, "forbidden", "API not used before");
        refusal["error"]["details"] =
            json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED" }]);
        assert_eq!(error(403, &refusal, Effect::Read).remedy(), Some(API));
    }

    #[test]
    fn a_fingerprint_and_a_policy_share_a_reason() {
        let stale = error(412, &body(412, "conditionNotMet", "Invalid fingerprint."), Effect::Write);
        assert_eq!((stale.kind(), stale.disposition()), (ErrorKind::Conflict, Disposition::Transient { after: None }));
        let denied = "Constraint constraints/compute.vmExternalIpAccess violated for project p1.";
        let denied = error(412, &body(412, "conditionNotMet", denied), Effect::Write);
        assert_eq!((denied.kind(), denied.remedy()), (ErrorKind::PermissionDenied, Some(POLICY)));
    }

    #[test]
    fn an_answer_without_words_goes_by_its_status() {
        let broken = |status, effect| error(status, &json!("<html>"), effect);
        assert_eq!(broken(502, Effect::Write).disposition(), Disposition::Ambiguous);
        assert_eq!(broken(502, Effect::Read).disposition(), Disposition::Transient { after: None });
        assert_eq!(broken(503, Effect::Write).disposition(), Disposition::Transient { after: None });
        assert_eq!(broken(401, Effect::Write).kind(), ErrorKind::Unauthenticated);
    }

    #[test]
    fn an_operation_s_failure_is_read() {
        let operation = json!({ "status": "DONE", "httpErrorStatusCode": 503, "error": { "errors": [
            { "code": "ZONE_RESOURCE_POOL_EXHAUSTED", "message": "The zone does not have enough resources" }] } });
        let error =
            Refusal::of_operation(&operation).unwrap().into_error("make it", "instances.insert", Effect::Write, None);
        assert_eq!((error.kind(), error.disposition()), (ErrorKind::NoCapacity, Disposition::Permanent));
        assert_eq!(Refusal::of_operation(&json!({ "status": "DONE" })), None);
    }
}
