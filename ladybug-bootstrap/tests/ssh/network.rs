//! Connections: none, slow, many, idle, and through others.

use std::{net::TcpListener, time::Duration};

use ladybug_bootstrap::ssh::SshConnector;
use ladybug_core::{
    Disposition, Error, ErrorKind,
    remote::{Connector, HostKeyPolicy, Target},
};
use tokio::task::JoinSet;

use crate::server::{Server, endless, make_key, need_sshd, plain, run, shell};

async fn refused(connector: &SshConnector, target: &Target) -> Error {
    connector.connect(target).await.map(drop).unwrap_err()
}

fn assert_unavailable(error: &Error) {
    let transient = Disposition::Transient { after: None };
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Unavailable, transient), "{error:?}");
}

#[tokio::test]
async fn where_nobody_listens_nothing_happened() {
    need_sshd!();
    let mut target = Server::new().target();
    target.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = refused(&SshConnector::new(), &target).await;
    assert_unavailable(&error);
    assert!(error.to_string().contains(&format!("@127.0.0.1:{}: there is no connection", target.port)), "{error}");
    assert!(error.remedy().unwrap().contains("the firewall lets port 22 pass"), "{:#?}", error.report());
}

#[tokio::test]
async fn who_listens_but_never_speaks_is_given_up_in_time() {
    need_sshd!();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut target = Server::new().target();
    target.port = silent.local_addr().unwrap().port();
    let connector = SshConnector::new().with_connect_timeout(Duration::from_millis(50));
    assert_unavailable(&refused(&connector, &target).await);
    let (mut stream, _) = silent.accept().unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut stream, &mut said).unwrap();
    assert!(said.starts_with("SSH-2.0-") && said.lines().count() == 1, "the connection is closed: {said:?}");
}

#[tokio::test]
async fn who_hangs_up_at_once_is_unavailable() {
    need_sshd!();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut target = Server::new().target();
    target.port = listener.local_addr().unwrap().port();
    let hang_up = std::thread::spawn(move || drop(listener.accept().unwrap()));
    assert_unavailable(&refused(&SshConnector::new(), &target).await);
    hang_up.join().unwrap();
}

/// A target behind `jump`.
fn through(jump: &Server, server: &Server) -> Target {
    let mut target = server.target();
    target.via = Some(Box::new(jump.target()));
    target
}

#[tokio::test]
async fn a_machine_is_reached_through_another() {
    need_sshd!();
    let (jump, server) = (Server::new(), Server::new());
    let mut session = SshConnector::new().connect(&through(&jump, &server)).await.unwrap();
    let print = "head -c 5000000 /dev/zero | tr '\\0' x";
    let command = shell(&format!("cat >/dev/null & {print} >&2; {print}; wait"))
        .with_stdin(ladybug_core::Secret::new(vec![1; 5 << 20]));
    let output = run(&mut session, &command).await.unwrap();
    assert_eq!((output.status, output.stdout.len(), output.stderr.len()), (0, 5_000_000, 5_000_000));
    drop(session);
    server.wait_until_idle();
    jump.wait_until_idle();
}

#[tokio::test]
async fn a_call_dropped_behind_a_jump_host_ends_both_sessions() {
    need_sshd!();
    let (jump, server) = (Server::new(), Server::new());
    let mut session = SshConnector::new().connect(&through(&jump, &server)).await.unwrap();
    let error = run(&mut session, &endless().with_timeout(Duration::from_millis(50))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    server.wait_until_idle();
    jump.wait_until_idle();
}

#[tokio::test]
async fn two_jump_hosts_in_a_row_work() {
    need_sshd!();
    let (first, second, server) = (Server::new(), Server::new(), Server::new());
    let mut target = server.target();
    target.via = Some(Box::new(through(&first, &second)));
    let mut session = SshConnector::new().connect(&target).await.unwrap();
    assert_eq!(run(&mut session, &plain(["echo", "far"])).await.unwrap().stdout, "far\n");
}

#[tokio::test]
async fn a_jump_host_proves_its_identity_too() {
    need_sshd!();
    let (jump, server) = (Server::new(), Server::new());
    let mut target = through(&jump, &server);
    target.via.as_mut().unwrap().host_key = server.pin("ed25519");
    assert_eq!(refused(&SshConnector::new(), &target).await.kind(), ErrorKind::HostKeyMismatch);
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn what_a_jump_host_does_not_reach_is_unavailable() {
    need_sshd!();
    let (jump, server) = (Server::new(), Server::new());
    let mut target = through(&jump, &server);
    target.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = refused(&SshConnector::new(), &target).await;
    assert_unavailable(&error);
    assert!(error.to_string().contains("jump host"), "{error}");
    jump.wait_until_idle();
}

#[tokio::test]
async fn fifty_sessions_run_at_once_on_a_runtime_of_one_thread() {
    need_sshd!();
    let server = Server::new();
    let rendezvous = server.file("all");
    let mut sessions = JoinSet::new();
    for number in 0..50 {
        let (target, path) = (server.target(), rendezvous.clone());
        sessions.spawn(async move {
            let mut session = SshConnector::new().connect(&target).await.unwrap();
            let script =
                format!("echo >>{0}; until [ $(wc -l <{0}) = 50 ]; do sleep 0.05; done; echo {number}", path.display());
            run(&mut session, &shell(&script)).await.unwrap().stdout
        });
    }
    let mut said = sessions.join_all().await;
    said.sort_by_key(|text| text.trim().parse::<u32>().unwrap());
    assert_eq!(said, (0..50).map(|number| format!("{number}\n")).collect::<Vec<_>>());
}

#[tokio::test]
async fn silence_is_broken_by_signs_of_life() {
    need_sshd!();
    let server = Server::new();
    let connector = SshConnector::new().with_keepalive(Duration::from_secs(1));
    let mut session = connector.connect(&server.target()).await.unwrap();
    let script = format!("until grep -q keepalive@libssh2.org {}; do sleep 0.05; done", server.file("log").display());
    assert_eq!(run(&mut session, &shell(&script)).await.unwrap().status, 0);
    let before = server.log().matches("keepalive@libssh2.org").count();
    while server.log().matches("keepalive@libssh2.org").count() == before {
        tokio::task::yield_now().await;
    }
    assert_eq!(run(&mut session, &plain(["echo", "alive"])).await.unwrap().stdout, "alive\n");
}

#[tokio::test]
async fn no_secret_is_in_debug() {
    need_sshd!();
    let server = Server::new();
    make_key(&server.file("other"), "ed25519");
    let session = server.connect().await;
    let shown = format!("{session:?} {:?} {:?}", server.target(), SshConnector::new());
    let key = String::from_utf8(server.user_key("ed25519").expose().clone()).unwrap();
    assert!(key.lines().filter(|line| line.len() > 8).all(|line| !shown.contains(line)), "{shown}");
    assert!(matches!(server.pin("ed25519"), HostKeyPolicy::Pinned(_)));
}
