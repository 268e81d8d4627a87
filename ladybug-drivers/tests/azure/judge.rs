//! The official documents judge what was said, by our own reading of them and by Microsoft's own tool where that is installed.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

/// Checks the exchanges of a simulated cloud: every request and every answer, of so many operations at least.
pub(crate) fn judged(transcript: &str, operations: u64) {
    let Ok(specs) = std::env::var("LADYBUG_SPECS") else {
        eprintln!("SKIPPED: LADYBUG_SPECS is not set, so nothing is checked against Azure's Swagger documents");
        return;
    };
    let traffic = tempfile::tempdir().unwrap();
    let Some((good, said)) = checked(transcript, &specs, traffic.path()) else { return };
    eprintln!("{}", said.lines().last().unwrap_or_default());
    assert!(good, "{said}");
    judged_by_oav(traffic.path(), &specs, operations);
}

/// Whether our own reading of the documents finds nothing, and what it says; its files for oav go into `traffic`.
pub(crate) fn checked(transcript: &str, specs: &str, traffic: &Path) -> Option<(bool, String)> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, transcript).unwrap();
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cloudsim/judges/check_azure_transcript.py");
    let Ok(ran) = Command::new("python3").arg(tool).arg(file.path()).arg(specs).arg(traffic).output() else {
        eprintln!("SKIPPED: python3 does not run, so nothing is checked against Azure's Swagger documents");
        return None;
    };
    Some((ran.status.success(), said(&ran)))
}

fn said(ran: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr))
}

/// Where `oav` is: in the path, or where the variable says.
fn oav() -> PathBuf {
    std::env::var_os("LADYBUG_OAV").map_or_else(|| PathBuf::from("oav"), PathBuf::from)
}

fn judged_by_oav(traffic: &Path, specs: &str, operations: u64) {
    let report = traffic.with_file_name("report.json");
    let mut command = Command::new(oav());
    command
        .arg("validate-traffic")
        .arg(traffic)
        .arg(format!("{specs}/azure/specification"))
        .arg("--jsonReport")
        .arg(&report);
    let Ok(ran) = command.output() else {
        eprintln!("SKIPPED: oav (npm, LADYBUG_OAV) does not run, so Microsoft's own tool has seen nothing");
        return;
    };
    let Ok(report) = std::fs::read_to_string(&report) else { panic!("oav wrote no report: {}", said(&ran)) };
    let report: Value = serde_json::from_str(&report).unwrap();
    let (covered, failed) =
        (report["coveredOperations"].as_u64().unwrap(), report["failedOperations"].as_u64().unwrap());
    eprintln!("oav: {covered} operations covered, {failed} failed");
    assert!(failed == 0 && covered >= operations, "{:#}", report["errors"]);
}
