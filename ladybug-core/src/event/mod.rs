//! What happens, as a typed stream with a cursor.

mod bus;
mod kind;
mod render;

pub use bus::EventBus;
pub(crate) use bus::{PER_ENTRY, number, transient_seq};
pub use kind::{Event, EventKind};
