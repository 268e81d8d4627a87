//! Seals and opens secrets.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};

use super::{
    key,
    sealed::{NONCE, Sealed},
};
use crate::{
    error::{Error, ErrorKind, Result},
    id::{ClusterUid, SecretName},
    secret::{Secret, Secrets},
    time::Entropy,
};

/// Seals and opens secrets with one key of 32 bytes, which is wiped on drop.
///
/// A sealed secret opens only for the cluster and the name that it was sealed for.
///
/// ```
/// use ladybug_core::{ClusterUid, Secret, SystemEntropy, store::Sealer};
/// let sealer = Sealer::random(&SystemEntropy)?;
/// let uid = ClusterUid::from_uuid(ladybug_core::new_uuid(&ladybug_core::SystemClock, &SystemEntropy)?);
/// let name = "ca.key".parse()?;
/// let sealed = sealer.seal(&uid, &name, &Secret::new(b"hunter2".to_vec()), &SystemEntropy)?;
/// assert_eq!(sealer.open(&uid, &name, &sealed)?.expose(), b"hunter2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sealer {
    key: Secret<[u8; key::LENGTH]>,
    file: Option<PathBuf>,
}

impl Sealer {
    /// Uses this key.
    #[must_use]
    pub const fn from_key(key: Secret<[u8; 32]>) -> Self {
        Self { key, file: None }
    }

    /// Uses the key in a file of 32 bytes; makes one of random bytes when there is none.
    ///
    /// A new file gets mode 0600, directories that are missing get 0700. Processes that start at once get the same
    /// key. Blocks for some milliseconds. Without the file the secrets are lost: keep a copy of it.
    ///
    /// # Errors
    /// `PermissionDenied` when others may read the file, `Corrupt` when its length is wrong, `NotFound` when it is a
    /// link that leads nowhere, `Unavailable` when the disk is full.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Ok(Self { key: key::load_or_create(path)?, file: Some(path.to_owned()) })
    }

    /// Uses a random key that nobody will know again; for stores in memory.
    ///
    /// # Errors
    /// As [`Entropy::fill`].
    pub fn random(entropy: &dyn Entropy) -> Result<Self> {
        key::random(entropy).map(Self::from_key)
    }

    /// Seals one secret.
    ///
    /// # Errors
    /// As [`Entropy::fill`].
    pub fn seal(
        &self,
        uid: &ClusterUid,
        name: &SecretName,
        secret: &Secret<Vec<u8>>,
        entropy: &dyn Entropy,
    ) -> Result<Sealed> {
        let mut nonce = [0; NONCE];
        entropy.fill(&mut nonce)?;
        let place = place(uid, name);
        let payload = Payload { msg: secret.expose(), aad: place.as_bytes() };
        let too_long =
            |_| Error::new(ErrorKind::Unexpected, format!("seal secret {name}")).with_message("it is too long");
        let ciphertext = self.cipher().encrypt(&nonce.into(), payload).map_err(too_long)?;
        Ok(Sealed::pack(&nonce, &ciphertext))
    }

    /// Opens one secret.
    ///
    /// # Errors
    /// `Corrupt` when it is damaged, or was sealed with another key, for another cluster or under another name.
    pub fn open(&self, uid: &ClusterUid, name: &SecretName, sealed: &Sealed) -> Result<Secret<Vec<u8>>> {
        let (nonce, ciphertext) = sealed.unpack().map_err(|why| self.refused(uid, name, why))?;
        let place = place(uid, name);
        let payload = Payload { msg: &ciphertext, aad: place.as_bytes() };
        let wrong = |_| self.refused(uid, name, "it is damaged, or the key is not the one that it was sealed with");
        self.cipher().decrypt(&nonce.into(), payload).map(Secret::new).map_err(wrong)
    }

    /// Seals every secret of a cluster.
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    pub fn seal_all(
        &self,
        uid: &ClusterUid,
        secrets: &Secrets,
        entropy: &dyn Entropy,
    ) -> Result<BTreeMap<SecretName, Sealed>> {
        let seal = |(name, secret): (&SecretName, _)| Ok((name.clone(), self.seal(uid, name, secret, entropy)?));
        secrets.iter().map(seal).collect()
    }

    /// Opens every secret of a cluster.
    ///
    /// # Errors
    /// As [`open`](Self::open), for the first that does not open.
    pub fn open_all(&self, uid: &ClusterUid, sealed: &BTreeMap<SecretName, Sealed>) -> Result<Secrets> {
        sealed.iter().map(|(name, sealed)| Ok((name.clone(), self.open(uid, name, sealed)?))).collect()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.expose().into())
    }

    fn refused(&self, uid: &ClusterUid, name: &SecretName, why: &str) -> Error {
        let remedy = match &self.file {
            Some(file) => format!("check that {} is the key file that this store was used with", file.display()),
            None => "use the key that this store was used with".to_owned(),
        };
        Error::new(ErrorKind::Corrupt, format!("open secret {name} of cluster {uid}"))
            .with_message(why)
            .with_remedy(remedy)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

/// What a ciphertext is bound to, so that it opens nowhere else.
fn place(uid: &ClusterUid, name: &SecretName) -> String {
    format!("ladybug secret 1\n{uid}\n{name}")
}
