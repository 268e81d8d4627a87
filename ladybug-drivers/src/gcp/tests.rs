//! What Compute Engine answered in recordings, where the checkout has them.

use std::{fs, path::PathBuf};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use ladybug_core::{ErrorKind, cloud::ResourceStatus, spec::Arch};
use serde_json::Value;

use super::{
    error::Refusal,
    machine::{State, state},
    machine_type::size,
    shelf::{entries, last, text},
};
use crate::http::{Answer, Effect};

/// A folder of the fixtures; `None`, with a word on stderr, where there are none.
fn fixtures(path: &str) -> Option<PathBuf> {
    let Ok(root) = std::env::var("LADYBUG_FIXTURES") else {
        eprintln!("SKIPPED: LADYBUG_FIXTURES is not set, so {path} is not read");
        return None;
    };
    Some(PathBuf::from(root).join(path))
}

/// Every recorded body, with the file that it is from.
fn recorded() -> Option<Vec<(String, Value)>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(fixtures("gce/libcloud")?).unwrap().map(|file| file.unwrap().path()).collect();
    for folder in fs::read_dir(fixtures("gce/c7n-flights")?).unwrap() {
        files.extend(fs::read_dir(folder.unwrap().path()).unwrap().map(|file| file.unwrap().path()));
    }
    let json = files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "json"));
    let read = |file: PathBuf| {
        let whole: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let body = match whole.get("body") {
            Some(Value::String(body)) => serde_json::from_str(body).unwrap_or_default(),
            Some(body) => body.clone(),
            None => whole,
        };
        (file.display().to_string(), body)
    };
    Some(json.map(read).collect())
}

/// The things of a kind in all recordings: single ones, those of lists, those of lists over scopes.
fn things(kind: &str, list: &str) -> Option<Vec<Value>> {
    let mut found = Vec::new();
    for (_, body) in recorded()? {
        let scopes = body.get("items").and_then(Value::as_object).into_iter().flatten();
        let all = scopes.flat_map(|(_, scope)| entries(scope, list)).chain(entries(&body, "items")).chain([&body]);
        found.extend(all.filter(|thing| text(thing, "kind") == kind).cloned());
    }
    Some(found)
}

#[test]
fn every_recorded_machine_has_its_state_place_and_addresses() {
    let Some(machines) = things("compute#instance", "instances") else { return };
    assert!(machines.len() > 20, "{}", machines.len());
    let mut ready = 0;
    for machine in &machines {
        assert!(!text(machine, "name").is_empty() && !last(text(machine, "zone")).is_empty(), "{machine}");
        let runs = matches!(state(machine), State::Known(ResourceStatus::Ready));
        assert_eq!(runs, text(machine, "status") == "RUNNING", "{machine}");
        let interface = entries(machine, "networkInterfaces").next().unwrap();
        assert!(text(interface, "networkIP").parse::<std::net::IpAddr>().is_ok(), "{interface}");
        ready += usize::from(runs);
    }
    eprintln!("{} machines read, {ready} of them ready", machines.len());
}

#[test]
fn every_recorded_machine_type_has_its_size() {
    let Some(types) = things("compute#machineType", "machineTypes") else { return };
    assert!(types.len() > 50, "{}", types.len());
    for kind in &types {
        let size = size(kind).unwrap_or_else(|| panic!("{kind}"));
        assert!(size.vcpu > 0 && size.mib > 500 && size.arch == Arch::Amd64, "{kind}");
    }
}

#[test]
fn every_recorded_operation_ends_as_it_says() {
    let Some(operations) = things("compute#operation", "operations") else { return };
    assert!(operations.len() > 80, "{}", operations.len());
    let failed: Vec<_> = operations.iter().filter_map(Refusal::of_operation).collect();
    assert_eq!(failed.len(), operations.iter().filter(|operation| operation.get("error").is_some()).count());
    let kinds: Vec<_> =
        failed.into_iter().map(|refusal| refusal.into_error("do it", "x", Effect::Write, None).kind()).collect();
    assert!(kinds.contains(&ErrorKind::AlreadyExists) && !kinds.contains(&ErrorKind::Unexpected), "{kinds:?}");
}

#[test]
fn every_recorded_refusal_is_understood() {
    let Some(recorded) = recorded() else { return };
    let refusals = recorded.iter().filter(|(_, body)| body.pointer("/error/code").is_some());
    let mut read = 0;
    for (file, body) in refusals {
        let status = StatusCode::from_u16(body["error"]["code"].as_u64().unwrap() as u16).unwrap();
        let answer = Answer { status, headers: HeaderMap::new(), body: Bytes::from(body.to_string()) };
        let error = Refusal::read(&answer).into_error("do it", "x", Effect::Read, None);
        assert_eq!(error.kind(), ErrorKind::NotFound, "{file}: {error}");
        read += 1;
    }
    assert!(read > 0);
}
