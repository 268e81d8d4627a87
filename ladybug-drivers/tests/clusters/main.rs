//! Whole clusters over real HTTP on simulated clouds, with hosts of the simulated world: in one cloud, over three, and over
//! a pool of Tumblebug beside a pool of AWS itself. Also when the process dies at a call, and when an answer is lost:
//! nothing is lost, nothing is left, nothing is made twice and nobody else's is touched.
//!
//! `LADYBUG_EVERY_CALL=1` tries every call instead of a sample.

#[cfg(test)]
mod across;
#[cfg(test)]
#[path = "../azure/judge.rs"]
mod azure_judge;
#[cfg(test)]
mod deaths;
#[cfg(test)]
#[path = "../tumblebug/document.rs"]
mod document;
#[cfg(test)]
mod hosts;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod lives;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod points;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod stranger;
