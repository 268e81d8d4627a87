//! Staying the one writer.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};

use crate::{
    error::{Error, ErrorKind, Result},
    id::ClusterUid,
    store::{ClusterStore, Fence, Lease},
};

/// Renews a lease before it ends.
#[derive(Debug)]
pub(super) struct Keeper {
    store: Arc<dyn ClusterStore>,
    uid: ClusterUid,
    holder: String,
    lease: Lease,
    renew_at: Instant,
    ends_at: Instant,
}

impl Keeper {
    /// Becomes the cluster's writer.
    ///
    /// # Errors
    /// `Conflict` naming the present one.
    pub(super) async fn acquire(
        store: Arc<dyn ClusterStore>,
        uid: ClusterUid,
        holder: String,
        ttl: Duration,
    ) -> Result<Self> {
        let asked = Instant::now();
        let lease = store.acquire(&uid, &holder, ttl).await?;
        Ok(Self { store, uid, holder, lease, renew_at: asked + lease.ttl / 3, ends_at: asked + lease.ttl })
    }

    pub(super) fn fence(&self) -> Fence {
        self.lease.fence
    }

    /// Renews the lease for as long as it can, and then tells why it cannot.
    ///
    /// Cancel safe: the next call goes on.
    pub(super) async fn lost(&mut self) -> Error {
        loop {
            sleep_until(self.renew_at).await;
            let asked = Instant::now();
            match self.store.acquire(&self.uid, &self.holder, self.lease.ttl).await {
                Ok(lease) if lease.fence == self.lease.fence => {
                    (self.renew_at, self.ends_at) = (asked + lease.ttl / 3, asked + lease.ttl);
                }
                Ok(_) => return self.taken(),
                Err(error) if error.kind() == ErrorKind::Conflict || asked >= self.ends_at => return error,
                Err(_) => self.renew_at = asked + self.lease.ttl / 10,
            }
        }
    }

    fn taken(&self) -> Error {
        Error::new(ErrorKind::Conflict, format!("stay the one writer of cluster {}", self.uid))
            .with_message("its lease ended and somebody else had it")
    }

    /// Gives the lease back. A failure only means that others wait until it ends.
    pub(super) async fn release(self) {
        if let Err(error) = self.store.release(&self.uid, self.lease.fence).await {
            tracing::warn!(cluster = %self.uid, error = %error.report(), "the lease was not given back; it ends by itself");
        }
    }
}
