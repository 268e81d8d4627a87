//! Refusals in Compute Engine's words.

use serde_json::{Value, json};

use crate::http::Reply;

/// Why a request is refused, or why an operation fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fail {
    pub(super) status: u16,
    pub(super) reason: &'static str,
    pub(super) message: String,
    details: Option<&'static str>,
}

/// What an answer is.
#[derive(Clone, Debug)]
pub(super) enum Say {
    Now(Value),
    /// There is an answer when that has come to its end.
    Later(String),
}

pub(super) type Answer<T = Say> = Result<T, Fail>;

impl Fail {
    pub(super) fn new(status: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { status, reason, message: message.into(), details: None }
    }

    pub(super) fn invalid(field: &str, value: &str, why: &str) -> Self {
        Self::new(400, "invalid", format!("Invalid value for field '{field}': '{value}'. {why}"))
    }

    pub(super) fn required(field: &str) -> Self {
        Self::new(400, "required", format!("Required field '{field}' not specified"))
    }

    pub(super) fn absent(path: &str) -> Self {
        Self::new(404, "notFound", format!("The resource '{path}' was not found"))
    }

    pub(super) fn not_ready(path: &str) -> Self {
        Self::new(400, "resourceNotReady", format!("The resource '{path}' is not ready"))
    }

    pub(super) fn in_use(message: impl Into<String>) -> Self {
        Self::new(400, "resourceInUseByAnotherResource", message)
    }

    pub(super) fn stale() -> Self {
        Self::new(412, "conditionNotMet", "Invalid fingerprint.")
    }

    pub(super) fn quota(metric: &str, limit: u64, place: &str) -> Self {
        Self::new(403, "quotaExceeded", format!("Quota '{metric}' exceeded. Limit: {limit}.0 {place}."))
    }

    pub(super) const fn with_details(mut self, reason: &'static str) -> Self {
        self.details = Some(reason);
        self
    }

    fn body(&self) -> Value {
        let errors = json!([{ "domain": "global", "reason": self.reason, "message": self.message }]);
        let mut error = json!({ "code": self.status, "message": self.message, "errors": errors });
        if let Some(reason) = self.details {
            let kind = "type.googleapis.com/google.rpc.ErrorInfo";
            error["details"] = json!([{ "@type": kind, "reason": reason, "domain": "googleapis.com" }]);
        }
        json!({ "error": error })
    }

    /// The code of an operation that fails for this reason.
    pub(super) fn code(&self) -> String {
        let (mut code, mut small) = (String::new(), false);
        for c in self.reason.chars() {
            if c.is_ascii_uppercase() && small {
                code.push('_');
            }
            small = c.is_ascii_lowercase();
            code.push(c.to_ascii_uppercase());
        }
        match code.as_str() {
            "ALREADY_EXISTS" | "NOT_FOUND" => format!("RESOURCE_{code}"),
            _ => code,
        }
    }
}

/// An answer as it is sent.
pub(super) fn reply(answer: Answer) -> Reply {
    let json = "application/json; charset=UTF-8";
    match answer {
        Ok(Say::Now(body)) => Reply::new(200, json, body.to_string()),
        Ok(Say::Later(what)) => Reply::later(&what),
        Err(fail) => Reply::new(fail.status, json, fail.body().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_their_codes() {
        let code = |reason| Fail::new(400, reason, "").code();
        assert_eq!(code("resourceInUseByAnotherResource"), "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE");
        assert_eq!(code("alreadyExists"), "RESOURCE_ALREADY_EXISTS");
        assert_eq!(code("quotaExceeded"), "QUOTA_EXCEEDED");
        assert_eq!(code("ZONE_RESOURCE_POOL_EXHAUSTED"), "ZONE_RESOURCE_POOL_EXHAUSTED");
    }
}
