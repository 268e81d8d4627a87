//! The plan of a new cluster, and the part of it that a growing cluster shares.

mod cluster;
mod grow;
mod host;
mod kube;
mod links;
mod node;
mod raise;
mod scene;
mod site;

pub(super) use cluster::create;
pub(super) use grow::{Cleared, Grown, grow};
pub(super) use host::{Fate, Host};
pub(super) use kube::balance;
pub(super) use node::{NodePlanner, is_full_mesh, pool_path};
pub(super) use scene::Scene;
pub(super) use site::{SitePlan, site_of, sites};
