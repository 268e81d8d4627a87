//! What a refusal means. Status codes say little (what is missing is 400, 404 or 500), so the message decides.

use std::time::Duration;

use ladybug_core::{Disposition, Error, ErrorKind};

/// What one refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Meaning {
    kind: ErrorKind,
    /// Nothing happened, and another try may help.
    passes: bool,
    remedy: &'static str,
}

const fn lasting(kind: ErrorKind, remedy: &'static str) -> Meaning {
    Meaning { kind, passes: false, remedy }
}

const fn passing(kind: ErrorKind, remedy: &'static str) -> Meaning {
    Meaning { kind, passes: true, remedy }
}

/// The longest part of a message that is shown.
const MOST: usize = 600;

/// How long the server wants to be left alone after 429: its bucket of 2 requests a second is empty.
const BREATH: Duration = Duration::from_secs(1);

/// Words of the server and of the clouds behind it, in lower case, with what they mean; the first that occurs counts.
const WORDS: [(&str, Meaning); 40] = [
    ("rate limit exceeded", passing(ErrorKind::RateLimited, WAIT)),
    ("request-id is already in use", passing(ErrorKind::Conflict, WAIT)),
    ("please try later", passing(ErrorKind::Conflict, "another action of this infra is under way; wait for its end")),
    ("still referenced by", passing(ErrorKind::Conflict, USED)),
    ("dependencyviolation", passing(ErrorKind::Conflict, USED)),
    ("is in use", passing(ErrorKind::Conflict, USED)),
    ("subnets exist", passing(ErrorKind::Conflict, USED)),
    ("deletion in progress", passing(ErrorKind::Conflict, RETRY_DELETION)),
    ("deletion unconfirmed", passing(ErrorKind::Conflict, RETRY_DELETION)),
    ("unconfirmed deletion", passing(ErrorKind::Conflict, RETRY_DELETION)),
    ("retry deletion", passing(ErrorKind::Conflict, RETRY_DELETION)),
    ("not yet confirmed terminated", passing(ErrorKind::Conflict, RETRY_DELETION)),
    ("is not allowed for", passing(ErrorKind::Conflict, "wait until the machine's last change has ended")),
    ("not valid namespace", lasting(ErrorKind::NotFound, "correct the namespace, or make it")),
    ("insufficientinstancecapacity", lasting(ErrorKind::NoCapacity, ELSEWHERE)),
    ("resource_pool_exhausted", lasting(ErrorKind::NoCapacity, ELSEWHERE)),
    ("resourcepoolexhausted", lasting(ErrorKind::NoCapacity, ELSEWHERE)),
    ("allocationfailed", lasting(ErrorKind::NoCapacity, ELSEWHERE)),
    ("skunotavailable", lasting(ErrorKind::NoCapacity, ELSEWHERE)),
    ("nostock", lasting(ErrorKind::NoCapacity, ELSEWHERE)),
    ("insufficient capacity", lasting(ErrorKind::NoCapacity, ELSEWHERE)),
    ("limitexceeded", lasting(ErrorKind::QuotaExceeded, RAISE)),
    ("quota", lasting(ErrorKind::QuotaExceeded, RAISE)),
    ("authfailure", lasting(ErrorKind::Unauthenticated, CREDENTIAL)),
    ("invalidclienttokenid", lasting(ErrorKind::Unauthenticated, CREDENTIAL)),
    ("unauthorizedoperation", lasting(ErrorKind::PermissionDenied, PERMISSION)),
    ("accessdenied", lasting(ErrorKind::PermissionDenied, PERMISSION)),
    ("authorizationfailed", lasting(ErrorKind::PermissionDenied, PERMISSION)),
    ("unauthorized", lasting(ErrorKind::Unauthenticated, "correct the user and password, or the token, of the API")),
    ("already exists", lasting(ErrorKind::AlreadyExists, "rename or delete what has the name")),
    ("does not exist", lasting(ErrorKind::NotFound, LOOK)),
    ("not found", lasting(ErrorKind::NotFound, LOOK)),
    ("failed to find", lasting(ErrorKind::NotFound, LOOK)),
    ("failed to delete the node info", passing(ErrorKind::Conflict, RETRY_DELETION)),
    ("internal server error", passing(ErrorKind::Unavailable, SERVER)),
    ("connection refused", passing(ErrorKind::Unavailable, SERVER)),
    ("context deadline exceeded", passing(ErrorKind::Unavailable, SERVER)),
    ("etcdserver", passing(ErrorKind::Unavailable, SERVER)),
    ("unexpected eof", passing(ErrorKind::Unavailable, SERVER)),
    ("i/o timeout", passing(ErrorKind::Unavailable, SERVER)),
];

const WAIT: &str = "wait, and ask less often";
const USED: &str = "delete what uses it first";
const RETRY_DELETION: &str = "ask for the deletion again after a while";
const ELSEWHERE: &str = "take another machine type or zone, or wait";
const RAISE: &str = "delete what is not needed, or ask the cloud for a higher quota";
const CREDENTIAL: &str = "register a working credential for the connection in Tumblebug";
const PERMISSION: &str = "give the connection's credential the permission that the message names";
const LOOK: &str = "look for it in Tumblebug, and correct its name";
const SERVER: &str = "look at the logs of Tumblebug and of Spider behind it";

/// The error of `operation`, which `writes` or only reads, that the server refused.
pub(super) fn refused(operation: String, status: u16, message: &str, writes: bool) -> Error {
    let meaning = meaning(status, message);
    let error = Error::new(meaning.kind, operation)
        .with_message(shortened(message))
        .with_context("code", status)
        .with_remedy(meaning.remedy);
    error.with_disposition(disposition(&meaning, writes))
}

/// A broken server may have done what it was asked; what waits for its turn was not begun.
fn disposition(meaning: &Meaning, writes: bool) -> Disposition {
    match (meaning.passes, meaning.kind) {
        (true, ErrorKind::Unavailable) if writes => Disposition::Ambiguous,
        (true, ErrorKind::RateLimited) => Disposition::Transient { after: Some(BREATH) },
        (true, _) => Disposition::Transient { after: None },
        (false, _) => Disposition::Permanent,
    }
}

fn meaning(status: u16, message: &str) -> Meaning {
    match status {
        401 => return lasting(ErrorKind::Unauthenticated, "correct the user and password, or the token, of the API"),
        403 => return lasting(ErrorKind::PermissionDenied, "give the user the role that this call needs"),
        429 => return passing(ErrorKind::RateLimited, WAIT),
        502..=504 => return passing(ErrorKind::Unavailable, SERVER),
        _ => {}
    }
    let lower = message.to_lowercase();
    let said = WORDS.iter().find(|(word, _)| lower.contains(word)).map(|(_, meaning)| *meaning);
    said.unwrap_or(match (status, message.trim()) {
        (500.., "") => passing(ErrorKind::Unavailable, SERVER),
        _ => lasting(ErrorKind::Unexpected, "correct what the message names; if it names nothing, report it"),
    })
}

/// Whether the server says that something is not there.
pub(super) fn is_absence(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
}

/// Why a machine failed, as the error of the call that made it.
pub(super) fn failed_machine(operation: String, reason: &str) -> Error {
    refused(operation, 200, if reason.is_empty() { "the machine failed without a reason" } else { reason }, false)
}

fn shortened(message: &str) -> String {
    let message = message.trim();
    let mut text: String = message.chars().take(MOST).collect();
    if text.len() < message.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, message: &str, writes: bool) -> (ErrorKind, Disposition) {
        let error = refused("make x".to_owned(), status, message, writes);
        assert!(error.remedy().is_some());
        (error.kind(), error.disposition())
    }

    #[test]
    fn the_message_decides_and_not_the_status() {
        for status in [400, 404, 500] {
            for message in [
                "The infra x does not exist.",
                "Failed to find the vNet x",
                "Not found [/ns/a]",
                "does not exist, vNet: x",
            ] {
                assert_eq!(of(status, message, false), (ErrorKind::NotFound, Disposition::Permanent), "{message}");
            }
        }
    }

    #[test]
    fn what_passes_is_transient() {
        let cases = [
            (429, "rate limit exceeded", ErrorKind::RateLimited),
            (400, "Infra x is under Create, please try later", ErrorKind::Conflict),
            (400, "cannot delete vNet 'x': still referenced by 1 object(s): [y]", ErrorKind::Conflict),
            (
                409,
                "previous deletion of sshKey 'x' is unconfirmed (name held by unconfirmed deletion)",
                ErrorKind::Conflict,
            ),
            (202, "deletion of sshKey 'x' is already in progress (deletion in progress)", ErrorKind::Conflict),
        ];
        for (status, message, kind) in cases {
            let (found, disposition) = of(status, message, true);
            assert_eq!(found, kind, "{message}");
            assert!(matches!(disposition, Disposition::Transient { .. }), "{message}");
        }
    }

    #[test]
    fn a_broken_server_may_have_done_it() {
        assert_eq!(of(503, "", true), (ErrorKind::Unavailable, Disposition::Ambiguous));
        assert_eq!(of(503, "", false), (ErrorKind::Unavailable, Disposition::Transient { after: None }));
    }

    #[test]
    fn a_clouds_own_words_are_heard_inside_of_the_servers() {
        let skipped = "VM creation skipped: region quota/capacity exhausted";
        let quota = failed_machine("make m".to_owned(), &format!("{skipped} (VcpuLimitExceeded)"));
        let capacity = failed_machine("make m".to_owned(), &format!("{skipped} (InsufficientInstanceCapacity)"));
        assert_eq!(quota.kind(), ErrorKind::QuotaExceeded);
        assert_eq!(capacity.kind(), ErrorKind::NoCapacity);
    }

    #[test]
    fn long_messages_are_cut() {
        let error = refused("make x".to_owned(), 400, &"ä".repeat(2_000), true);
        assert_eq!(error.message().unwrap().chars().count(), MOST + 1);
    }
}
