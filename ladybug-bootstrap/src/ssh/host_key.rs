//! Who a machine is: the pinned key against the one it shows.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use ladybug_core::{Error, ErrorKind, Result, remote::HostKeyPolicy};
use sha2::{Digest, Sha256};

/// Signatures over SHA-1, by which a machine cannot prove anything.
const WEAK: [&str; 2] = ["ssh-rsa", "ssh-dss"];

/// What a machine must show.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Anything,
    Key { kind: String, blob: Vec<u8> },
}

impl Expected {
    /// Reads a policy.
    ///
    /// # Errors
    /// `InvalidSpec` for what is not an OpenSSH public key.
    pub(super) fn new(policy: &HostKeyPolicy) -> Result<Self> {
        match policy {
            HostKeyPolicy::Pinned(line) => parse(line).ok_or_else(unreadable),
            HostKeyPolicy::TrustOnFirstUse => Ok(Self::Anything),
            _ => Err(Error::new(ErrorKind::Unsupported, "check the host key").with_message("the policy is unknown")),
        }
    }

    /// The signature algorithms to offer, best first. Those of the wanted key lead, so that a machine with several
    /// keys shows that one.
    pub(super) fn preference(&self, supported: &[&str]) -> String {
        let usable = supported.iter().copied().filter(|name| !WEAK.contains(name));
        let (mut offer, others): (Vec<&str>, Vec<&str>) = usable.partition(|name| self.signs(name));
        offer.extend(others);
        offer.join(",")
    }

    fn signs(&self, algorithm: &str) -> bool {
        match self {
            Self::Anything => false,
            Self::Key { kind, .. } if kind == "ssh-rsa" => matches!(algorithm, "rsa-sha2-512" | "rsa-sha2-256"),
            Self::Key { kind, .. } => kind == algorithm,
        }
    }

    /// Compares with the key that was `shown`.
    ///
    /// # Errors
    /// `HostKeyMismatch`, with both fingerprints.
    pub(super) fn check(&self, shown: &[u8], peer: &str) -> Result<()> {
        match self {
            Self::Anything => Ok(()),
            Self::Key { blob, .. } if blob == shown => Ok(()),
            Self::Key { blob, .. } => Err(mismatch(blob, shown, peer)),
        }
    }
}

/// A key in OpenSSH's one-line form.
pub(super) fn line(blob: &[u8]) -> String {
    let kind = String::from_utf8_lossy(blob_kind(blob).unwrap_or_default());
    format!("{kind} {}", STANDARD.encode(blob))
}

/// The fingerprint that `ssh-keygen -l` prints.
fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(blob)))
}

fn parse(line: &str) -> Option<Expected> {
    let mut words = line.split_ascii_whitespace();
    let (kind, text) = (words.next()?, words.next()?);
    let blob = STANDARD.decode(text).ok()?;
    (blob_kind(&blob)? == kind.as_bytes()).then(|| Expected::Key { kind: kind.to_owned(), blob })
}

/// The name that a blob begins with, after its length.
fn blob_kind(blob: &[u8]) -> Option<&[u8]> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn mismatch(wanted: &[u8], shown: &[u8], peer: &str) -> Error {
    Error::new(ErrorKind::HostKeyMismatch, format!("connect to {peer}"))
        .with_message("the machine shows another host key than the pinned one; nothing was sent to it")
        .with_context("pinned", fingerprint(wanted))
        .with_context("shown", fingerprint(shown))
        .with_remedy("find out who answers at this address; pin the new key only if the machine was made anew")
}

fn unreadable() -> Error {
    Error::new(ErrorKind::InvalidSpec, "read the pinned host key")
        .with_message("it is not an OpenSSH public key")
        .with_remedy("give the first two words of the machine's /etc/ssh/ssh_host_*_key.pub")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    const SUPPORTED: [&str; 5] = ["ecdsa-sha2-nistp256", "ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"];

    fn pinned(line: &str) -> Result<Expected> {
        Expected::new(&HostKeyPolicy::Pinned(line.to_owned()))
    }

    #[test]
    fn a_comment_does_not_matter() {
        assert_eq!(pinned(LINE).unwrap(), pinned(&format!("{LINE} root@node\n")).unwrap());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let swapped = LINE.replace("ssh-ed25519", "ssh-rsa");
        for line in ["", "ssh-ed25519", "ssh-ed25519 !", "ssh-ed25519 AAAA", "ssh-ed25519 /////w==", &swapped] {
            assert_eq!(pinned(line).unwrap_err().kind(), ErrorKind::InvalidSpec, "{line}");
        }
    }

    #[test]
    fn the_pinned_kind_is_offered_first_and_sha1_never() {
        let offer = pinned(LINE).unwrap().preference(&SUPPORTED);
        assert_eq!(offer, "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256");
        let rsa = Expected::Key { kind: "ssh-rsa".to_owned(), blob: Vec::new() };
        assert_eq!(rsa.preference(&SUPPORTED), "rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519");
    }

    #[test]
    fn a_fingerprint_is_that_of_ssh_keygen() {
        let Expected::Key { blob, .. } = pinned(LINE).unwrap() else { panic!("a pinned key") };
        assert_eq!(fingerprint(&blob), "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
    }
}
