//! Who may call: service accounts, their keys, and what they may not do.

use std::{collections::BTreeMap, sync::OnceLock};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::names::PROJECT;

/// A key that every test of a process shares: making one takes a while.
#[derive(Debug)]
pub(super) struct TestKey {
    pub(super) pem: String,
    pub(super) der: Vec<u8>,
    pub(super) public: Vec<u8>,
}

/// # Panics
/// When the system has no randomness.
pub(super) fn test_key() -> &'static TestKey {
    static KEY: OnceLock<TestKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("a key can be written");
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
        TestKey { pem, der: der.as_ref().to_vec(), public: pair.public_key().as_ref().to_vec() }
    })
}

/// The service account of tests.
pub(super) fn email() -> String {
    format!("tests@{PROJECT}.iam.gserviceaccount.com")
}

/// The id of its key.
pub(super) const KEY_ID: &str = "5d3f0000000000000000000000000000000000a1";

/// What is known of callers.
#[derive(Debug, Default)]
pub(super) struct Users {
    /// Whether the account's key is known.
    pub(super) known: bool,
    /// The methods that it may not call; `networks.*` is every one of networks, `*` all.
    pub(super) denied: Vec<String>,
    /// Whether the API is switched off in the project.
    pub(super) disabled: bool,
    /// Tokens that were issued, with the second of their end.
    pub(super) issued: BTreeMap<String, i64>,
    /// Quotas by metric.
    pub(super) quotas: BTreeMap<String, u64>,
    /// Zones and types without capacity.
    pub(super) sold_out: Vec<(String, String)>,
}

impl Users {
    pub(super) fn denies(&self, method: &str) -> bool {
        self.denied.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => method.starts_with(start),
            None => method == pattern,
        })
    }
}
