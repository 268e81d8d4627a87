//! Refusals, in Resource Manager's words.

use serde_json::{Value, json};

use crate::http::Reply;

/// What a handler gives.
pub(super) type Answer<T = Said> = Result<T, Fail>;

/// What is said.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
}

impl Said {
    pub(super) const fn new(status: u16, body: Option<Value>) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    pub(super) const fn ok(body: Value) -> Self {
        Self::new(200, Some(body))
    }

    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fail {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    /// The code and message of its only detail.
    pub(super) detail: Option<(&'static str, String)>,
    pub(super) retry_after: Option<u64>,
    /// Whether it is the authority's, which speaks otherwise.
    pub(super) of_authority: bool,
}

impl Fail {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { status, code, message, detail: None, retry_after: None, of_authority: false }
    }

    pub(super) fn detail(mut self, code: &'static str, message: impl Into<String>) -> Self {
        self.detail = Some((code, message.into()));
        self
    }

    /// Of the authority: `code` is the OAuth error, and `number` Entra's own.
    pub(super) fn authority(status: u16, code: &str, number: u32, message: &str) -> Self {
        let message = format!("AADSTS{number}: {message}");
        Self { of_authority: true, ..Self::new(status, code, message) }
    }

    /// The property of a request that is not as it must be.
    pub(super) fn property(property: &str, why: impl std::fmt::Display) -> Self {
        Self::new(400, "InvalidParameter", format!("The value of parameter {property} is invalid: {why}"))
    }

    pub(super) fn no_group(group: &str) -> Self {
        Self::new(404, "ResourceGroupNotFound", format!("Resource group '{group}' could not be found."))
    }

    pub(super) fn no_resource(kind: &str, name: &str, group: &str) -> Self {
        let message = format!(
            "The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        );
        Self::new(404, "ResourceNotFound", message)
    }

    /// A child of a resource, such as a subnet.
    pub(super) fn no_child(id: &str) -> Self {
        Self::new(404, "NotFound", format!("Resource {id} not found.")).detail("NotFound", "not found")
    }

    pub(super) fn bad_reference(id: &str, by: &str) -> Self {
        let message = format!(
            "Resource {id} referenced by resource {by} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region."
        );
        Self::new(400, "InvalidResourceReference", message)
    }

    pub(super) fn in_use(code: &'static str, message: String) -> Self {
        Self::new(400, code, message)
    }

    fn body(&self) -> Value {
        if self.of_authority {
            let number =
                self.message.trim_start_matches("AADSTS").split(':').next().and_then(|text| text.parse::<u32>().ok());
            return json!({ "error": self.code, "error_description": self.message, "error_codes": [number] });
        }
        let mut error = json!({ "code": self.code, "message": self.message });
        if let (Some((code, message)), Some(error)) = (&self.detail, error.as_object_mut()) {
            error.insert("details".to_owned(), json!([{ "code": code, "message": message }]));
        }
        json!({ "error": error })
    }
}

/// The reply, with what every answer bears.
pub(super) fn reply(answer: Answer, id: &str) -> Reply {
    let said = answer.unwrap_or_else(|fail| {
        let said = Said::new(fail.status, Some(fail.body()));
        match fail.retry_after {
            Some(seconds) => said.with("retry-after", seconds.to_string()),
            None => said,
        }
    });
    let body = said.body.map(|body| body.to_string()).unwrap_or_default();
    let mut reply = Reply::new(said.status, "application/json; charset=utf-8", body);
    for (name, value) in said.headers {
        reply = reply.header(name, &value);
    }
    reply.header("x-ms-request-id", id).header("x-ms-correlation-request-id", id)
}
