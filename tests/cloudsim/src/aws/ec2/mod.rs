//! EC2.

pub(super) mod address;
pub(super) mod catalog;
pub(super) mod change;
mod filter;
pub(super) mod gateway;
pub(super) mod group;
pub(super) mod image;
pub(super) mod instance;
pub(super) mod interface;
pub(super) mod key;
pub(super) mod kinds;
pub(super) mod launch;
pub(super) mod list;
pub(super) mod permission;
pub(super) mod place;
pub(super) mod power;
pub(super) mod route_table;
pub(super) mod rules;
pub(super) mod subnet;
pub(super) mod tag;
pub(super) mod volume;
pub(super) mod vpc;
