//! Requests and replies, whole in memory.

use std::collections::BTreeMap;

use bytes::Bytes;

/// A request, whole in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path as it was sent, still encoded.
    pub(crate) path: String,
    /// The query as it was sent, still encoded.
    pub(crate) query: String,
    /// The headers by lower-case name; repeated ones are joined by commas.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Bytes,
}

impl Request {
    /// A header's value, empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The body as text, with what is not UTF-8 replaced.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A reply.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// What this waits for, where it is no answer yet: its face is asked again until it has one.
    pub(crate) later: Option<String>,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
            later: None,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// No answer yet, but one when `what` has come to its end.
    pub(crate) fn later(what: &str) -> Self {
        Self { status: 0, headers: Vec::new(), body: String::new(), later: Some(what.to_owned()) }
    }
}
