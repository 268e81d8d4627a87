//! A running operation.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;

use crate::{
    error::{Error, ErrorReport, Result},
    id::{ClusterUid, OperationId},
    store::Outcome,
};

/// A running operation. It runs on when this is dropped.
pub struct Operation {
    id: OperationId,
    cluster: ClusterUid,
    canceller: Canceller,
    outcome: BoxFuture<'static, Result<Outcome>>,
}

impl Operation {
    /// Makes the handle of an operation that runs somewhere; for those who implement the lifecycle traits.
    #[must_use]
    pub fn new(
        id: OperationId,
        cluster: ClusterUid,
        cancel: impl Fn() + Send + Sync + 'static,
        outcome: BoxFuture<'static, Result<Outcome>>,
    ) -> Self {
        Self { id, cluster, canceller: Canceller(Arc::new(cancel)), outcome }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> OperationId {
        self.id
    }

    /// The cluster that it changes.
    #[must_use]
    pub const fn cluster(&self) -> ClusterUid {
        self.cluster
    }

    /// What asks it to stop, from anywhere.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it could not go on and its outcome is open: the store failed, or another process took the cluster over.
    /// It can be resumed.
    pub async fn wait(self) -> Result<Outcome> {
        self.outcome.await
    }

    /// Waits for its success.
    ///
    /// # Errors
    /// As [`wait`](Self::wait), and the reason why it was rolled back or stopped.
    pub async fn success(self) -> Result<()> {
        self.wait().await?.into_result()
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("id", &self.id).field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

/// Asks an operation to stop; what then happens to what it made is the policy `on_failure`.
#[derive(Clone)]
pub struct Canceller(Arc<dyn Fn() + Send + Sync>);

impl Canceller {
    /// Asks. More than once is as once, and too late is nothing.
    pub fn cancel(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canceller(..)")
    }
}

impl Outcome {
    /// Success, or the reason why not.
    ///
    /// # Errors
    /// Why it was rolled back or stopped; what remains is in the text.
    pub fn into_result(self) -> Result<()> {
        let (end, error) = match &self {
            Self::Succeeded => return Ok(()),
            Self::RolledBack { error } | Self::Stopped { error, .. } => (self.to_string(), error.clone()),
        };
        let ErrorReport { kind, disposition, remedy, .. } = error;
        let failed = Error::new(kind, "finish the operation").with_message(end).with_disposition(disposition);
        Err(match remedy {
            Some(remedy) => failed.with_remedy(remedy),
            None => failed,
        })
    }
}
