//! Who the machine is, and who we are.

use ladybug_bootstrap::ssh::SshConnector;
use ladybug_core::{
    Disposition, ErrorKind, Secret,
    remote::{Connector, HostKeyPolicy, Target},
};

use crate::{
    server::{Server, make_key, need_sshd, plain, run},
    tap::{KEX_ECDH_INIT, KEXINIT, NEWKEYS, Tap},
};

/// The longest that a request for a service is, in bytes, with its padding and its proof.
const ONE_SHORT_PACKET: usize = 64;

/// The error of a connection, which must fail.
async fn refused(target: &Target) -> ladybug_core::Error {
    SshConnector::new().connect(target).await.map(drop).unwrap_err()
}

#[tokio::test]
async fn of_a_machine_with_several_keys_any_may_be_pinned() {
    need_sshd!();
    let types = ["rsa", "ecdsa", "ed25519"];
    let server = Server::with_host_keys(&types);
    for kind in types {
        let mut target = server.target();
        target.host_key = server.pin(kind);
        let mut session = SshConnector::new().connect(&target).await.unwrap();
        assert_eq!(run(&mut session, &plain(["true"])).await.unwrap().status, 0, "{kind}");
    }
}

#[tokio::test]
async fn a_key_may_be_believed_on_request() {
    need_sshd!();
    let server = Server::new();
    let mut target = server.target();
    target.host_key = HostKeyPolicy::TrustOnFirstUse;
    let session = SshConnector::new().connect(&target).await.unwrap();
    target.host_key = HostKeyPolicy::Pinned(session.host_key().unwrap().to_owned());
    assert!(SshConnector::new().connect(&target).await.is_ok(), "what was shown can be pinned");
}

#[tokio::test]
async fn a_man_in_the_middle_gets_neither_a_login_nor_a_command() {
    need_sshd!();
    let (server, same_type, other_type) = (Server::new(), Server::new(), Server::with_host_keys(&["ecdsa"]));
    for man in [same_type, other_type] {
        let mut target = man_target(&man);
        target.host_key = server.pin("ed25519");
        let error = refused(&target).await;
        assert_eq!((error.kind(), error.disposition()), (ErrorKind::HostKeyMismatch, Disposition::Permanent));
        let prints: Vec<_> = error.context().collect();
        assert!(
            matches!(prints[..], [("pinned", a), ("shown", b)] if a != b && a.len() == 50 && b.len() == 50),
            "{error}"
        );
        assert!(error.remedy().is_some());
        man.wait_until_idle();
        assert!(man.log().contains("SSH2_MSG_KEXINIT received"), "{}", man.log());
        assert!(!man.log().contains("userauth-request") && !man.log().contains("session"), "{}", man.log());
    }
}

#[tokio::test]
async fn a_man_between_us_and_the_machine_hears_nothing_behind_the_exchange_of_keys() {
    need_sshd!();
    let (server, man) = (Server::new(), Server::new());
    let (port, heard) = Tap::before(man.port());
    let mut target = man_target(&man);
    (target.port, target.host_key) = (port, server.pin("ed25519"));
    assert_eq!(refused(&target).await.kind(), ErrorKind::HostKeyMismatch);
    let heard = heard.join().unwrap();
    assert_eq!(heard.open, [KEXINIT, KEX_ECDH_INIT, NEWKEYS]);
    // libssh2 asks for the login service with the exchange: a name that all clients send, and no user's.
    assert!(heard.sealed <= ONE_SHORT_PACKET, "{} bytes", heard.sealed);
    assert_eq!(server.accepted(), 0);

    let (port, believed) = Tap::before(man.port());
    let mut target = man_target(&man);
    target.port = port;
    drop(SshConnector::new().connect(&target).await.unwrap());
    let believed = believed.join().unwrap();
    assert!(believed.sealed > 4 * ONE_SHORT_PACKET, "a login is heard: {} bytes", believed.sealed);
}

fn man_target(man: &Server) -> Target {
    let mut target = Target::new("127.0.0.1", "root", man.user_key("ed25519"), HostKeyPolicy::TrustOnFirstUse);
    target.port = man.port();
    target
}

#[tokio::test]
async fn keys_of_all_usual_types_log_in() {
    need_sshd!();
    let server = Server::new();
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let mut target = server.target();
        target.identity = server.user_key(kind);
        assert!(SshConnector::new().connect(&target).await.is_ok(), "{kind}");
    }
}

#[tokio::test]
async fn a_stranger_is_not_let_in() {
    need_sshd!();
    let server = Server::new();
    make_key(&server.file("stranger"), "ed25519");
    let mut target = server.target();
    target.identity = Secret::new(std::fs::read(server.file("stranger")).unwrap());
    let error = refused(&target).await;
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Unauthenticated, Disposition::Permanent));
    assert!(
        error.to_string().contains(&format!("@127.0.0.1:{}: the machine refuses the key", server.port())),
        "{error}"
    );
    assert!(error.remedy().unwrap().contains("authorized_keys"), "{:#?}", error.report());
    server.wait_until_idle();
}

#[tokio::test]
async fn what_is_no_private_key_is_said_to_be_none_and_not_shown() {
    need_sshd!();
    let server = Server::new();
    let half = server.user_key("ed25519").expose()[..200].to_vec();
    for key in [b"hunter2".to_vec(), vec![0xff, 0xfe], half, Vec::new()] {
        let mut target = server.target();
        target.identity = Secret::new(key);
        let error = refused(&target).await;
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
        assert!(!format!("{error:?} {}", error.report()).contains("hunter2"));
    }
}

#[tokio::test]
async fn a_pin_that_is_no_key_is_refused_before_anything_is_sent() {
    need_sshd!();
    let server = Server::new();
    let mut target = server.target();
    target.host_key = HostKeyPolicy::Pinned("ssh-ed25519 nonsense".to_owned());
    assert_eq!(refused(&target).await.kind(), ErrorKind::InvalidSpec);
    assert_eq!(server.accepted(), 0);
}
