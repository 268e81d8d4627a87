//! The Azure driver against the strict simulated cloud.
#![expect(clippy::wildcard_enum_match_arm, reason = "tests name what they know of enums that may grow")]

#[cfg(test)]
mod bench;
#[cfg(test)]
mod judge;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod verbs;
