//! What Azure's error codes mean: one table.

use std::time::Duration;

use ladybug_core::{Disposition, Error, ErrorKind};
use serde_json::Value;

use crate::http::{Answer, Effect};

/// What a refusal says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: String,
    /// The code of the first of its details, which often says more.
    pub(super) detail: Option<String>,
    pub(super) message: String,
    pub(super) request_id: Option<String>,
}

impl Refusal {
    /// Reads the error out of an answer; the status is its code when there is none.
    pub(super) fn read(answer: &Answer) -> Self {
        let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let read = body.as_ref().and_then(Self::of);
        let request_id = answer.header("x-ms-correlation-request-id").or_else(|| answer.header("x-ms-request-id"));
        let refusal = read.unwrap_or_else(|| Self::plain(&format!("HTTP{}", answer.status.as_u16())));
        Self { request_id: request_id.map(str::to_owned), ..refusal }
    }

    /// Reads the error of a document; the compute provider's answers may have it without the envelope.
    pub(super) fn of(body: &Value) -> Option<Self> {
        let error = body.get("error").filter(|error| error.is_object()).unwrap_or(body);
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let details = error.get("details").and_then(Value::as_array);
        Some(Self {
            code: text(error, "code")?,
            detail: details.into_iter().flatten().find_map(|detail| text(detail, "code")),
            message: text(error, "message").unwrap_or_default(),
            request_id: None,
        })
    }

    /// A refusal of that code without words.
    pub(super) fn plain(code: &str) -> Self {
        Self { code: code.to_owned(), ..Self::default() }
    }

    /// The error of `what`.
    pub(super) fn into_error(self, what: &str, effect: Effect, after: Option<Duration>) -> Error {
        let meaning = self.meaning();
        let mut error = Error::new(meaning.kind, what.to_owned())
            .with_disposition(meaning.disposition(effect, after))
            .with_message(self.message.chars().take(500).collect::<String>())
            .with_context("code", &self.code);
        if let Some(detail) = self.detail.as_ref().filter(|detail| **detail != self.code) {
            error = error.with_context("detail", detail);
        }
        if let Some(id) = &self.request_id {
            error = error.with_context("request_id", id);
        }
        let remedy = self.remedy(meaning);
        if remedy.is_empty() { error } else { error.with_remedy(remedy) }
    }

    /// The meaning of its code, or of the first detail's where the code alone says nothing.
    fn meaning(&self) -> Meaning {
        let own = meaning(&self.code, &self.message);
        match &self.detail {
            Some(detail)
                if own.kind == ErrorKind::Unexpected || self.code == "Conflict" || self.code == "BadRequest" =>
            {
                meaning(detail, &self.message)
            }
            _ => own,
        }
    }

    fn remedy(&self, meaning: Meaning) -> String {
        let between = |from: &str| self.message.split_once(from).and_then(|(_, rest)| rest.split('\'').next());
        match self.code.as_str() {
            "AuthorizationFailed" | "LinkedAuthorizationFailed" => match between("perform action '") {
                Some(action) => {
                    format!("give the identity a role that allows {action}, such as Contributor, on the subscription")
                }
                None => ROLE.to_owned(),
            },
            "MissingSubscriptionRegistration" => {
                let namespace = between("use namespace '").unwrap_or("Microsoft.Compute and Microsoft.Network");
                format!("register it: `az provider register --namespace {namespace}`, and wait a few minutes")
            }
            _ => meaning.remedy.to_owned(),
        }
    }
}

/// The code that an error of this driver came from.
pub(super) fn code(error: &Error) -> Option<&str> {
    error.context().find(|(name, _)| *name == "code").map(|(_, code)| code)
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

impl Meaning {
    const fn disposition(self, effect: Effect, after: Option<Duration>) -> Disposition {
        match self.retry {
            Retry::No => Disposition::Permanent,
            Retry::Yes => Disposition::Transient { after },
            Retry::Unknown => effect.unanswered(),
        }
    }
}

const CREDENTIAL: &str = "check the credential: its tenant, and AZURE_CLIENT_ID with its secret, or `az login`";
const ROLE: &str = "give the identity a role that allows this, such as Contributor, on the subscription";
const POLICY: &str = "exempt the resource group from the policy that the message names, or choose what it allows";
const LOCK: &str = "remove the lock from the resource group or the subscription";
const SUBSCRIPTION: &str = "check AZURE_SUBSCRIPTION_ID, and that the identity has a role on that subscription";
const DISABLED: &str = "enable the subscription again in the Azure portal";
const QUOTA: &str = "ask for a higher quota in the Azure portal (Quotas), or free what is not needed";
const IN_USE: &str = "delete what uses it first";
const RESERVED: &str = "wait: Azure keeps it for its machine for three minutes after that failed or was deleted";
const ELSEWHERE: &str = "another zone or machine type may have it; list more zones in the pool";
const EDITED: &str = "somebody else changed it at the same time; it will be looked at again";
const SPEC: &str = "correct what the message names in the spec";
const DEFECT: &str = "this is a defect of the driver or a limit of the endpoint; please report it with the request id";

/// What a code means. Codes: Azure's pages "Troubleshoot common Azure deployment errors" and "Azure Resource Manager
/// throttling", karpenter-provider-azure's and cloud-provider-azure's lists.
fn meaning(code: &str, message: &str) -> Meaning {
    use ErrorKind as Kind;
    use Retry::{No, Unknown, Yes};
    let says = |word: &str| message.to_ascii_lowercase().contains(word);
    let (kind, retry, remedy) = match code {
        "RetryableErrorDueToAnotherOperation"
        | "AnotherOperationInProgress"
        | "RetryableError"
        | "OperationPreempted"
        | "ConcurrentWriteConflict"
        | "CanceledAndSupersededDueToAnotherOperation"
        | "PreconditionFailed"
        | "PreconditionFailedEtagMismatch" => (Kind::Conflict, Yes, EDITED),
        "ReferencedResourceNotProvisioned" | "ResourceGroupBeingDeleted" => (Kind::Conflict, Yes, "wait a little"),
        "NicReservedForAnotherVm" => (Kind::Conflict, Yes, RESERVED),
        "PublicIPAddressCannotBeDeleted" | "NicInUse" | "AttachedDisk" => (Kind::Conflict, Yes, IN_USE),
        _ if code.starts_with("InUse") => (Kind::Conflict, Yes, IN_USE),
        // The one code says both that a quota is used up and that a machine is in no state for this.
        "OperationNotAllowed" if says("quota") || says("exceeding approved") => (Kind::QuotaExceeded, No, QUOTA),
        "OperationNotAllowed" => (Kind::Conflict, Yes, "wait until the machine's other operation is over"),
        "TooManyRequests"
        | "SubscriptionRequestsThrottled"
        | "ResourceCollectionRequestsThrottled"
        | "ResourceRequestsThrottled"
        | "HTTP429" => (Kind::RateLimited, Yes, ""),
        "ServiceUnavailable" | "ServerBusy" | "HTTP503" => (Kind::Unavailable, Yes, ""),
        "InternalServerError"
        | "InternalError"
        | "InternalExecutionError"
        | "InternalOperationError"
        | "NetworkingInternalOperationError"
        | "GatewayTimeout"
        | "ServerTimeout"
        | "RequestTimeout"
        | "OperationTimedOut"
        | "HTTP408" => (Kind::Unavailable, Unknown, ""),
        _ if code.starts_with("HTTP5") => (Kind::Unavailable, Unknown, ""),
        "InvalidAuthenticationToken"
        | "ExpiredAuthenticationToken"
        | "AuthenticationFailed"
        | "InvalidAuthenticationTokenTenant"
        | "InvalidAuthenticationTokenAudience"
        | "HTTP401" => (Kind::Unauthenticated, No, CREDENTIAL),
        "AuthorizationFailed" | "LinkedAuthorizationFailed" | "HTTP403" => (Kind::PermissionDenied, No, ROLE),
        "RequestDisallowedByPolicy" | "DisallowedByPolicy" => (Kind::PermissionDenied, No, POLICY),
        "ScopeLocked" => (Kind::PermissionDenied, No, LOCK),
        "MissingSubscriptionRegistration" => (Kind::PermissionDenied, No, "register the provider"),
        "ReadOnlyDisabledSubscription" | "SubscriptionDisabled" => (Kind::PermissionDenied, No, DISABLED),
        "SubscriptionNotFound" | "InvalidSubscriptionId" => (Kind::NotFound, No, SUBSCRIPTION),
        "SkuNotAvailable"
        | "AllocationFailed"
        | "ZonalAllocationFailed"
        | "OverconstrainedAllocationRequest"
        | "OverconstrainedZonalAllocationRequest" => (Kind::NoCapacity, No, ELSEWHERE),
        "QuotaExceeded" | "PublicIPCountLimitReached" => (Kind::QuotaExceeded, No, QUOTA),
        _ if code.ends_with("LimitReached") || code.ends_with("LimitExceeded") || code.ends_with("CountExceeded") => {
            (Kind::QuotaExceeded, No, QUOTA)
        }
        "InvalidResourceReference" => (Kind::NotFound, No, "make what the message names first"),
        "ImageNotFound" | "PlatformImageNotFound" | "VMImageNotFound" => (Kind::NotFound, No, "name another image"),
        "LocationNotAvailableForResourceType" | "NoRegisteredProviderFound" | "InvalidLocation" => {
            (Kind::NotFound, No, "regions look like koreacentral; `az account list-locations` lists them")
        }
        _ if code.ends_with("NotFound") || code == "HTTP404" => (Kind::NotFound, No, ""),
        "PropertyChangeNotAllowed" => (Kind::Conflict, No, "delete it first; this cannot be changed in place"),
        "InvalidApiVersionParameter" | "MissingApiVersionParameter" | "InvalidRequestContent" | "HTTP405" => {
            (Kind::Unexpected, No, DEFECT)
        }
        _ if code.starts_with("Invalid") || code.contains("NotSupported") || code.contains("Parameter") => {
            (Kind::InvalidSpec, No, SPEC)
        }
        "BadRequest" | "HTTP400" | "NetcfgSubnetRangesOverlap" | "NetcfgInvalidSubnet" => (Kind::InvalidSpec, No, SPEC),
        "Conflict" | "HTTP409" => (Kind::Conflict, Yes, EDITED),
        _ => (Kind::Unexpected, No, DEFECT),
    };
    Meaning { kind, retry, remedy }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn error(status: u16, body: &'static str, effect: Effect) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers: HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) };
        Refusal::read(&answer).into_error("do it", effect, None)
    }

    #[test]
    fn what_people_must_mend_says_how() {
        let denied = r#"{"error":{"code":"AuthorizationFailed","message":"The client 'c' does not have authorization to perform action 'Microsoft.Network/virtualNetworks/write' over scope '/x'."}}"#;
        let error_of = |body| error(403, body, Effect::Write);
        assert_eq!(error_of(denied).kind(), ErrorKind::PermissionDenied);
        let allow = "give the identity a role that allows Microsoft.Network/virtualNetworks/write, such as Contributor, on the subscription";
        assert_eq!(error_of(denied).remedy(), Some(allow));
        let unregistered = r#"{"error":{"code":"MissingSubscriptionRegistration","message":"The subscription is not registered to use namespace 'Microsoft.Network'. See x."}}"#;
        let remedy = error_of(unregistered).remedy().unwrap().to_owned();
        assert!(remedy.contains("az provider register --namespace Microsoft.Network"), "{remedy}");
        let policy = r#"{"error":{"code":"RequestDisallowedByPolicy","message":"no"}}"#;
        assert_eq!(error_of(policy).remedy(), Some(POLICY));
    }

    #[test]
    fn one_code_is_a_quota_or_a_busy_machine() {
        let quota = r#"{"error":{"code":"OperationNotAllowed","message":"Operation could not be completed as it results in exceeding approved Total Regional Cores quota."}}"#;
        let busy = r#"{"error":{"code":"OperationNotAllowed","message":"Operation 'start' is not allowed on VM 'm' since the VM is marked for deletion."}}"#;
        assert_eq!(error(409, quota, Effect::Write).kind(), ErrorKind::QuotaExceeded);
        let busy = error(409, busy, Effect::Write);
        assert_eq!((busy.kind(), busy.disposition()), (ErrorKind::Conflict, Disposition::Transient { after: None }));
    }

    #[test]
    fn a_reserved_interface_is_a_conflict_for_now_though_its_status_is_400() {
        let reserved = r#"{"error":{"code":"NicReservedForAnotherVm","message":"Nic(s) in request is reserved for another Virtual Machine for 180 seconds."}}"#;
        let error = error(400, reserved, Effect::Write);
        assert_eq!((error.kind(), error.disposition()), (ErrorKind::Conflict, Disposition::Transient { after: None }));
    }

    #[test]
    fn the_detail_speaks_where_the_code_says_nothing() {
        let nested = r#"{"error":{"code":"Conflict","message":"see details","details":[{"code":"InUseSubnetCannotBeDeleted","message":"x"}]}}"#;
        let error = error(409, nested, Effect::Write);
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(error.remedy(), Some(IN_USE));
        assert_eq!(error.to_string(), "do it: see details (code: Conflict, detail: InUseSubnetCannotBeDeleted)");
    }

    #[test]
    fn a_service_that_broke_may_have_done_it() {
        assert_eq!(error(502, "<html>", Effect::Write).disposition(), Disposition::Ambiguous);
        assert_eq!(error(502, "<html>", Effect::Read).disposition(), Disposition::Transient { after: None });
        assert_eq!(error(503, "{}", Effect::Write).disposition(), Disposition::Transient { after: None });
    }
}
