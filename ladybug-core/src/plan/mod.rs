//! What will be done, as data, before anything is done.

mod builder;
mod cost;
mod create;
mod delete;
mod drain;
mod explain;
mod forecast;
mod mesh;
mod model;
mod planner;
mod scale;
mod survey;

pub use forecast::{Forecast, Quorum};
pub use mesh::gateways;
pub use model::{
    Estimate, Goal, On, PLAN_FORMAT, Plan, PlannedNode, PlannedResource, Site, Step, StepKind, Undo, machine_key,
    machine_node,
};
pub use planner::{Choices, plan_create, plan_delete, plan_drain, plan_scale, plan_undrain, queries};
pub use survey::{Ailment, Survey};

#[cfg(test)]
mod tests;
