//! Layers around drivers: what every call to every cloud needs, written once.
//!
//! A [`Layer`] is one function around any call; [`Layer::wrap`] makes a driver of it and another driver. [`standard`]
//! stacks those that every driver should have.

mod ask;
mod budget;
mod cassette;
mod chaos;
mod deadline;
mod layered;
mod limit;
mod record;
mod replay;
mod retry;
mod standard;
mod trace;

pub use ask::{Ask, Request, Verb};
pub use budget::Budget;
pub use cassette::Cassette;
pub use chaos::{ChaosLayer, ChaosPlan};
pub use deadline::DeadlineLayer;
pub use layered::{Answer, Layer, Next};
pub use limit::LimitLayer;
pub use record::RecordLayer;
pub use replay::ReplayDriver;
pub use retry::RetryLayer;
pub use standard::{StandardOptions, standard};
pub use trace::TraceLayer;
