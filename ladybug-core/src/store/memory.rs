//! A store in memory.
/// A store in memory.
#[derive(Debug)]
pub struct MemoryStore;
