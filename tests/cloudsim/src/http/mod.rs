//! The HTTP front of all faces.

mod body;
mod exchange;
mod face;
mod message;
mod server;

pub(crate) use exchange::Front;
pub(crate) use face::{Called, Deed, Face};
pub(crate) use message::{Reply, Request};
pub(crate) use server::serve;
