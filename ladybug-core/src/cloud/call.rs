//! What every call carries.

use tokio::time::Instant;

use crate::id::OperationId;

/// What every call carries: on whose behalf, the how-manieth try, and until when.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Call {
    /// The operation that asks; `None` outside of one, as in planning.
    pub operation: Option<OperationId>,
    /// 1 for the first try; layers that retry count up.
    pub attempt: u32,
    /// When the caller stops waiting; never when absent.
    pub deadline: Option<Instant>,
}

impl Call {
    /// A first try without operation and deadline.
    #[must_use]
    pub const fn new() -> Self {
        Self { operation: None, attempt: 1, deadline: None }
    }

    /// The same call on behalf of `operation`.
    #[must_use]
    pub const fn with_operation(mut self, operation: OperationId) -> Self {
        self.operation = Some(operation);
        self
    }

    /// The same call, given up at `deadline`.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The same call as try number `attempt`.
    #[must_use]
    pub const fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }
}

impl Default for Call {
    fn default() -> Self {
        Self::new()
    }
}
