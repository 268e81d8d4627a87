//! Files.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use ladybug_core::{ErrorKind, Secret};

use crate::server::{Server, need_sshd, plain, run, shell};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn secret(content: &[u8]) -> Secret<Vec<u8>> {
    Secret::new(content.to_vec())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn a_file_has_the_content_and_mode_and_leaves_nothing_beside() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let path = server.file("new/deep/it's $(a) \"file\"\n.conf");
    for (mode_wanted, size) in [(0o600, 0), (0o755, 100_000), (0o644, 3 << 20), (0o4750, 1)] {
        let content: Vec<u8> = (0..size).map(|n: usize| (n % 251) as u8).collect();
        session.put(text(&path), mode_wanted, &secret(&content)).await.unwrap();
        assert!(fs::read(&path).unwrap() == content);
        assert_eq!(mode(&path), mode_wanted);
    }
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_reader_sees_the_old_file_or_the_new_and_never_half() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let (path, done) = (server.file("watched"), Arc::new(AtomicBool::new(false)));
    let contents = [vec![b'a'; 200_000], vec![b'b'; 300_000]];
    session.put(text(&path), 0o600, &secret(&contents[0])).await.unwrap();
    let (watched, known, over) = (path.clone(), contents.clone(), Arc::clone(&done));
    let reader = thread::spawn(move || {
        while !over.load(Ordering::SeqCst) {
            assert!(known.contains(&fs::read(&watched).unwrap()));
        }
    });
    for content in contents.iter().cycle().take(10) {
        session.put(text(&path), 0o600, &secret(content)).await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    reader.join().unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_written_says_why_and_leaves_the_session_good() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    fs::create_dir_all(server.file("directory/inside")).unwrap();
    fs::write(server.file("plain"), "old").unwrap();
    for path in ["directory", "plain/below"] {
        let error = session.put(text(&server.file(path)), 0o600, &secret(b"hunter2")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RemoteCommand);
        assert!(error.message().unwrap().contains("irectory"), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    assert_eq!(fs::read(server.file("plain")).unwrap(), b"old");
    let left = fs::read_dir(server.file("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!left.into_iter().any(|name| name.to_string_lossy().ends_with(".ladybug")));
    assert_eq!(run(&mut session, &plain(["echo", "next"])).await.unwrap().stdout, "next\n");
}

#[tokio::test]
async fn a_session_writes_all_its_files_by_one_program() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    for number in 0..5 {
        session.put(text(&server.file(&number.to_string())), 0o600, &secret(b"content")).await.unwrap();
        assert_eq!(run(&mut session, &plain(["echo", "between"])).await.unwrap().stdout, "between\n");
    }
    assert_eq!(server.log().matches("Starting session: command").count(), 1 + 5);
    assert_eq!(server.accepted(), 1);
    drop(session);
    server.wait_until_idle();
}

#[tokio::test]
async fn whoever_kills_that_program_loses_no_file() {
    need_sshd!();
    let server = Server::new();
    let mut session = server.connect().await;
    let path = server.file("file");
    for content in [b"one", b"two"] {
        session.put(text(&path), 0o600, &secret(content)).await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), content);
        let others = "for it in $(cat /proc/$PPID/task/$PPID/children); do [ $it = $$ ] || kill -KILL $it; done";
        assert_eq!(run(&mut session, &shell(others)).await.unwrap().status, 0);
    }
}

#[tokio::test]
async fn a_machine_that_allows_one_command_at_a_time_is_served_too() {
    need_sshd!();
    let server = Server::new();
    let config = fs::read_to_string(server.file("sshd_config")).unwrap();
    fs::write(server.file("sshd_config"), config + "MaxSessions 1\n").unwrap();
    let mut session = server.connect().await;
    for content in [b"one", b"two"] {
        session.put(text(&server.file("file")), 0o600, &secret(content)).await.unwrap();
        let read = run(&mut session, &plain(["cat", text(&server.file("file"))])).await.unwrap();
        assert_eq!(read.stdout.as_bytes(), content);
    }
}
