//! The AWS face: EC2 (Query, 2016-11-15), Elastic Load Balancing v2 (2015-12-01), STS, Systems Manager, Service Quotas.

mod decode;
mod ec2;
mod elb;
mod face;
mod fail;
mod handle;
mod input;
mod model;
mod quota;
mod route;
mod sigv4;
mod ssm;
mod sts;
mod throttle;
mod users;
mod xml;

pub(crate) use face::Aws;
pub use handle::AwsFace;
pub use users::AwsUser;
