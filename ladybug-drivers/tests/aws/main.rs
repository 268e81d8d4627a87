//! The AWS driver against clouds on this machine: the strict simulated one, and moto where it is installed.
#![expect(clippy::wildcard_enum_match_arm, reason = "tests name what they know of enums that may grow")]

#[cfg(test)]
mod bench;
#[cfg(test)]
#[path = "../clusters/deaths.rs"]
mod deaths;
#[cfg(test)]
mod guarded;
#[cfg(test)]
mod hosts;
#[cfg(test)]
mod judge;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod moto;
#[cfg(test)]
#[path = "../clusters/points.rs"]
mod points;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod together;
#[cfg(test)]
mod verbs;
