//! A lab of real Linux machines in two or three clouds on this computer.
//!
//! [`LabDriver`] is a [`CloudDriver`](ladybug::cloud::CloudDriver) like any other: its machines are systemd-nspawn
//! containers with a systemd, an sshd, a network and control groups of their own, made by true cloud-init from the
//! user data that ladybug gives. Its clouds are bridges in one network namespace, which knows every public address,
//! maps it 1:1 to the machine's private one, and lets in what the firewalls say; no private address leads from one cloud
//! to another. Needs root, systemd-nspawn, control groups of version 1, and what `build/all.sh` makes.
//!
//! What a real cloud has and this one has not: quotas, prices, waiting, failures of its own. What is written to
//! `/proc/sys/kernel` and `/proc/sys/vm` in a machine is written on this computer, for they share a kernel.

mod cluster;
mod driver;
mod firewall;
mod kubectl;
mod lab;
mod left;
mod machine;
mod shell;
mod tag;
mod timeline;

pub use driver::LabDriver;
pub use kubectl::{Kubectl, Pairs};
pub use lab::{Lab, OPERATOR};
pub use left::Left;
pub use timeline::{Summary, Timeline};
