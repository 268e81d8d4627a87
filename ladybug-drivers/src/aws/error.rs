//! What AWS's error codes mean: one table.

use std::time::Duration;

use ladybug_core::{Disposition, Error, ErrorKind};

use super::xml::Element;
use crate::http::{Answer, Effect};

/// What a refusal says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) request_id: Option<String>,
}

impl Refusal {
    /// Reads the error out of an answer in any of AWS's envelopes; the status is its code when there is none.
    pub(super) fn read(answer: &Answer) -> Self {
        let read = Element::parse(&answer.body).and_then(|body| Self::of_xml(&body)).or_else(|| Self::of_json(answer));
        read.unwrap_or_else(|| Self { code: format!("HTTP{}", answer.status.as_u16()), ..Self::default() })
    }

    /// EC2: `Response/Errors/Error`, the others: `ErrorResponse/Error`.
    fn of_xml(body: &Element) -> Option<Self> {
        let error = body.at(&["Errors", "Error"]).or_else(|| body.child("Error"))?;
        let request_id = body.word("RequestID").or_else(|| body.word("RequestId")).map(str::to_owned);
        let message = error.word("Message").unwrap_or_default().to_owned();
        Some(Self { code: error.word("Code")?.to_owned(), message, request_id })
    }

    fn of_json(answer: &Answer) -> Option<Self> {
        let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
        let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str);
        let code = text("__type")?.rsplit('#').next()?.to_owned();
        let message = text("message").or_else(|| text("Message")).unwrap_or_default().to_owned();
        Some(Self { code, message, request_id: answer.header("x-amzn-requestid").map(str::to_owned) })
    }

    /// The error of `action`, sent to do `what`.
    pub(super) fn into_error(self, what: &str, action: &str, effect: Effect, after: Option<Duration>) -> Error {
        let meaning = meaning(&self.code, action);
        let disposition = meaning.disposition(effect, after);
        let mut error = Error::new(meaning.kind, what.to_owned())
            .with_disposition(disposition)
            .with_message(shorten(&self.message))
            .with_context("code", self.code)
            .with_context("operation", action);
        if let Some(id) = self.request_id {
            error = error.with_context("request_id", id);
        }
        if meaning.kind == ErrorKind::PermissionDenied && meaning.remedy.is_empty() {
            return error.with_remedy(format!("allow {} in the policy of this credential", permission(action)));
        }
        if meaning.remedy.is_empty() { error } else { error.with_remedy(meaning.remedy) }
    }
}

/// The code that an error of this driver came from.
pub(super) fn code(error: &Error) -> Option<&str> {
    error.context().find(|(name, _)| *name == "code").map(|(_, code)| code)
}

/// A denial's message carries an encoded blob of kilobytes.
fn shorten(message: &str) -> String {
    let shown = message.split("Encoded authorization failure message").next().unwrap_or(message).trim();
    shown.chars().take(500).collect()
}

/// The IAM action that a call needs.
fn permission(action: &str) -> String {
    let service = match action {
        "GetServiceQuota" => "servicequotas",
        _ if action.contains("LoadBalancer") || action.contains("Target") || action.contains("Listener") => {
            "elasticloadbalancing"
        }
        _ => "ec2",
    };
    format!("{service}:{action}")
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

const CREDENTIAL: &str = "check the credential: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile or the role";
const EXPIRED: &str = "renew the credential (`aws sso login`, or a new session token)";
const CLOCK: &str = "set this machine's clock: signatures are valid for five minutes";
const QUOTA: &str = "ask for a higher limit in the Service Quotas console, or free what is not needed";
const IN_USE: &str = "delete what uses it first";
const ELSEWHERE: &str = "another zone or machine type may have it; list more zones in the pool";
const EDITED: &str = "somebody else changed it at the same time; it will be looked at again";
const TARGETS: &str = "wait until its targets run; they must be machines of its network";
pub(super) const OPT_IN: &str = "enable the region, or accept the image's terms, in the AWS console";
const DEFECT: &str = "this is a defect of the driver or a limit of the endpoint; please report it with the request id";

/// What a code means in answer to `action`. Codes: the EC2 API Reference ("Error codes"), the ELBv2 API Reference
/// ("Common errors"), and botocore's list of throttling codes (`_retry.json`).
fn meaning(code: &str, action: &str) -> Meaning {
    use ErrorKind as Kind;
    use Retry::{No, Unknown, Yes};
    let (kind, retry, remedy) = match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "LimitExceededException"
        | "RequestThrottled"
        | "SlowDown"
        | "EC2ThrottledException"
        | "HTTP429" => (Kind::RateLimited, Yes, ""),
        "PriorRequestNotComplete" | "TransactionInProgressException" | "OperationInProgress" => {
            (Kind::Conflict, Yes, EDITED)
        }
        "Unavailable" | "ServiceUnavailable" | "ServiceUnavailableException" | "HTTP503" => {
            (Kind::Unavailable, Yes, "")
        }
        "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "ServerInternal"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "HTTP500"
        | "HTTP502"
        | "HTTP504" => (Kind::Unavailable, Unknown, ""),
        "InvalidClientTokenId"
        | "AuthFailure"
        | "MissingAuthenticationToken"
        | "IncompleteSignature"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException" => (Kind::Unauthenticated, No, CREDENTIAL),
        "ExpiredToken" | "ExpiredTokenException" => (Kind::Unauthenticated, No, EXPIRED),
        "RequestExpired" => (Kind::Unauthenticated, No, CLOCK),
        "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" | "HTTP403" => {
            (Kind::PermissionDenied, No, "")
        }
        "OptInRequired" | "PendingVerification" | "Blocked" | "SubscriptionRequiredException" => {
            (Kind::PermissionDenied, No, OPT_IN)
        }
        "OperationNotPermitted" => (Kind::PermissionDenied, No, "switch the machine's termination protection off"),
        "InsufficientInstanceCapacity"
        | "InsufficientHostCapacity"
        | "InsufficientCapacity"
        | "InsufficientReservedInstanceCapacity"
        | "InsufficientFreeAddressesInSubnet"
        | "SpotMaxPriceTooLow" => (Kind::NoCapacity, No, ELSEWHERE),
        // RunInstances says so of a type that the zone does not have.
        "Unsupported" if action == "RunInstances" => (Kind::NoCapacity, No, ELSEWHERE),
        "Unsupported" | "UnsupportedOperation" => (Kind::Unsupported, No, ""),
        "VcpuLimitExceeded"
        | "InstanceLimitExceeded"
        | "MaxSpotInstanceCountExceeded"
        | "AddressLimitExceeded"
        | "VpcLimitExceeded"
        | "SubnetLimitExceeded"
        | "InternetGatewayLimitExceeded"
        | "RouteLimitExceeded"
        | "SecurityGroupLimitExceeded"
        | "RulesPerSecurityGroupLimitExceeded"
        | "VolumeLimitExceeded"
        | "SecurityGroupsPerInterfaceLimitExceeded"
        | "TooManyLoadBalancers"
        | "TooManyTargetGroups"
        | "TooManyTargets"
        | "TooManyListeners"
        | "TagLimitExceeded"
        | "ResourceLimitExceeded" => (Kind::QuotaExceeded, No, QUOTA),
        "DependencyViolation"
        | "InvalidGroup.InUse"
        | "InvalidIPAddress.InUse"
        | "ResourceInUse"
        | "VolumeInUse"
        | "InvalidNetworkInterface.InUse" => (Kind::Conflict, Yes, IN_USE),
        // The part is there already, and not shown yet.
        "InvalidPermission.Duplicate"
        | "InvalidPermission.NotFound"
        | "InvalidSubnet.Conflict"
        | "Resource.AlreadyAssociated"
        | "RouteAlreadyExists"
        | "InvalidGroup.Duplicate"
        | "DuplicateLoadBalancerName"
        | "DuplicateTargetGroupName"
        | "DuplicateListener"
        | "IncorrectInstanceState"
        | "IncorrectState"
        | "InvalidVpcState" => (Kind::Conflict, Yes, EDITED),
        "InvalidKeyPair.Duplicate" => (Kind::AlreadyExists, No, "delete the other key pair of this name"),
        "IdempotentParameterMismatch" => (Kind::Conflict, Yes, "wait until the machine of the earlier call is shown"),
        "InvalidTarget" if action == "RegisterTargets" => (Kind::Conflict, Yes, TARGETS),
        "DryRunOperation" => (Kind::Unexpected, No, ""),
        "InvalidInstanceType" | "NoSuchResourceException" => (Kind::NotFound, No, "check its name and the region"),
        "InvalidAction"
        | "MissingAction"
        | "UnknownOperationException"
        | "UnknownParameter"
        | "MissingParameter"
        | "InvalidQueryParameter"
        | "MalformedQueryString"
        | "SerializationException"
        | "HTTP501" => (Kind::Unexpected, No, DEFECT),
        "LoadBalancerNotFound" | "TargetGroupNotFound" | "ListenerNotFound" | "Gateway.NotAttached" | "HTTP404" => {
            (Kind::NotFound, No, "")
        }
        _ if code.ends_with(".NotFound") || code.ends_with("NotFound") => (Kind::NotFound, No, ""),
        _ if code.ends_with("LimitExceeded") => (Kind::QuotaExceeded, No, QUOTA),
        _ if code.starts_with("Invalid") || code == "ValidationError" || code == "ValidationException" => {
            (Kind::InvalidSpec, No, "correct the named parameter in the spec")
        }
        _ if code.starts_with("HTTP5") => (Kind::Unavailable, Unknown, ""),
        _ => (Kind::Unexpected, No, DEFECT),
    };
    Meaning { kind, retry, remedy }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn answer(status: u16, body: &'static str) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers: HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) }
    }

    fn error(status: u16, body: &'static str, action: &str) -> Error {
        let effect = if action.starts_with("Describe") { Effect::Read } else { Effect::Write };
        Refusal::read(&answer(status, body)).into_error("do it", action, effect, None)
    }

    #[test]
    fn every_envelope_is_read() {
        let ec2 = "<Response><Errors><Error><Code>VpcLimitExceeded</Code><Message>no more</Message></Error></Errors>\
                   <RequestID>r-1</RequestID></Response>";
        let elb = "<ErrorResponse xmlns=\"u\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message>\
                   </Error><RequestId>r-2</RequestId></ErrorResponse>";
        let json = r#"{"__type":"com.amazonaws.servicequotas#NoSuchResourceException","message":"none"}"#;
        let vpc = error(400, ec2, "CreateVpc");
        let shown = "do it: no more (code: VpcLimitExceeded, operation: CreateVpc, request_id: r-1)";
        assert_eq!((vpc.kind(), vpc.to_string().as_str()), (ErrorKind::QuotaExceeded, shown));
        let denied = error(403, elb, "CreateTargetGroup");
        assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
        let allow = "allow elasticloadbalancing:CreateTargetGroup in the policy of this credential";
        assert_eq!(denied.remedy(), Some(allow));
        assert_eq!(error(400, json, "GetServiceQuota").kind(), ErrorKind::NotFound);
        assert_eq!(error(502, "<html>", "CreateVpc").disposition(), Disposition::Ambiguous);
        assert_eq!(error(502, "<html>", "DescribeVpcs").disposition(), Disposition::Transient { after: None });
    }

    #[test]
    fn throttles_are_transient_for_every_action() {
        for code in ["RequestLimitExceeded", "Throttling", "EC2ThrottledException", "SlowDown"] {
            assert_eq!(meaning(code, "RunInstances").retry, Retry::Yes, "{code}");
            assert_eq!(meaning(code, "RunInstances").kind, ErrorKind::RateLimited, "{code}");
        }
    }

    #[test]
    fn a_zone_without_the_type_is_no_capacity_only_when_a_machine_is_made() {
        assert_eq!(meaning("Unsupported", "RunInstances").kind, ErrorKind::NoCapacity);
        assert_eq!(meaning("Unsupported", "GetConsoleOutput").kind, ErrorKind::Unsupported);
    }

    #[test]
    fn what_is_missing_is_not_found_whatever_its_kind() {
        for code in ["InvalidVpcID.NotFound", "InvalidAMIID.NotFound", "NatGatewayNotFound", "LoadBalancerNotFound"] {
            assert_eq!(meaning(code, "X").kind, ErrorKind::NotFound, "{code}");
        }
    }

    #[test]
    fn the_blob_of_a_denial_is_cut_off() {
        let body = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized. \
                    Encoded authorization failure message: abcdef</Message></Error></Errors></Response>";
        let error = error(403, body, "RunInstances");
        assert_eq!(error.message(), Some("You are not authorized."));
        assert_eq!(error.remedy(), Some("allow ec2:RunInstances in the policy of this credential"));
    }
}
