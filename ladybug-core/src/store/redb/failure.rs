//! Failures of the database, and what they mean to a user of the store.

use std::{io, path::Path};

use crate::error::{Disposition, Error, ErrorKind};

/// Why a transaction ended without a result.
#[derive(Debug)]
pub(super) enum Failure {
    /// A rule of the store, or data that cannot be read.
    Refused(Error),
    /// The database itself.
    Engine(Box<redb::Error>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

macro_rules! engine {
    ($($cause:ty),*) => {
        $(impl From<$cause> for Failure {
            fn from(cause: $cause) -> Self {
                Self::Engine(Box::new(cause.into()))
            }
        })*
    };
}

engine!(
    redb::CommitError,
    redb::DatabaseError,
    redb::SetDurabilityError,
    redb::StorageError,
    redb::TableError,
    redb::TransactionError
);

/// The error for a store that cannot be opened.
pub(super) fn unopened(path: &Path, cause: redb::Error) -> Error {
    let doing = format!("open store {}", path.display());
    let error = Error::new(kind_of(&cause), doing);
    let error = if error.kind() == ErrorKind::Conflict {
        error
            .with_message("it is open already, most likely in another process")
            .with_remedy("end that process, or give this one a store of its own")
    } else if error.kind() == ErrorKind::Corrupt {
        error
            .with_message("it is damaged, or not a store; it was left as it is")
            .with_remedy("restore it from a copy, or name another path")
    } else {
        error
    };
    error.with_source(cause)
}

/// The error for a call that changed nothing.
pub(super) fn nothing_done(path: &Path, cause: redb::Error) -> Error {
    let error = Error::new(kind_of(&cause), format!("use store {}", path.display())).with_source(cause);
    if error.kind() != ErrorKind::Unavailable {
        return error;
    }
    error.with_message("nothing was written").with_remedy("free space on its disk and look for faults of it")
}

/// The error for a call whose effect is not known.
pub(super) fn unknown(path: &Path, cause: redb::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("use store {}", path.display()))
        .with_message("it is not known whether the change was written")
        .with_remedy("free space on its disk and look for faults of it; then read the cluster again")
        .with_disposition(Disposition::Ambiguous)
        .with_source(cause)
}

/// Whether the database must be opened anew before it is of use again.
pub(super) fn is_fatal(cause: &redb::Error) -> bool {
    matches!(kind_of(cause), ErrorKind::Unavailable | ErrorKind::Unexpected)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other error is a defect of this module")]
fn kind_of(cause: &redb::Error) -> ErrorKind {
    use redb::Error as E;
    match cause {
        E::DatabaseAlreadyOpen | E::LockProtocolMismatch => ErrorKind::Conflict,
        E::Io(cause) => kind_of_io(cause.kind()),
        E::Backend(_) | E::PreviousIo | E::DatabaseClosed => ErrorKind::Unavailable,
        E::Corrupted(_)
        | E::UpgradeRequired(_)
        | E::RepairAborted
        | E::TableTypeMismatch { .. }
        | E::TableIsMultimap(_)
        | E::TypeDefinitionChanged { .. }
        | E::TableDoesNotExist(_) => ErrorKind::Corrupt,
        _ => ErrorKind::Unexpected,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other fault of a disk may pass")]
fn kind_of_io(kind: io::ErrorKind) -> ErrorKind {
    match kind {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => ErrorKind::Corrupt,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
        _ => ErrorKind::Unavailable,
    }
}
