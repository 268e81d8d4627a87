//! The driver of Google Cloud against the simulated one.
#![expect(clippy::wildcard_enum_match_arm, reason = "tests name what they know of enums that may grow")]

#[cfg(test)]
mod bench;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod judge;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod support;
#[cfg(test)]
mod verbs;
