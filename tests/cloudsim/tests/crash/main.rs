//! A cluster of three control planes and two workers on AWS, over real HTTP, whose process dies at a call, or whose
//! cloud loses an answer. Nothing is lost, nothing is left, nothing is made twice and nobody else's is touched.
//!
//! `LADYBUG_EVERY_CALL=1` tries every call instead of a sample.
#![cfg(test)]
#![expect(unreachable_pub, reason = "the modules of one test")]
#![expect(clippy::wildcard_enum_match_arm, reason = "tests name what they know of enums that may grow")]

mod ground;
mod killed;
mod lost;
mod points;
