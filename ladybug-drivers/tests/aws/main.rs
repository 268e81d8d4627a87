//! The AWS driver against clouds on this machine: the strict simulated one, and moto where it is installed.

mod bench;
mod guarded;
mod judge;
mod moto;
mod proxy;
mod raw;
mod simulated;
mod verbs;
