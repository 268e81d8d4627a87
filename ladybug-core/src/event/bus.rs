//! Fan-out of events.
/// Fan-out of events.
#[derive(Debug)]
pub struct EventBus;
