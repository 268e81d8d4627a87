//! Secrets at rest: [`Sealed`], and the [`Sealer`] that makes and opens it.

mod key;
mod sealed;
mod sealer;
#[cfg(test)]
mod tests;

pub use sealed::Sealed;
pub use sealer::Sealer;
