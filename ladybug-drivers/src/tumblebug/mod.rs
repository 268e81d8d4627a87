//! CB-Tumblebug: everything that a Tumblebug server reaches, in one account.
//!
//! A region is one of the server's *connections*, such as `aws-ap-northeast-2`; a machine type is one of its specs, by
//! its full id (`aws+ap-northeast-2+t3.medium`) or by the cloud's own name (`t3.medium`). The server must be of version
//! 0.12.6 or later (its machines are `/infra`); an older one is refused with its dialect named.
//!
//! # What becomes what
//! | ladybug | Tumblebug |
//! |---|---|
//! | network | a vNet, with a subnet in up to four zones where the cloud's subnets are zonal |
//! | firewall | a security group; only its rules on the way in are touched, one by one |
//! | ssh key | an sshKey: the server makes a pair of its own, ours is remembered in the description |
//! | machine | an infra of one node group of one node |
//!
//! All of them have the name of [`Owner::resource_name`](ladybug_core::cloud::Owner::resource_name) and the owner in
//! their description, written by the call that makes them; infras also carry the cluster in a label. A machine has an
//! infra of its own because the server allows one action at a time in each, and machines are made at the same time.
//! So there is no load balancer: the server's stands before one node group, and ours have one node.
//!
//! # First contact
//! The server hands no first-boot data to machines, and its own key pair is the one that logs in. When a machine first
//! runs, [`get`](ladybug_core::cloud::CloudDriver::get) lets the server run two commands on it: one makes the
//! [user](Config::with_user) and lets the cluster's key in, the other takes every other key out, the server's too. The
//! server's private key never comes into this process, and no secret goes through the server. The host key that is
//! pinned is the one that the server saw at its first login. For this **the server's own address must be let in on
//! TCP 22**: name it among the operators of the spec.
//!
//! Machines of Spider's mock provider have no sshd; [`StandIns`] gives hosts in their place.
//!
//! # Beside other clouds
//! A pool of this driver and a pool of another one make one cluster: `examples/specs/tumblebug-and-aws.yaml`.
//!
//! # A live server
//! `LADYBUG_TUMBLEBUG_URL` (with `LADYBUG_TUMBLEBUG_USER`, `_PASSWORD`, `_CONNECTION`) lets the tests of this driver run
//! against it. Register the mock provider first: `POST /cloudInfo/mock` with its regions, then a credential with the key
//! `MockName`, then `POST /fetchSpecs` and `/fetchImages` with `{"targetProviders":["mock"]}`.
//!
//! # Limits
//! The server takes 50 requests in a second from one address; a budget of
//! [`TumblebugDriver::REQUESTS_PER_SECOND`] stays below. After a 429 it is left alone for as long as the answer's
//! `Retry-After` says, which a gateway may add, else for a second. Making and deleting a machine are calls of minutes.
//! Quotas are not known before they are reached. There are no spot machines.

mod choose;
mod client;
mod config;
mod create;
mod driver;
mod end;
mod error;
mod firewall;
mod introduce;
mod key;
mod list;
mod machine;
mod marker;
mod model;
mod network;
mod resolve;
mod rules;
mod script;
mod stand_in;
mod subnet;
mod thing;

pub use config::Config;
pub use driver::TumblebugDriver;
pub use stand_in::{StandIn, StandIns};
