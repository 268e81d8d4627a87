//! The whole life of a true cluster on true machines: kubeadm 1.20.2, containerd, OpenSSH, WireGuard, cloud-init.
//!
//! Runs with `LADYBUG_LAB=1`, as root, after `build/all.sh`; says loudly what it skips otherwise. One test at a time, for
//! there is one lab on a computer: `--test-threads 1`.
#![cfg(test)]
#![expect(clippy::wildcard_enum_match_arm, reason = "they look only at what they are about")]

mod again;
mod bench;
mod death;
mod life;
