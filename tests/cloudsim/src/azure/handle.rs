//! What a test holds of the Azure face.

use std::{net::SocketAddr, sync::Arc};

use super::{face::Azure, route};

/// As whom a client may get tokens. `Debug` is derived: this is a simulated cloud's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AzureLogin {
    /// The tenant.
    pub tenant: String,
    /// The application.
    pub client: String,
    /// Its secret.
    pub secret: String,
    /// The token of a foreign issuer, which is as good (workload identity federation).
    pub assertion: String,
    /// The subscription.
    pub subscription: String,
}

/// The Azure face of a world.
#[derive(Debug)]
pub struct AzureFace {
    face: Arc<Azure>,
    address: SocketAddr,
}

impl AzureFace {
    pub(crate) const fn new(face: Arc<Azure>, address: SocketAddr) -> Self {
        Self { face, address }
    }

    /// Where Resource Manager is, and the authority, and the endpoint of machines' own identities.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// As whom tokens can be had now.
    #[must_use]
    pub fn login(&self) -> AzureLogin {
        let principal = self.face.authority().principal.clone();
        AzureLogin {
            tenant: principal.tenant,
            client: principal.client,
            secret: principal.secret,
            assertion: principal.assertion,
            subscription: self.face.subscription().to_owned(),
        }
    }

    /// Gives the application another secret, and makes every token worthless.
    pub fn change_secret(&self, secret: &str) {
        let mut authority = self.face.authority();
        secret.clone_into(&mut authority.principal.secret);
        authority.revoke();
    }

    /// Makes every token worthless; a new one can be had.
    pub fn revoke_tokens(&self) {
        self.face.authority().revoke();
    }

    /// Denies these actions, such as `Microsoft.Compute/*`, and no others.
    pub fn deny(&self, actions: &[&str]) {
        self.face.authority().principal.denied = actions.iter().map(|action| (*action).to_owned()).collect();
    }

    /// Lets a zone (`-` for machines without one) run out of a type; `*` is any.
    pub fn sell_out(&self, zone: &str, size: &str) {
        self.face.sold_out().push((zone.to_owned(), size.to_owned()));
    }

    /// Allows so many machines from now on.
    pub fn limit_machines(&self, most: u64) {
        self.face.limits().machines = most;
    }

    /// Whether an operation, by the name that counters show, asks to change something.
    #[must_use]
    pub fn changes(operation: &str) -> bool {
        route::changes(operation)
    }
}
