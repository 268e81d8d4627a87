//! The store's file: made in one piece, and opened only when it is a store of a format that is known.

use std::{
    fs::{File, OpenOptions},
    path::Path,
};

use redb::{Builder, Database, ReadableDatabase, StorageBackend, backends::FileBackend};

use super::{
    failure::{Failure, unopened},
    overlay::Overlay,
    tables::{self, META},
};
use crate::{
    error::{Error, ErrorKind, Result},
    store::{FORMAT, private},
};

/// How much of the file is kept in memory, in bytes.
const CACHE: usize = 8 << 20;

/// Makes an empty store at `path` unless something is there.
pub(super) fn make_if_absent(path: &Path) -> Result<()> {
    if private::is_taken(path) { Ok(()) } else { private::create(path, |file| fresh(path, file)) }
}

/// Opens the store at `path`; one that is not there is not made, so that a lost file is not taken for an empty store.
pub(super) fn open(path: &Path) -> Result<Database> {
    inspect(path)?;
    open_backend(path, backend(path, existing(path)?)?)
}

/// Opens a database that lies in `backend`; makes it when that is empty.
pub(super) fn open_backend(path: &Path, backend: impl StorageBackend) -> Result<Database> {
    let empty = backend.len().is_ok_and(|len| len == 0);
    let database = builder().create_with_backend(backend).map_err(|cause| unopened(path, cause.into()))?;
    let ready = if empty { tables::set_up(&database) } else { tables::format(&database).map(drop) };
    ready.map_err(|failure| refused(path, failure))?;
    Ok(database)
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder
}

fn fresh(path: &Path, file: File) -> Result<()> {
    open_backend(path, backend(path, file)?).map(drop)
}

fn backend(path: &Path, file: File) -> Result<FileBackend> {
    FileBackend::new(file).map_err(|cause| unopened(path, cause.into()))
}

fn existing(path: &Path) -> Result<File> {
    let opened = OpenOptions::new().read(true).write(true).open(path);
    opened.map_err(|cause| private::failed(cause, "open store", path))
}

/// Refuses a file that is damaged, no store, or of another format, and leaves it as it is byte for byte.
fn inspect(path: &Path) -> Result<()> {
    let file = existing(path)?;
    if file.metadata().is_ok_and(|about| about.len() == 0) {
        return Err(Error::new(ErrorKind::Corrupt, format!("open store {}", path.display()))
            .with_message("the file is empty")
            .with_remedy("remove it, and a new store is made there; or restore it from a copy"));
    }
    let format = look(file).map_err(|failure| refused(path, failure))?;
    if format == u64::from(FORMAT) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Corrupt, format!("open store {}", path.display()))
        .with_message(format!("it has format {format}, this version knows {FORMAT}; it was left as it is"))
        .with_remedy("use the version of ladybug that wrote it, or a later one"))
}

fn look(file: File) -> Result<u64, Failure> {
    let overlay = Overlay::new(FileBackend::new(file)?).map_err(redb::StorageError::Io)?;
    let database = builder().set_check_integrity_on_open(true).create_with_backend(overlay)?;
    tables::format(&database)
}

fn refused(path: &Path, failure: Failure) -> Error {
    match failure {
        Failure::Refused(error) => error,
        Failure::Engine(cause) => unopened(path, *cause),
    }
}

/// How many changes the store has seen.
pub(super) fn revision(database: &Database) -> Result<u64, Failure> {
    let table = database.begin_read()?.open_table(META)?;
    tables::number(&table, tables::REVISION)
}
