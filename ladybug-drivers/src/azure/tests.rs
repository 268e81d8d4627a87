//! The wire against recordings of Azure, where the checkout has them beside it.

use std::{fs, path::PathBuf};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{
    error::Refusal,
    shelf::{self, status},
};
use crate::http::Answer;

/// The recorded exchanges of every file; `None`, with a word on stderr, where there are none.
fn exchanges() -> Option<Vec<Value>> {
    let Ok(root) = std::env::var("LADYBUG_FIXTURES") else {
        eprintln!("SKIPPED: LADYBUG_FIXTURES is not set, so no recorded answer is read");
        return None;
    };
    let mut all = Vec::new();
    for file in fs::read_dir(PathBuf::from(root).join("azure/azclient")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap();
        let list = whole
            .as_array()
            .cloned()
            .or_else(|| whole.as_object()?.values().find_map(|value| value.as_array().cloned()));
        all.extend(list.unwrap());
    }
    Some(all)
}

fn text<'a>(exchange: &'a Value, path: &str) -> &'a str {
    exchange.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn every_recorded_answer_is_read() {
    let Some(exchanges) = exchanges() else { return };
    let (mut things, mut refusals) = (0, 0);
    for exchange in &exchanges {
        let code = u16::try_from(exchange["response"]["code"].as_u64().unwrap()).unwrap();
        let body = Bytes::from(text(exchange, "/response/body").to_owned());
        if code >= 400 {
            let status = StatusCode::from_u16(code).unwrap();
            let refusal = Refusal::read(&Answer { status, headers: HeaderMap::new(), body });
            assert!(!refusal.code.starts_with("HTTP"), "{exchange}");
            refusals += 1;
        } else if !body.is_empty() {
            let thing: Value = serde_json::from_slice(&body).unwrap();
            let _ = status(&thing);
            things += 1;
        }
    }
    assert!(things > 120 && refusals > 25, "{things} things, {refusals} refusals");
}

#[test]
fn recorded_ids_are_understood_whatever_their_case() {
    let Some(exchanges) = exchanges() else { return };
    let mut understood = 0;
    for exchange in &exchanges {
        let Ok(thing) = serde_json::from_str::<Value>(text(exchange, "/response/body")) else { continue };
        let Some(id) = thing.get("id").and_then(Value::as_str) else { continue };
        let place = shelf::ALL.iter().find_map(|shelf| shelf.place("00000000-0000-0000-0000-000000000000", id));
        understood += usize::from(place.is_some());
    }
    assert!(understood > 30, "{understood}");
}
