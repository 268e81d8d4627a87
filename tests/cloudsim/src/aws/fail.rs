//! Refusals, and how each protocol says them.

use serde_json::json;

use crate::http::Reply;

/// What a handler gives.
pub(super) type Answer<T = serde_json::Value> = Result<T, Fail>;

/// A refusal: the code decides, the status follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fail {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) status: u16,
}

impl Fail {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        let status = match code {
            "AuthFailure" => 401,
            "UnauthorizedOperation" | "OptInRequired" => 403,
            "DryRunOperation" => 412,
            "InsufficientInstanceCapacity" | "InternalError" => 500,
            "RequestLimitExceeded" | "Unavailable" | "ServiceUnavailable" => 503,
            _ => 400,
        };
        Self { code: code.to_owned(), message: message.into(), status }
    }

    pub(super) const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// `InvalidParameterValue`, as EC2 says it of one parameter.
    pub(super) fn value(parameter: &str, value: &str, why: &str) -> Self {
        let message = format!("Value ({value}) for parameter {parameter} is invalid. {why}");
        Self::new("InvalidParameterValue", message.trim_end())
    }

    /// `MissingParameter`, as EC2 says it.
    pub(super) fn missing(parameter: &str) -> Self {
        Self::new("MissingParameter", format!("The request must contain the parameter {parameter}"))
    }
}

/// How a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Ec2,
    Query,
    Json,
}

/// A refusal in a service's own shape.
pub(super) fn reply(protocol: Protocol, namespace: &str, fail: &Fail, request_id: &str) -> Reply {
    let (code, message) = (super::xml::escaped(&fail.code), super::xml::escaped(&fail.message));
    let kind = if fail.status < 500 { "Sender" } else { "Receiver" };
    match protocol {
        Protocol::Ec2 => Reply::new(
            fail.status,
            "text/xml;charset=UTF-8",
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
            ),
        ),
        Protocol::Query => Reply::new(
            fail.status,
            "text/xml",
            format!(
                "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
            ),
        ),
        Protocol::Json => {
            let body = json!({ "__type": fail.code, "message": fail.message });
            Reply::new(fail.status, "application/x-amz-json-1.1", body.to_string())
        }
    }
    .header("x-amzn-requestid", request_id)
}
