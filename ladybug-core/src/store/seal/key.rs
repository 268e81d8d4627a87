//! The key of a sealer, and its file.

use std::{
    fs::{File, Metadata},
    io::{self, Read, Write},
    path::Path,
};

use crate::{
    error::{Error, ErrorKind, Result},
    secret::Secret,
    store::private,
    time::{Entropy, SystemEntropy},
};

/// The length of a key in bytes.
pub(super) const LENGTH: usize = 32;

type Key = Secret<[u8; LENGTH]>;

/// Makes a key.
pub(super) fn random(entropy: &dyn Entropy) -> Result<Key> {
    fill(|key| entropy.fill(key))
}

/// Reads the key in the file at `path`; makes it when nothing is there.
pub(super) fn load_or_create(path: &Path) -> Result<Key> {
    if !private::is_taken(path) {
        let key = random(&SystemEntropy)?;
        let write = |mut file: File| file.write_all(key.expose());
        private::create(path, |file| write(file).map_err(|cause| private::failed(cause, "write key file", path)))?;
    }
    load(path)
}

fn load(path: &Path) -> Result<Key> {
    let mut file = File::open(path).map_err(|cause| unreadable(cause, path))?;
    let about = file.metadata().map_err(|cause| unreadable(cause, path))?;
    check(&about).map_err(|(kind, why, remedy)| refused(kind, path).with_message(why).with_remedy(remedy))?;
    fill(|key| file.read_exact(key).map_err(|cause| unreadable(cause, path)))
}

/// A key that `write` writes into its place, so that no other copy of it stays behind.
fn fill(write: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<Key> {
    let mut key = zeroize::Zeroizing::new([0; LENGTH]);
    write(key.as_mut_slice())?;
    Ok(Secret::new(*key))
}

fn check(about: &Metadata) -> Result<(), (ErrorKind, String, String)> {
    if is_open_to_others(about) {
        let remedy = "make it private with chmod 600; when somebody may have read it, its secrets are no longer safe";
        return Err((ErrorKind::PermissionDenied, "others may read it".to_owned(), remedy.to_owned()));
    }
    if !about.is_file() || about.len() != LENGTH as u64 {
        let why = format!("it must be a file of {LENGTH} bytes, but has {}", about.len());
        return Err((ErrorKind::Corrupt, why, "put the right key file there, or name another path".to_owned()));
    }
    Ok(())
}

#[cfg(unix)]
fn is_open_to_others(about: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(about) & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Metadata) -> bool {
    false
}

fn unreadable(cause: io::Error, path: &Path) -> Error {
    let error = private::failed(cause, "read key file", path);
    if error.kind() == ErrorKind::NotFound {
        return error
            .with_message("it is a link that leads nowhere")
            .with_remedy("remove the link, or restore its target");
    }
    error
}

fn refused(kind: ErrorKind, path: &Path) -> Error {
    Error::new(kind, format!("use key file {}", path.display()))
}
