//! Scripts that really run, in a copy of this machine that nobody else sees.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// What one script did.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) status: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// The commands that stubs stood for, one a line.
    pub(super) calls: String,
    /// Every file that is not as the image had it, before and after: its mode, time and target.
    pub(super) before: BTreeMap<String, String>,
    pub(super) after: BTreeMap<String, String>,
}

impl Ran {
    /// Whether a stub stood for a command that begins like this.
    pub(super) fn called(&self, start: &str) -> bool {
        self.calls.lines().any(|line| line.starts_with(start))
    }
}

/// Runs scripts one after the other, each after a few commands that set its scene; `None`, loudly, where this needs
/// rights that the tests do not have.
pub(super) fn play(steps: &[(&str, &str)]) -> Option<Vec<Ran>> {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    put("enter.sh", include_str!("enter.sh"));
    put("stub.sh", include_str!("stub.sh"));
    for (number, (before, script)) in steps.iter().enumerate() {
        put(&format!("{number}.before"), before);
        put(&format!("{number}.sh"), script);
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private", "bash"]);
    let output = command.arg(dir.path().join("enter.sh")).arg(dir.path()).output();
    let entered =
        output.as_ref().is_ok_and(|output| dir.path().join("disk").exists() && output.status.code() != Some(77));
    if !entered {
        eprintln!("skipped: scripts run only as root, where there are namespaces and overlay file systems: {output:?}");
        return None;
    }
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some((0..steps.len()).map(|number| ran(dir.path(), number)).collect())
}

fn ran(dir: &Path, number: usize) -> Ran {
    let read =
        |part: &str| String::from_utf8_lossy(&fs::read(dir.join(format!("{number}.{part}"))).unwrap()).into_owned();
    let files = |part: &str| -> BTreeMap<String, String> {
        read(part).lines().filter_map(|line| line.split_once('\t')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
    };
    Ran {
        status: read("rc").parse().unwrap(),
        stdout: read("out"),
        stderr: read("err"),
        calls: read("calls"),
        before: files("files.before"),
        after: files("files"),
    }
}
