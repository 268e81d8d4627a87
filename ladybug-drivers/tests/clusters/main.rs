//! Whole clusters of several drivers: a pool of Tumblebug beside a pool of AWS itself, both over real HTTP, on hosts of the
//! simulated world. Also when the process dies at a call, and when an answer is lost.
//!
//! `LADYBUG_EVERY_CALL=1` tries every call instead of a sample.

mod hosts;
mod keys;
mod killed;
mod lost;
mod mixed;
mod points;
mod stage;
