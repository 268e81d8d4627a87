//! The API's own discovery document judges what was said; skipped, loudly, where it or Python's jsonschema is not there.

use std::{path::Path, process::Command};

/// Checks every request of a driver, those that were refused included, and every answer.
pub(crate) fn judged(transcript: &str) {
    let Ok(specs) = std::env::var("LADYBUG_SPECS") else {
        eprintln!("SKIPPED: LADYBUG_SPECS is not set, so no request is checked against the discovery document");
        return;
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, transcript).unwrap();
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cloudsim/judges/check_gcp_transcript.py");
    let document = Path::new(&specs).join("gcp-compute-v1-discovery.json");
    let ran = Command::new("python3").arg(tool).arg(document).arg(file.path()).arg("--refused-too").output();
    let Ok(ran) = ran else {
        eprintln!("SKIPPED: python3 does not run, so nothing is checked against the discovery document");
        return;
    };
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    if said.contains("No module named") {
        eprintln!("SKIPPED: jsonschema is not installed, so nothing is checked against the discovery document");
        return;
    }
    eprintln!("{}", said.lines().last().unwrap_or_default());
    assert!(ran.status.success(), "{said}");
}
