//! Killed within a claim and within a release, and gone on with.

use std::{
    io::Write,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use ladybug_core::{
    Error, ErrorKind, Result, Secret,
    cloud::{CloudDriver, CloudDriverExt, Deletion, ResourceStatus},
    remote::{Connector, LineSink, RemoteCommand, RemoteOutput, RemoteSession, Target},
};

use crate::{
    machine::{Machine, assert_same, need_machines},
    scene::{Cluster, at, call, driver_by, host},
};

/// Runs commands in the machine without SSH, which would take most of the time; the `fatal`th command of a script
/// kills the shell before it begins. 0 lets all live.
#[derive(Clone, Debug)]
struct Killer {
    machine: Arc<Machine>,
    fatal: Arc<AtomicUsize>,
}

#[async_trait]
impl Connector for Killer {
    async fn connect(&self, _: &Target) -> Result<Box<dyn RemoteSession>> {
        Ok(Box::new(self.clone()))
    }
}

#[async_trait]
impl RemoteSession for Killer {
    fn host_key(&self) -> Option<&str> {
        None
    }

    async fn run(&mut self, command: &RemoteCommand, _: LineSink<'_>) -> Result<RemoteOutput> {
        let fatal = self.fatal.load(Ordering::SeqCst);
        let trap = "set -T; n=0; trap '[ $((n += 1)) != FATAL ] || kill -KILL $$' DEBUG\n";
        let script = trap.replace("FATAL", &fatal.to_string()) + &command.argv[2];
        let words = ["bash", "-c", &script].into_iter().chain(command.argv[3..].iter().map(String::as_str));
        let mut child = self.machine.command(&words.collect::<Vec<_>>());
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(command.stdin.as_ref().unwrap().expose());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        match output.status.code() {
            Some(status) if status < 128 => Ok(RemoteOutput::new(status, text(output.stdout), text(output.stderr))),
            _ => Err(Error::new(ErrorKind::Unavailable, "run a command").with_message("it was killed")),
        }
    }

    async fn put(&mut self, _: &str, _: u32, _: &Secret<Vec<u8>>) -> Result<()> {
        unreachable!("the driver writes no files by itself")
    }
}

/// Every so many commands one is killed: all of them take minutes.
const STRIDE: usize = 5;

#[tokio::test]
async fn a_claim_and_a_release_survive_being_killed_at_any_command() {
    need_machines!();
    let machine = Arc::new(Machine::new());
    let fatal = Arc::new(AtomicUsize::new(0));
    let killer = Killer { machine: Arc::clone(&machine), fatal: Arc::clone(&fatal) };
    let (driver, cluster) = (driver_by([host("rack-1", &machine)], Arc::new(killer)), Cluster::new("demo"));
    let ground = cluster.ground(&driver).await.unwrap();
    let before = machine.snapshot();
    // The claim that is gone on with ends as one that was never cut.
    let whole = cluster.claim(&driver, &ground, "rack-1").await.unwrap();
    let claimed = machine.snapshot();
    driver.delete(&call(), &whole.reference).await.unwrap();
    assert_same(&machine.snapshot(), &before, "in the end");
    let (mut cut_claims, mut cut_releases) = (0, 0);
    for number in (1..).step_by(STRIDE) {
        fatal.store(number, Ordering::SeqCst);
        let cut = cluster.claim(&driver, &ground, "rack-1").await;
        fatal.store(0, Ordering::SeqCst);
        let shown = driver.owned(&call(), &cluster.uid, &at()).await.unwrap();
        let begun = shown.iter().find(|resource| resource.reference == whole.reference);
        if number % 2 == 0 {
            assert_eq!(cluster.claim(&driver, &ground, "rack-1").await.unwrap(), whole, "at command {number}");
            let now = without_times(&machine.snapshot());
            assert_same(&now, &without_times(&claimed), &format!("claimed at command {number}"));
        } else if cut.is_err() {
            assert!(begun.is_none_or(|it| it.status == ResourceStatus::Pending), "at command {number}: {begun:?}");
        }
        fatal.store(number, Ordering::SeqCst);
        let cut_release = driver.delete(&call(), &whole.reference).await;
        fatal.store(0, Ordering::SeqCst);
        let rest = driver.delete(&call(), &whole.reference).await.unwrap();
        assert!(cut_release.is_err() || rest == Deletion::AlreadyAbsent);
        assert_same(&machine.snapshot(), &before, &format!("released at command {number}"));
        cut_claims += usize::from(cut.is_err());
        cut_releases += usize::from(cut_release.is_err());
        if cut.is_ok() && number % 2 == 0 {
            break;
        }
    }
    eprintln!("killed at {cut_claims} commands of a claim and {cut_releases} of a release; 0 left each time");
    assert!(cut_claims > 10 && cut_releases > 4, "{cut_claims} {cut_releases}");
}

/// /etc/shadow has the day of the change; nothing else differs between two claims.
fn without_times(snapshot: &str) -> String {
    snapshot.lines().filter(|line| !line.ends_with("etc/shadow")).collect::<Vec<_>>().join("\n")
}
