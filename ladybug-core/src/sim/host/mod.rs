//! Machines: disk, services, overlay, and what commands do to them.

use super::link::{Birth, HostId};
use tokio::time::Instant;

/// All hosts of the world.
#[derive(Debug, Default)]
pub(in crate::sim) struct Hosts;

impl Hosts {
    /// A machine starts for the first time.
    pub(in crate::sim) fn boot(&mut self, birth: Birth) {
        let _ = birth;
    }

    /// A machine is deleted, disk and all.
    pub(in crate::sim) fn remove(&mut self, id: &HostId) {
        let _ = id;
    }

    /// A machine stops; its disk stays.
    pub(in crate::sim) fn stop(&mut self, id: &HostId) {
        let _ = id;
    }

    /// A machine starts again or reboots and answers at `answers_at`.
    pub(in crate::sim) fn start(&mut self, id: &HostId, answers_at: Instant) {
        let _ = (id, answers_at);
    }
}
