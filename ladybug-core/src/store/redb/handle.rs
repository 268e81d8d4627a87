//! The open database: one change at a time, and opened anew after a fault of the disk.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError, RwLock},
};

use redb::{Database, ReadTransaction, ReadableDatabase};

use super::{
    failure::{self, Failure},
    file,
    tables::{self, Parts},
};
use crate::error::{Error, Result};

type Open = Box<dyn Fn() -> Result<Database> + Send + Sync>;

/// The open database.
///
/// After a fault of the disk the database refuses all further work until it is opened anew; only then it tells what of
/// the last change was written. `turn` keeps other changes away in the meantime.
pub(super) struct Handle {
    path: PathBuf,
    open: Open,
    turn: Mutex<()>,
    database: RwLock<Option<Database>>,
}

/// How a change went.
enum Change<T> {
    Written(T),
    Refused(Error),
    /// The database failed before anything of it could be written.
    Nothing(redb::Error),
    /// The database failed while it was being written, with the revision that the store has if it was.
    Unknown(redb::Error, u64),
}

impl Handle {
    /// Opens the database at `path` with `open`, now and after each fault.
    pub(super) fn new(path: &Path, open: impl Fn() -> Result<Database> + Send + Sync + 'static) -> Result<Self> {
        let database = RwLock::new(Some(open()?));
        Ok(Self { path: path.to_owned(), open: Box::new(open), turn: Mutex::new(()), database })
    }

    /// Reads a snapshot.
    pub(super) fn read<T>(&self, ask: impl FnOnce(&ReadTransaction) -> Result<T, Failure>) -> Result<T> {
        let read = |database: &Database| ask(&database.begin_read()?);
        match self.with(read)? {
            Ok(answer) => Ok(answer),
            Err(Failure::Refused(error)) => Err(error),
            Err(Failure::Engine(cause)) => {
                self.close_after(&cause);
                Err(failure::nothing_done(&self.path, *cause))
            }
        }
    }

    /// Makes one change, all or nothing; it is durable when this returns.
    pub(super) fn write<T>(&self, change: impl FnOnce(&mut Parts<'_>) -> Result<T, Failure>) -> Result<T> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        match self.with(|database| attempt(database, change))? {
            Change::Written(value) => Ok(value),
            Change::Refused(error) => Err(error),
            Change::Nothing(cause) => {
                self.close_after(&cause);
                Err(failure::nothing_done(&self.path, cause))
            }
            Change::Unknown(cause, revision) => {
                self.close_after(&cause);
                Err(self.settle(cause, revision))
            }
        }
    }

    /// Opens the database anew to learn whether a change was written.
    ///
    /// One that is seen is not taken for done: after a failed sync it may be seen and still not be on the disk.
    fn settle(&self, cause: redb::Error, revision: u64) -> Error {
        match self.with(file::revision) {
            Ok(Ok(found)) if found < revision => failure::nothing_done(&self.path, cause),
            Ok(Ok(_) | Err(_)) | Err(_) => failure::unknown(&self.path, cause),
        }
    }

    /// Calls `work` with the database, which is opened first if a fault closed it.
    fn with<T>(&self, work: impl FnOnce(&Database) -> T) -> Result<T> {
        if let Some(database) = self.database.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Ok(work(database));
        }
        let mut place = self.database.write().unwrap_or_else(PoisonError::into_inner);
        let database = match place.take() {
            Some(database) => database,
            None => (self.open)()?,
        };
        Ok(work(place.insert(database)))
    }

    fn close_after(&self, cause: &redb::Error) {
        if failure::is_fatal(cause) {
            drop(self.database.write().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore").field("path", &self.path).finish_non_exhaustive()
    }
}

fn attempt<T>(database: &Database, change: impl FnOnce(&mut Parts<'_>) -> Result<T, Failure>) -> Change<T> {
    let prepared = tables::begin(database).and_then(|(tx, revision)| {
        let value = change(&mut Parts::open(&tx)?)?;
        Ok((tx, revision, value))
    });
    match prepared {
        Err(Failure::Refused(error)) => Change::Refused(error),
        Err(Failure::Engine(cause)) => Change::Nothing(*cause),
        Ok((tx, revision, value)) => match tx.commit() {
            Ok(()) => Change::Written(value),
            Err(cause) => Change::Unknown(cause.into(), revision),
        },
    }
}
