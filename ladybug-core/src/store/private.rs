//! Files that only their owner may read, made in one piece.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, ErrorKind, Result},
    time::{Entropy, SystemEntropy},
};

/// Makes the file at `path` with what `fill` writes, unless there is one already, which stays as it is.
///
/// The file gets mode 0600, directories that are missing get 0700. Nobody ever sees half a file: it is written beside
/// its place, made durable and then linked there, so that of several processes at once exactly one makes it.
pub(super) fn create(path: &Path, fill: impl FnOnce(File) -> Result<()>) -> Result<()> {
    let folder = folder_of(path);
    make_folder(folder).map_err(|cause| failed(cause, "make directory", folder))?;
    let draft = Draft(beside(path)?);
    let file = new_file(&draft.0).map_err(|cause| failed(cause, "make file", &draft.0))?;
    let kept = file.try_clone().map_err(|cause| failed(cause, "make file", &draft.0))?;
    fill(file)?;
    kept.sync_all().map_err(|cause| failed(cause, "write file", &draft.0))?;
    match fs::hard_link(&draft.0, path) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(failed(cause, "make file", path)),
        Ok(()) | Err(_) => sync_folder(folder).map_err(|cause| failed(cause, "write directory", folder)),
    }
}

/// Whether there is something at `path`, be it a link that leads nowhere.
pub(super) fn is_taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The error for a failed call of the file system.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other kinds of the standard library mean nothing special here")]
pub(super) fn failed(cause: io::Error, doing: &str, path: &Path) -> Error {
    let kind = match cause.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        kind if is_passing(kind) => ErrorKind::Unavailable,
        _ => ErrorKind::Unexpected,
    };
    Error::new(kind, format!("{doing} {}", path.display())).with_source(cause)
}

/// Whether the same call may work later.
fn is_passing(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as K;
    matches!(kind, K::StorageFull | K::QuotaExceeded | K::Interrupted | K::TimedOut | K::WouldBlock | K::ResourceBusy)
}

/// Removes a file that did not get, or no longer needs, its own name.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path) -> Result<PathBuf> {
    let mut random = [0; 8];
    SystemEntropy.fill(&mut random)?;
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{:016x}", u64::from_le_bytes(random)));
    Ok(folder_of(path).join(name))
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.read(true).write(true).create_new(true).open(path)
}

/// Makes a new name durable; where directories cannot be opened, the file system sees to it.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
