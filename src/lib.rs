//! facade
#[doc(inline)]
pub use ladybug_core::*;
