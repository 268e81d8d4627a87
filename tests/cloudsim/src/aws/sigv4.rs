//! Signature Version 4, verified by hand: <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>.
//!
//! Nothing here is shared with any signer, so a mistake of a signer is not repeated by its judge.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::http::Request;

/// What an `Authorization` header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Authorization {
    pub(super) access_key: String,
    pub(super) date: String,
    pub(super) region: String,
    pub(super) service: String,
    pub(super) signed: Vec<String>,
    pub(super) signature: String,
}

impl Authorization {
    /// Reads the header; `None` when it has not the form that it must have.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let fields: BTreeMap<&str, &str> = header
            .strip_prefix("AWS4-HMAC-SHA256 ")?
            .split(',')
            .filter_map(|field| field.trim().split_once('='))
            .collect();
        let scope: Vec<&str> = fields.get("Credential")?.split('/').collect();
        let [access_key, date, region, service, "aws4_request"] = scope.as_slice() else { return None };
        Some(Self {
            access_key: (*access_key).to_owned(),
            date: (*date).to_owned(),
            region: (*region).to_owned(),
            service: (*service).to_owned(),
            signed: fields.get("SignedHeaders")?.split(';').map(str::to_owned).collect(),
            signature: (*fields.get("Signature")?).to_owned(),
        })
    }

    /// Whether host, date and token, as far as there are any, are signed.
    pub(super) fn covers(&self, request: &Request) -> bool {
        let must = |name: &&str| *name == "host" || request.headers.contains_key(*name);
        let names = ["host", "x-amz-date", "x-amz-security-token", "x-amz-target"];
        names.iter().filter(|name| must(name)).all(|name| self.signed.iter().any(|signed| signed == name))
    }

    /// The signature that the request should have with that secret.
    pub(super) fn expected(&self, request: &Request, secret: &str) -> String {
        let text = self.string_to_sign(request);
        let day = mac(format!("AWS4{secret}").as_bytes(), &self.date);
        let key = mac(&mac(&mac(&day, &self.region), &self.service), "aws4_request");
        hex(&mac(&key, &text))
    }

    fn string_to_sign(&self, request: &Request) -> String {
        let (date, region, service) = (&self.date, &self.region, &self.service);
        let hash = hex(&Sha256::digest(self.canonical(request)));
        let stamp = request.header("x-amz-date");
        format!("AWS4-HMAC-SHA256\n{stamp}\n{date}/{region}/{service}/aws4_request\n{hash}")
    }

    fn canonical(&self, request: &Request) -> String {
        let headers: String =
            self.signed.iter().map(|name| format!("{name}:{}\n", folded(request.header(name)))).collect();
        let hash = hex(&Sha256::digest(&request.body));
        let path = path(&request.path);
        [&request.method, &path, &query(&request.query), &headers, &self.signed.join(";"), &hash]
            .map(String::as_str)
            .join("\n")
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Spaces at the ends fall away, and runs of them become one.
fn folded(value: &str) -> String {
    let values = value.split(',').map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "));
    values.collect::<Vec<_>>().join(",")
}

/// The path without `.`, `..` and empty parts, encoded once more.
fn path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let slash = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    format!("/{}{slash}", parts.into_iter().map(encoded).collect::<Vec<_>>().join("/"))
}

fn query(query: &str) -> String {
    let parts = query.split('&').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, "")));
    let mut parts: Vec<(String, String)> = parts.map(|(name, value)| (recoded(name), recoded(value))).collect();
    parts.sort();
    parts.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Decodes what is encoded, and encodes it as signatures want it.
fn recoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let digits = tail.get(..2).filter(|_| *byte == b'%').and_then(|pair| std::str::from_utf8(pair).ok());
        match digits.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    bytes.iter().map(|byte| letter(*byte)).collect()
}

fn encoded(text: &str) -> String {
    text.bytes().map(letter).collect()
}

fn letter(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use bytes::Bytes;
    use serde_json::Value;

    use super::*;

    /// The cases of the official suite that sign with headers.
    fn cases() -> Option<Vec<std::path::PathBuf>> {
        let Some(fixtures) = std::env::var_os("LADYBUG_FIXTURES") else {
            eprintln!("SKIPPED: LADYBUG_FIXTURES is not set, so the official signing suite is not here");
            return None;
        };
        let folders = fs::read_dir(Path::new(&fixtures).join("sigv4")).unwrap();
        Some(
            folders
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.join("context.json").is_file() && path.join("header-signed-request.txt").is_file())
                .collect(),
        )
    }

    /// A signed request of the suite as the server sees it.
    fn request(text: &str) -> Request {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let first = lines.next().unwrap().strip_suffix(" HTTP/1.1").unwrap();
        let (method, target) = first.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        let mut last = String::new();
        for line in lines {
            if line.starts_with(' ') {
                headers.entry(last.clone()).and_modify(|old| *old = format!("{old} {}", line.trim()));
                continue;
            }
            let (name, value) = line.split_once(':').unwrap();
            last = name.to_ascii_lowercase();
            let value = value.trim();
            headers.entry(last.clone()).and_modify(|old| *old = format!("{old},{value}")).or_insert(value.to_owned());
        }
        Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: Bytes::from(body.to_owned()),
        }
    }

    #[test]
    fn the_official_suite_verifies_and_its_forgeries_do_not() {
        let Some(cases) = cases() else { return };
        let mut verified = 0;
        for case in &cases {
            let read = |name: &str| fs::read_to_string(case.join(name)).unwrap();
            let context: Value = serde_json::from_str(&read("context.json")).unwrap();
            if context["normalize"] == false || context["omit_session_token"] == true {
                eprintln!("not for these services: {}", case.display());
                continue;
            }
            let request = request(&read("header-signed-request.txt"));
            let said = Authorization::parse(request.header("authorization")).unwrap();
            let secret = context["credentials"]["secret_access_key"].as_str().unwrap();
            assert_eq!(said.expected(&request, secret), said.signature, "{}", case.display());
            assert_ne!(said.expected(&request, "another secret"), said.signature);
            let mut forged = request.clone();
            forged.body = Bytes::from_static(b"forged");
            assert_ne!(said.expected(&forged, secret), said.signature);
            verified += 1;
        }
        eprintln!("{verified} of {} signatures verified", cases.len());
        assert!(verified > 15);
    }
}
