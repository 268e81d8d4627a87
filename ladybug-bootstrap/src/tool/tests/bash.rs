//! Scripts, as bash sees them.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use ladybug_core::bootstrap::StageKind;
use proptest::prelude::*;
use serde_json::json;

use super::support::{Bench, stages};
use crate::template::Templates;

/// Feeds a script to bash; `None`, loudly, where there is no bash.
pub(super) fn bash(arguments: &[&str], script: &str) -> Option<std::process::Output> {
    bash_in(Path::new("/"), arguments, script)
}

/// The same in a directory.
pub(super) fn bash_in(dir: &Path, arguments: &[&str], script: &str) -> Option<std::process::Output> {
    let child = Command::new("bash")
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: this machine has no bash");
        return None;
    };
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    Some(child.wait_with_output().unwrap())
}

#[test]
fn bash_parses_every_script_of_every_kind_of_cluster() {
    let mut seen = std::collections::BTreeSet::new();
    for case in super::scripts::matrix() {
        for node in case.cluster.nodes.values() {
            for kind in stages(&case, node) {
                let text = case.text(node.name.as_str(), &kind);
                // Most scripts are equal but for their values; each form is parsed once.
                if !seen.insert((
                    kind.name(),
                    text.lines().filter(|line| !line.contains('\'')).count(),
                    text.len() / 64,
                )) {
                    continue;
                }
                let Some(output) = bash(&["-n"], &text) else { return };
                assert!(output.status.success(), "{kind:?}: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
    }
}

#[test]
fn a_machine_of_another_system_is_told_so_and_not_touched() {
    // No system has this version, so that the checks can never pass on the machine that runs the tests.
    let pool =
        json!({ "name": "cp", "role": "control_plane", "provider": "a", "region": "r", "image": { "version": "0.0" } });
    let bench = Bench::new(json!({ "pools": [pool] })).with(|options| options.min_disk_gib = 1 << 30);
    let Some(output) = bash(&["-s"], &bench.text("demo-cp-1", &StageKind::Preflight)) else { return };
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stderr.len(), 0, "{}", String::from_utf8_lossy(&output.stderr));
    let codes: Vec<&str> = printed.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
    assert!(codes.contains(&"os") && codes.contains(&"disk") && codes.contains(&"clock"), "{printed}");
    let error = bench.parse("demo-cp-1", &StageKind::Preflight, 3, &printed, "").unwrap_err().to_string();
    assert!(error.contains("not ubuntu 0.0"), "{error}");
}

#[test]
fn only_a_kubelets_own_request_is_approved() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: this machine has no openssl");
        return;
    }
    let script = include_str!("../../../templates/approve.sh");
    let (checks, _) = script.split_once("kubectl get csr").unwrap();
    let (_, checks) = checks.split_once("KUBECONFIG=/etc/kubernetes/admin.conf").unwrap();
    let script = format!("set -euo pipefail\n{checks}\n{REQUESTS}");
    let Some(output) = bash(&["-s"], &script) else { return };
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "own", "{}", String::from_utf8_lossy(&output.stderr));
}

/// Makes requests, each wrong in one way but the first, and prints the names of those that would be approved.
const REQUESTS: &str = r#"
kubectl() { printf '10.250.0.3\ndemo-w-1\n'; }
cd "$(mktemp -d)"
openssl ecparam -name prime256v1 -genkey -noout -out key
try() {
  local text
  text=$(openssl req -new -key key -subj "$2" -addext "subjectAltName=$3" | base64 -w 0)
  if is_own system:node:demo-w-1 "$text"; then printf '%s ' "$1"; fi
}
try own /O=system:nodes/CN=system:node:demo-w-1 DNS:demo-w-1,IP:10.250.0.3
try address /O=system:nodes/CN=system:node:demo-w-1 DNS:demo-w-1,IP:10.250.0.1
try node /O=system:nodes/CN=system:node:demo-w-2 DNS:demo-w-1
try group /O=system:masters/CN=system:node:demo-w-1 DNS:demo-w-1
try name /O=system:nodes/CN=system:node:demo-w-1 DNS:demo-w-1,DNS:api.demo
try kind /O=system:nodes/CN=system:node:demo-w-1 DNS:demo-w-1,URI:spiffe:x
"#;

#[test]
fn shellcheck_finds_nothing_if_there_is_one() {
    if Command::new("shellcheck").arg("--version").output().is_err() {
        eprintln!("skipped: this machine has no shellcheck");
        return;
    }
    let bench = Bench::new(json!({}));
    for node in bench.cluster.nodes.values() {
        for kind in stages(&bench, node) {
            let path = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(path.path(), bench.text(node.name.as_str(), &kind)).unwrap();
            let found =
                Command::new("shellcheck").args(["-s", "bash", "-S", "warning"]).arg(path.path()).output().unwrap();
            assert!(found.status.success(), "{kind:?}: {}", String::from_utf8_lossy(&found.stdout));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hostile_value_is_one_word_that_means_itself(value in "(?s)[^\0]{0,40}|.{0,8}(['\"`\\\\$(){};&|<>\n\r\t *?\\[\\]!#~=%-]|\\$\\(touch /tmp/ladybug-was-here\\)|\\{\\{ x \\}\\}){1,12}") {
        prop_assume!(!value.contains('\0'));
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("drain.sh"), "x={{ node }}\nprintf '%s' \"$x\"\n").unwrap();
        let templates = Templates::with_dir(dir.path()).unwrap();
        let script = templates.render("drain.sh", &json!({ "node": value })).unwrap();
        if let Some(output) = bash(&[], script.expose()) {
            prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), value);
            prop_assert_eq!(output.stderr.len(), 0);
        }
    }
}
