//! Pseudo keys: the public part is a hash of the private one.

use sha2::{Digest, Sha256};

/// The SHA-256 of the words in hexadecimal; a word's end counts.
pub(in crate::sim) fn digest(words: &[&str]) -> String {
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The public part of `private` for `purpose`, such as `ssh-ed25519`; the purpose stands in front.
pub(in crate::sim) fn public_key(purpose: &str, private: &str) -> String {
    format!("{purpose} {}", digest(&[purpose, private]))
}
