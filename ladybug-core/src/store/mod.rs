//! Where clusters are remembered: the [`ClusterStore`] trait, its records, and two stores.

mod contract;
#[cfg(test)]
mod golden;
mod head;
mod log;
mod memory;
mod private;
mod record;
#[cfg(feature = "redb")]
mod redb;
mod seal;

#[cfg(feature = "redb")]
pub use self::redb::RedbStore;
pub use contract::{ClusterStore, Commit, Fence, Lease, Version};
pub use log::{LogBody, LogEntry, Outcome, StepOutput};
pub use memory::MemoryStore;
pub use record::{ClusterRecord, FORMAT};
pub use seal::{Sealed, Sealer};
