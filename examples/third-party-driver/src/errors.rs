//! One table: what the pond refuses becomes what ladybug understands.

use ladybug_core::{Disposition, Error, ErrorKind};

use crate::pond::Refusal;

/// The error of `what`, which the pond refused.
pub(crate) fn error(what: String, refusal: Refusal) -> Error {
    let now = Disposition::Permanent;
    let later = Disposition::Transient { after: None };
    let (kind, disposition, why, remedy) = match refusal {
        Refusal::TooMany => (ErrorKind::RateLimited, later, "too many requests", None),
        Refusal::Down => (ErrorKind::Unavailable, later, "the pond is frozen over", None),
        Refusal::Lost => (ErrorKind::Unavailable, Disposition::Ambiguous, "the answer got lost", None),
        Refusal::InUse => (ErrorKind::Conflict, later, "something still uses it", None),
        Refusal::Dying => (ErrorKind::Conflict, later, "one of the same name is still being deleted", None),
        Refusal::NoKey => {
            (ErrorKind::Unauthenticated, now, "the key is not known", Some("give the driver a valid key"))
        }
        Refusal::Forbidden => {
            (ErrorKind::PermissionDenied, now, "the key may not", Some("let the pond's keeper allow it"))
        }
        Refusal::Full => (ErrorKind::QuotaExceeded, now, "the account is full", Some("ask the keeper for more")),
        Refusal::SoldOut => (ErrorKind::NoCapacity, now, "none is left", Some("try another zone or size")),
        Refusal::NoSuch(_) => (ErrorKind::NotFound, now, "there is none", Some("look up what the pond has")),
    };
    let code = format!("{refusal:?}");
    let error = Error::new(kind, what).with_disposition(disposition).with_message(why).with_context("code", code);
    match remedy {
        Some(remedy) => error.with_remedy(remedy),
        None => error,
    }
}
