//! What the drivers over HTTP share: one client that sends once, and says what is known of a request that failed.

mod answer;
mod client;
mod fault;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
mod trace;

pub(crate) use answer::Answer;
pub(crate) use client::Client;
pub(crate) use fault::Effect;
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
pub(crate) use trace::Trace;
