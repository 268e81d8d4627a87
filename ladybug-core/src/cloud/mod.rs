//! What ladybug asks of a cloud: the [`CloudDriver`] trait, its words, and the layers around it.

mod call;
mod capability;
mod driver;
pub mod layer;
mod money;
mod owner;
mod query;
mod registry;
mod resource;
mod wait;

pub use call::Call;
pub use capability::Capabilities;
pub use driver::{CloudDriver, CloudDriverExt};
pub use money::Price;
pub use owner::Owner;
pub use query::{MachineChoice, MachineQuery, Offer};
pub use registry::DriverRegistry;
pub use resource::{
    Access, Action, AddressSpec, Deletion, Endpoint, FirewallRule, FirewallSpec, LoadBalancerSpec, Location,
    MachineSpec, NetworkSpec, Protocol, Resource, ResourceDetail, ResourceKind, ResourceRef, ResourceSpec,
    ResourceStatus, SshKeySpec,
};
pub use wait::Waiter;
