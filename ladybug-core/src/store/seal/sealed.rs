//! A secret that only its key opens.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};

/// The length of a nonce in bytes.
pub(super) const NONCE: usize = 24;

/// The first byte of all that this version seals.
const VERSION: u8 = 1;

/// A secret that only its key opens.
///
/// On the wire it is a string: base64 without padding of a version byte (1), a nonce of 24 bytes, and the
/// XChaCha20-Poly1305 ciphertext with its tag.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    pub(super) fn pack(nonce: &[u8; NONCE], ciphertext: &[u8]) -> Self {
        Self(STANDARD_NO_PAD.encode([&[VERSION], nonce.as_slice(), ciphertext].concat()))
    }

    /// The nonce and the ciphertext; else why it is not a sealed secret.
    pub(super) fn unpack(&self) -> Result<([u8; NONCE], Vec<u8>), &'static str> {
        let bytes = STANDARD_NO_PAD.decode(&self.0).map_err(|_| "it is not base64")?;
        let (version, rest) = bytes.split_first().ok_or("it is empty")?;
        let (nonce, ciphertext) = rest.split_first_chunk().ok_or("it is too short")?;
        if *version == VERSION { Ok((*nonce, ciphertext.to_vec())) } else { Err("it is of a newer format") }
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(..)")
    }
}
