//! Whole clusters of several drivers: a pool of Tumblebug beside a pool of AWS itself, both over real HTTP, on hosts of the
//! simulated world. Also when the process dies at a call, and when an answer is lost.
//!
//! `LADYBUG_EVERY_CALL=1` tries every call instead of a sample.
#![expect(clippy::wildcard_enum_match_arm, reason = "tests name what they know of enums that may grow")]

#[cfg(test)]
mod hosts;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod mixed;
#[cfg(test)]
mod points;
#[cfg(test)]
mod stage;
