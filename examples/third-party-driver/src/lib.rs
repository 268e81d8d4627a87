//! A driver as somebody else would write it, for a cloud that ladybug has never seen.
//!
//! [`pond`] is that cloud: a small API with what makes real ones hard: new things show up late, answers get lost, names
//! stay taken until their holder is gone, and lists come in pages. [`PondDriver`] is all that ladybug needs to build
//! clusters there, and `tests/conformance.rs` proves it with one line:
//!
//! ```text
//! ladybug_core::driver_conformance!(pond, make, start_paused = true);
//! ```
//!
//! The whole way is told in `docs/driver-guide.md`. What to look at here:
//!
//! * **Owner tags.** Labels go into the call that makes a thing, and the name is [`Owner::resource_name`]. The pond
//!   answers a second `put` of a name with what has it, so all kinds are idempotent, invisible or not.
//! * **One request, one answer.** Nothing is retried and nothing waited for; [`Refusal`](pond::Refusal)s become kinds and
//!   dispositions in one table.
//! * **Absence.** Only the pond's own "there is none" becomes `None`.
//!
//! [`Owner::resource_name`]: ladybug_core::cloud::Owner::resource_name
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what the contract may gain, this driver refuses until it knows it"
)]

mod driver;
mod errors;
pub mod pond;

pub use driver::PondDriver;
