//! The whole simulated world.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{
    Times, Trip,
    host::Hosts,
    link::{HostFault, HostId, HostVerb, Sender, Wire},
};
use crate::cloud::Protocol;

/// The whole simulated world.
#[derive(Clone, Debug)]
pub struct World(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    times: Times,
    trip: Trip,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    hosts: Hosts,
}

#[derive(Debug)]
struct Everywhere;

impl Wire for Everywhere {
    fn deliver(&self, _: Sender<'_>, _: std::net::IpAddr, _: Protocol, _: u16) -> Option<HostId> {
        None
    }
}

impl World {
    /// How long things take in it.
    #[must_use]
    pub fn times(&self) -> Times {
        self.0.times
    }

    /// The points where a run can be cut off.
    #[must_use]
    pub fn trip(&self) -> &Trip {
        &self.0.trip
    }

    /// Looks at the hosts and the network between them. Never held over an await.
    pub(in crate::sim) fn ground<R>(&self, work: impl FnOnce(&mut Hosts, &dyn Wire) -> R) -> R {
        let mut inner = self.0.inner.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut inner.hosts, &Everywhere)
    }

    /// What goes wrong with the next thing that is done to `host`, if anything.
    pub(in crate::sim) fn host_fault(&self, host: &HostId, verb: HostVerb) -> Option<HostFault> {
        let _ = (host, verb);
        None
    }

    /// Has an effect on the world: takes `time`, half of it before and half after, and can be cut off on both sides.
    pub(in crate::sim) async fn effect<R>(&self, time: Duration, work: impl FnOnce() -> R) -> R {
        self.0.trip.cross().await;
        tokio::time::sleep(time / 2).await;
        let result = work();
        tokio::time::sleep(time / 2).await;
        self.0.trip.cross().await;
        result
    }
}
