//! Pseudo keys: the public part is a hash of the private one.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

/// The SHA-256 of the words in hexadecimal; a word's end counts.
pub(in crate::sim) fn digest(words: &[&str]) -> String {
    hash(words).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The public part of `private` for `purpose`, in the form that OpenSSH gives keys of 32 bytes (RFC 4253, section 6.6),
/// since clouds look at it when the purpose is `ssh-ed25519`.
pub(in crate::sim) fn public_key(purpose: &str, private: &str) -> String {
    let field = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes(), bytes].concat();
    let blob = [field(purpose.as_bytes()), field(&hash(&[purpose, private]))].concat();
    format!("{purpose} {}", BASE64_STANDARD.encode(blob))
}

fn hash(words: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}
