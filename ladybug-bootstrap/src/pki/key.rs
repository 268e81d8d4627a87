//! Private keys on the curve P-256, which every kubeadm since 1.18 reads.

use ladybug_core::{Entropy, Error, ErrorKind, Result, Secret};
use p256::{
    SecretKey,
    ecdsa::{DerSignature, SigningKey, signature::Signer},
    pkcs8::{EncodePublicKey, LineEnding},
};
use rcgen::{PublicKeyData, SignatureAlgorithm};
use sha2::{Digest, Sha256};

/// How often random bytes may miss the range of keys, which they do once in 2^32 draws.
const DRAWS: usize = 8;

/// A private key. It signs the same text the same way every time (RFC 6979) and needs no randomness for it.
pub(crate) struct Key {
    private: SigningKey,
    public: Vec<u8>,
}

impl Key {
    /// Draws a key.
    pub(crate) fn generate(entropy: &dyn Entropy) -> Result<Self> {
        for _ in 0..DRAWS {
            let mut bytes = zeroize::Zeroizing::new([0; 32]);
            entropy.fill(&mut *bytes)?;
            if let Ok(private) = SigningKey::from_slice(&*bytes) {
                return Ok(Self::new(private));
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "draw a private key").with_message("the random source repeats itself"))
    }

    /// Reads a key in PEM (SEC 1, or PKCS #8).
    pub(crate) fn from_pem(pem: &str) -> Result<Self> {
        SecretKey::from_pem(pem)
            .map(|private| Self::new(private.into()))
            .map_err(|_| Error::new(ErrorKind::Corrupt, "read a private key").with_message("it is not a P-256 key"))
    }

    fn new(private: SigningKey) -> Self {
        let public = private.verifying_key().to_sec1_point(false).as_bytes().to_vec();
        Self { private, public }
    }

    /// The private key in PEM (SEC 1). kubeadm hands certificates and keys to joining control planes, and takes what is
    /// neither for "unknown data"; an elliptic key in PKCS #8 is such data to it.
    pub(crate) fn private_pem(&self) -> Secret<String> {
        let pem = SecretKey::from(&self.private).to_sec1_pem(LineEnding::LF).expect("a P-256 key fits into SEC 1");
        Secret::new(pem.as_str().to_owned())
    }

    /// The public key in PEM (SubjectPublicKeyInfo).
    pub(crate) fn public_pem(&self) -> String {
        let public = self.private.verifying_key();
        public.to_public_key_pem(LineEnding::LF).expect("a P-256 key fits into SubjectPublicKeyInfo")
    }

    /// What kubeadm calls a CA's hash: `sha256:` and the hex SHA-256 of the public key (SubjectPublicKeyInfo).
    pub(crate) fn public_hash(&self) -> String {
        let hash = Sha256::digest(self.subject_public_key_info());
        hash.iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
    }

    /// What certificates call this key: the first 20 bytes of the SHA-256 of the public point (RFC 7093).
    pub(super) fn identifier(&self) -> Vec<u8> {
        Sha256::digest(&self.public).iter().copied().take(20).collect()
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, rcgen::Error> {
        let signature: DerSignature = self.private.try_sign(message).map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature.as_bytes().to_vec())
    }
}
