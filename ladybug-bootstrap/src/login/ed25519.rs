//! Ed25519 keys in OpenSSH's forms (openssh/openssh-portable, `PROTOCOL.key`).

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::SigningKey;
use ladybug_core::{Entropy, Result, Secret};
use zeroize::Zeroizing;

const ALGORITHM: &[u8] = b"ssh-ed25519";
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// The block size of the cipher `none`.
const BLOCK: usize = 8;

/// A key pair.
pub(crate) struct SshKey(SigningKey);

impl SshKey {
    /// Draws a key.
    pub(crate) fn generate(entropy: &dyn Entropy) -> Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        entropy.fill(&mut *seed)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The public key in OpenSSH's one-line form, without comment.
    pub(crate) fn public_line(&self) -> String {
        format!("ssh-ed25519 {}", STANDARD.encode(self.public_blob()))
    }

    /// The private key in OpenSSH's PEM form, without passphrase.
    pub(crate) fn private_pem(&self) -> Secret<String> {
        let mut blob = Zeroizing::new(Vec::with_capacity(256));
        blob.extend_from_slice(MAGIC);
        [&b"none"[..], b"none", b""].iter().for_each(|part| put(&mut blob, part));
        blob.extend_from_slice(&1_u32.to_be_bytes());
        put(&mut blob, &self.public_blob());
        put(&mut blob, &self.private_section());
        let text = Zeroizing::new(STANDARD.encode(&*blob));
        let mut pem = String::with_capacity(512);
        pem.push_str("-----BEGIN OPENSSH PRIVATE KEY-----\n");
        for (index, letter) in text.chars().enumerate() {
            if index > 0 && index % 70 == 0 {
                pem.push('\n');
            }
            pem.push(letter);
        }
        pem.push_str("\n-----END OPENSSH PRIVATE KEY-----\n");
        Secret::new(pem)
    }

    fn public_blob(&self) -> Vec<u8> {
        let mut blob = Vec::with_capacity(64);
        put(&mut blob, ALGORITHM);
        put(&mut blob, self.0.verifying_key().as_bytes());
        blob
    }

    /// Two equal check numbers, which tell a right passphrase from a wrong one, then both keys, padded with 1, 2, 3…
    fn private_section(&self) -> Zeroizing<Vec<u8>> {
        let mut section = Zeroizing::new(Vec::with_capacity(256));
        section.extend_from_slice(&[0; 8]);
        section.extend_from_slice(&self.public_blob());
        put(&mut section, &*Zeroizing::new(self.0.to_keypair_bytes()));
        put(&mut section, b"");
        for pad in (1..).take((BLOCK - section.len() % BLOCK) % BLOCK) {
            section.push(pad);
        }
        section
    }
}

/// Adds a string: its length in four bytes, and itself.
fn put(blob: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).expect("a key is shorter than 4 GiB");
    blob.extend_from_slice(&length.to_be_bytes());
    blob.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use ladybug_core::SystemEntropy;

    use super::*;

    #[test]
    fn openssh_reads_the_private_key_and_finds_the_same_public_key() {
        let key = SshKey::generate(&SystemEntropy).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, key.private_pem().expose()).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let Ok(output) = Command::new("ssh-keygen").arg("-y").arg("-f").arg(&path).output() else {
            eprintln!("skipped: this machine has no ssh-keygen");
            return;
        };
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), key.public_line(), "{:?}", output.stderr);
    }
}
