//! How long steps usually take and how long they may take.

use std::time::Duration;

use crate::plan::Estimate;

/// How long a kind of step takes.
#[derive(Debug)]
pub(super) struct Time {
    pub(super) estimate: Estimate,
    pub(super) timeout: Duration,
}

/// Milliseconds for half and for 95 of 100 runs; seconds until it is given up.
const fn time(p50_ms: u64, p95_ms: u64, timeout_s: u64) -> Time {
    Time { estimate: Estimate::from_millis(p50_ms, p95_ms), timeout: Duration::from_secs(timeout_s) }
}

pub(super) const NETWORK: Time = time(5_000, 30_000, 300);
pub(super) const FIREWALL: Time = time(3_000, 15_000, 300);
pub(super) const SSH_KEY: Time = time(1_000, 5_000, 300);
pub(super) const LOAD_BALANCER: Time = time(90_000, 240_000, 600);
pub(super) const MACHINE: Time = time(3_000, 20_000, 600);
pub(super) const BOOT: Time = time(45_000, 150_000, 600);
pub(super) const PREPARE: Time = time(75_000, 240_000, 1_200);
pub(super) const OVERLAY_KEY: Time = time(2_000, 8_000, 300);
pub(super) const OVERLAY_PEERS: Time = time(2_000, 8_000, 300);
pub(super) const ENDPOINT: Time = time(3_000, 10_000, 300);
pub(super) const INIT: Time = time(60_000, 180_000, 900);
pub(super) const ADD_ONS: Time = time(10_000, 60_000, 600);
pub(super) const INVITE: Time = time(3_000, 15_000, 300);
pub(super) const JOIN_CONTROL_PLANE: Time = time(45_000, 150_000, 900);
pub(super) const JOIN_WORKER: Time = time(15_000, 60_000, 900);
pub(super) const READY: Time = time(20_000, 90_000, 600);
pub(super) const HEALTHY: Time = time(10_000, 60_000, 600);
pub(super) const UNINVITE: Time = time(1_000, 5_000, 300);
pub(super) const DRAIN: Time = time(45_000, 300_000, 900);
pub(super) const UNCORDON: Time = time(1_000, 5_000, 300);
pub(super) const REMOVE_MEMBER: Time = time(3_000, 15_000, 300);
pub(super) const REMOVE_NODE: Time = time(1_000, 5_000, 300);
pub(super) const DELETE: Time = time(30_000, 120_000, 900);
pub(super) const SWEEP: Time = time(10_000, 60_000, 600);
