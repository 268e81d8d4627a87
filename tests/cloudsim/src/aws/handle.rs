//! What a test holds of the AWS face.

use std::{net::SocketAddr, sync::Arc};

use super::{Aws, AwsUser};

/// The AWS face: one endpoint for all services, which the signature tells apart.
#[derive(Debug)]
pub struct AwsFace {
    aws: Arc<Aws>,
    endpoint: String,
    user: AwsUser,
}

impl AwsFace {
    pub(crate) fn new(aws: Arc<Aws>, address: SocketAddr) -> Self {
        let user = AwsUser::new("ladybug", "AKIASIMULATED0000001", "cloudsim/secret+of/the/first+user0000001");
        aws.users().put(user.clone());
        Self { aws, endpoint: format!("http://{address}"), user }
    }

    /// The URL to give as `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The credentials of a user who may do everything.
    #[must_use]
    pub const fn credentials(&self) -> &AwsUser {
        &self.user
    }

    /// Adds a user, or changes the one with the same access key.
    pub fn put_user(&self, user: AwsUser) {
        self.aws.users().put(user);
    }

    /// The regions of this cloud.
    #[must_use]
    pub fn regions(&self) -> &'static [&'static str] {
        &super::face::REGIONS
    }

    /// The account's number.
    #[must_use]
    pub const fn account(&self) -> &'static str {
        super::face::ACCOUNT
    }
}
