//! What a test holds of the Google Cloud face.

use std::{net::SocketAddr, sync::Arc};

use super::{face::Gcp, names::PROJECT, token};

/// The Google Cloud face of a world.
#[derive(Debug)]
pub struct GcpFace {
    face: Arc<Gcp>,
    address: SocketAddr,
}

impl GcpFace {
    pub(crate) const fn new(face: Arc<Gcp>, address: SocketAddr) -> Self {
        Self { face, address }
    }

    /// Where Compute Engine answers.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The one project.
    #[must_use]
    pub const fn project(&self) -> &'static str {
        PROJECT
    }

    /// The key file of a service account that may do everything, as JSON.
    #[must_use]
    pub fn credentials(&self) -> String {
        token::key_file(&format!("{}/token", self.endpoint())).to_string()
    }

    /// A bearer token of the service account for the next 50 minutes.
    #[must_use]
    pub fn token(&self) -> String {
        token::signed(self.face.wall())
    }

    /// The credential of a user, as JSON, whose tokens come from this face.
    #[must_use]
    pub fn user_credentials(&self) -> String {
        token::user_file(&format!("{}/token", self.endpoint())).to_string()
    }

    /// The configuration of workload identity federation, as JSON, whose tokens come from this face.
    #[must_use]
    pub fn federated_credentials(&self) -> String {
        token::federated_file(&self.endpoint()).to_string()
    }

    /// The configuration of a user who stands for the service account, as JSON; all tokens come from this face.
    #[must_use]
    pub fn impersonated_credentials(&self) -> String {
        token::impersonated_file(&self.endpoint()).to_string()
    }

    /// The regions of this cloud.
    #[must_use]
    pub fn regions(&self) -> Vec<&'static str> {
        super::catalog::REGIONS.iter().map(|(region, _)| *region).collect()
    }

    /// Whether the service account's key is known.
    pub fn know(&self, known: bool) {
        self.face.users().known = known;
    }

    /// Denies the service account these methods from now on, and no others: `networks.insert`, `networks.*`, or `*`.
    pub fn deny(&self, methods: &[&str]) {
        self.face.users().denied = methods.iter().map(|method| (*method).to_owned()).collect();
    }

    /// Switches the API off or on in the project.
    pub fn disable(&self, disabled: bool) {
        self.face.users().disabled = disabled;
    }

    /// Lets a zone run out of a machine type; `*` is any.
    pub fn sell_out(&self, zone: &str, machine_type: &str) {
        self.face.users().sold_out.push((zone.to_owned(), machine_type.to_owned()));
    }

    /// Sets a quota: of each region, or of the project for what is counted there.
    pub fn limit(&self, metric: &str, most: u64) {
        self.face.users().quotas.insert(metric.to_owned(), most);
    }
}
