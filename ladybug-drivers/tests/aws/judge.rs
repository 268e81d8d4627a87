//! Botocore's own models judge what was said; skipped, loudly, where they are not installed.

use std::{
    path::Path,
    process::{Command, Output},
};

/// Checks form bodies of requests, with the service that each was for.
pub(crate) fn check_bodies(bodies: &[(String, String)]) {
    let Ok(specs) = std::env::var("LADYBUG_SPECS") else {
        eprintln!("SKIPPED: LADYBUG_SPECS is not set, so no request is checked against botocore's models");
        return;
    };
    let list: Vec<_> =
        bodies.iter().map(|(service, body)| serde_json::json!({ "service": service, "body": body })).collect();
    let list = serde_json::to_string(&list).unwrap();
    judge(Path::new(&format!("{specs}/tools/check_aws_requests.py")), &list);
}

/// Checks the exchanges of a simulated cloud: every request and every answer.
pub(crate) fn judged(transcript: &str) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    judge(&here.join("../tests/cloudsim/judges/check_transcript.py"), transcript);
}

fn judge(tool: &Path, what: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, what).unwrap();
    let Ok(ran) = Command::new("python3").arg(tool).arg(file.path()).output() else {
        eprintln!("SKIPPED: python3 does not run, so nothing is checked against botocore's models");
        return;
    };
    let said = said(&ran);
    if said.contains("No module named") {
        eprintln!("SKIPPED: botocore is not installed, so nothing is checked against its models");
        return;
    }
    eprintln!("{}", said.lines().last().unwrap_or_default());
    assert!(ran.status.success(), "{said}");
}

fn said(ran: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr))
}
