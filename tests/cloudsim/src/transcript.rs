//! What was said, without secrets.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::world::Cloud;

/// One exchange, as it is kept.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Exchange {
    pub(crate) number: u64,
    /// Simulated milliseconds since the world's beginning.
    pub(crate) at: u64,
    pub(crate) cloud: Cloud,
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) request: Said,
    /// Absent where no answer was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response: Option<Said>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<String>,
}

/// One side of an exchange.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Said {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) method: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What stands where a secret was.
pub(crate) const REMOVED: &str = "[removed]";

/// The headers that hold secrets, in any cloud.
const SECRET_HEADERS: [&str; 4] = ["authorization", "x-amz-security-token", "metadata-flavor-token", "cookie"];

impl Said {
    /// Takes the secrets out of the headers; the body is its face's matter.
    pub(crate) fn without_secrets(mut self) -> Self {
        for name in SECRET_HEADERS {
            self.headers.entry(name.to_owned()).and_modify(|value| *value = masked(value));
        }
        self.headers.retain(|name, _| !name.is_empty());
        self
    }
}

/// Keeps the scheme, and for AWS the credential scope and the signed headers, which are no secrets.
fn masked(value: &str) -> String {
    match value.split_once("Signature=") {
        Some((head, _)) => format!("{head}Signature={REMOVED}"),
        None => match value.split_once(' ') {
            Some((scheme, _)) => format!("{scheme} {REMOVED}"),
            None => REMOVED.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_lose_their_secrets_and_keep_what_is_none() {
        assert_eq!(masked("Bearer abc"), "Bearer [removed]");
        assert_eq!(masked("abc"), "[removed]");
        let signed = masked("AWS4-HMAC-SHA256 Credential=AKID/x, SignedHeaders=host, Signature=00ff");
        assert_eq!(signed, "AWS4-HMAC-SHA256 Credential=AKID/x, SignedHeaders=host, Signature=[removed]");
    }
}
