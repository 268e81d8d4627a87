//! Waiting for a resource.
/// Waits.
#[derive(Debug)]
pub struct Waiter;
