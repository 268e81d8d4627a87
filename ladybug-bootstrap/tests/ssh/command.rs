//! Commands.

use std::{fs, future::Future, pin::pin, task::Poll, time::Duration};

use ladybug_core::{Disposition, ErrorKind, Secret};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::server::{Server, endless, need_sshd, plain, run, shell};

const BIG: usize = 5 << 20;

#[tokio::test]
async fn a_command_gives_its_status_and_both_outputs() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let output = run(&mut session, &shell("echo out; echo err >&2; exit 7")).await.unwrap();
    assert_eq!((output.status, output.stdout.as_str(), output.stderr.as_str()), (7, "out\n", "err\n"));
}

#[tokio::test]
async fn a_command_that_dies_of_a_signal_gives_128_and_its_number() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    for (signal, status) in [("KILL", 137), ("TERM", 143), ("SEGV", 139)] {
        let output = run(&mut session, &shell(&format!("kill -{signal} $$"))).await.unwrap();
        assert_eq!(output.status, status, "{signal}");
    }
}

#[tokio::test]
async fn all_commands_of_a_session_share_one_connection() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    for number in 0..20 {
        let output = run(&mut session, &plain(["echo", &number.to_string()])).await.unwrap();
        assert_eq!(output.stdout, format!("{number}\n"));
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn input_of_five_mebibytes_comes_back_whole() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let input: String = (0..)
        .map(|n| format!("{n}\n"))
        .scan(0, |len, line| {
            *len += line.len();
            (*len < BIG).then_some(line)
        })
        .collect();
    let cat = plain(["cat"]).with_stdin(Secret::new(input.clone().into_bytes()));
    let mut lines = 0;
    let output = session.run(&cat, &mut |_| lines += 1).await.unwrap();
    assert!(output.stdout == input && output.stderr.is_empty());
    assert_eq!(lines, input.lines().count());
}

#[tokio::test]
async fn five_mebibytes_on_both_outputs_at_once_do_not_stop_each_other() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let print = format!("head -c {BIG} /dev/zero | tr '\\0'");
    let output = run(&mut session, &shell(&format!("{print} e >&2 & {print} o; wait"))).await.unwrap();
    assert_eq!((output.stdout.len(), output.stderr.len()), (BIG, BIG));
    assert!(output.stdout.bytes().all(|byte| byte == b'o') && output.stderr.bytes().all(|byte| byte == b'e'));
}

#[tokio::test]
async fn output_on_one_stream_while_input_flows_does_not_stop_either() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let script = format!("head -c {BIG} /dev/zero >&2; wc -c; head -c {BIG} /dev/zero >&2");
    let output = run(&mut session, &shell(&script).with_stdin(Secret::new(vec![b'x'; BIG]))).await.unwrap();
    assert_eq!((output.status, output.stdout.trim()), (0, BIG.to_string().as_str()));
    assert!(output.stderr.starts_with("[2097152 bytes before this were dropped]"));
}

#[tokio::test]
async fn what_a_command_does_not_read_does_no_harm() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let input = Secret::new(vec![b'x'; BIG]);
    assert_eq!(run(&mut session, &plain(["true"]).with_stdin(input)).await.unwrap().status, 0);
    assert_eq!(run(&mut session, &plain(["echo", "next"])).await.unwrap().stdout, "next\n");
}

#[tokio::test]
async fn of_endless_output_the_end_is_kept() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let output = run(&mut session, &shell("head -c 30000000 /dev/zero; echo end")).await.unwrap();
    assert!(output.stdout.starts_with("[21611396 bytes before this were dropped]\n"), "{}", &output.stdout[..60]);
    assert!(output.stdout.ends_with("end\n"));
}

#[tokio::test]
async fn lines_come_while_the_command_runs() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let seen = server.file("seen");
    let script = format!("echo first; until [ -e {} ]; do sleep 0.01; done; printf last", seen.display());
    let mut lines = Vec::new();
    let mut sink = |line: &str| {
        lines.push(line.to_owned());
        fs::write(&seen, "").unwrap();
    };
    session.run(&shell(&script), &mut sink).await.unwrap();
    assert_eq!(lines, ["first", "last"]);
}

#[tokio::test]
async fn secret_output_is_returned_but_not_shown() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let mut shown = 0;
    let command = plain(["echo", "hunter2"]).with_secret_output();
    let output = session.run(&command, &mut |_| shown += 1).await.unwrap();
    assert_eq!((output.stdout.as_str(), shown), ("hunter2\n", 0));
}

#[tokio::test]
async fn hostile_arguments_arrive_as_they_are() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let piece = prop_oneof!["['\"\\\\`$(){}!&|;<>*?~#\n\t -]{1,6}", "[^\\x00]{0,6}", Just("$(touch pwned)".to_owned())];
    let words = vec(vec(piece, 0..4).prop_map(|pieces| pieces.concat()), 1..12);
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for _ in 0..30 {
        let words = words.new_tree(&mut runner).unwrap().current();
        let argv = ["printf", "%s\\001"].map(str::to_owned).into_iter().chain(words.clone());
        let mut command = plain(argv);
        command.env.insert("HOSTILE".to_owned(), words.concat());
        let output = run(&mut session, &command).await.unwrap();
        assert_eq!(output.stdout, words.iter().map(|word| format!("{word}\u{1}")).collect::<String>());
    }
}

#[tokio::test]
async fn a_command_that_cannot_be_sent_leaves_the_session_good() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let error = run(&mut session, &plain(["echo", "a\0b"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSpec);
    assert_eq!(run(&mut session, &plain(["echo", "next"])).await.unwrap().stdout, "next\n");
}

#[tokio::test]
async fn a_command_out_of_time_is_ambiguous_and_ends_the_session() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let error = run(&mut session, &endless().with_timeout(Duration::from_millis(50))).await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Timeout, Disposition::Ambiguous));
    server.wait_until_idle();
    let error = run(&mut session, &plain(["true"])).await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Unavailable, Disposition::Transient { after: None }));
}

#[tokio::test]
async fn a_command_that_nobody_waits_for_ends_with_its_session() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    {
        let command = endless();
        let (sender, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let mut sink = move |line: &str| sender.send(line.to_owned()).unwrap();
        let mut running = pin!(session.run(&command, &mut sink));
        let first = std::future::poll_fn(|cx| match running.as_mut().poll(cx) {
            Poll::Ready(end) => panic!("it ended: {end:?}"),
            Poll::Pending => begun.poll_recv(cx),
        });
        assert_eq!(first.await.as_deref(), Some("begun"));
    }
    server.wait_until_idle();
    assert_eq!(run(&mut session, &plain(["true"])).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_dropped_session_closes_its_connection() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    run(&mut session, &plain(["true"])).await.unwrap();
    drop(session);
    server.wait_until_idle();
}

#[tokio::test]
async fn a_connection_that_breaks_under_a_command_is_ambiguous() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let mut cut = |_: &str| server.cut();
    let error = session.run(&endless(), &mut cut).await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Unavailable, Disposition::Ambiguous));
}

#[tokio::test]
async fn a_connection_that_broke_before_a_command_leaves_nothing_to_observe() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    run(&mut session, &plain(["true"])).await.unwrap();
    server.cut();
    server.wait_until_idle();
    let error = run(&mut session, &plain(["true"])).await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Unavailable, Disposition::Transient { after: None }));
}
