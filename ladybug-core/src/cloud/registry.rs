//! The drivers by name.
/// The drivers by name.
#[derive(Debug)]
pub struct DriverRegistry;
