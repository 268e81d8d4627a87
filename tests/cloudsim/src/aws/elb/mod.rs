//! Elastic Load Balancing v2: network load balancers.

pub(super) mod attribute;
pub(super) mod balancer;
pub(super) mod group;
pub(super) mod health;
pub(super) mod listener;
pub(super) mod tag;
mod walk;
