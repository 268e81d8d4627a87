//! What a test holds of the Tumblebug face.

use std::{net::SocketAddr, sync::Arc};

use super::face::{Tumblebug, USER};

/// The Tumblebug face of a world.
#[derive(Debug)]
pub struct TumblebugFace {
    face: Arc<Tumblebug>,
    address: SocketAddr,
}

impl TumblebugFace {
    pub(crate) const fn new(face: Arc<Tumblebug>, address: SocketAddr) -> Self {
        Self { face, address }
    }

    /// The endpoint, `/tumblebug` included.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}/tumblebug", self.address)
    }

    /// The user of the API.
    #[must_use]
    pub const fn user(&self) -> &'static str {
        USER
    }

    /// The user's password.
    #[must_use]
    pub fn password(&self) -> &str {
        self.face.password()
    }

    /// Lets a zone run out of a spec; `*` is any.
    pub fn sell_out(&self, zone: &str, spec: &str) {
        self.face.sold_out().push((zone.to_owned(), spec.to_owned()));
    }

    /// A bearer token that does as well.
    #[must_use]
    pub fn token(&self) -> &str {
        self.face.token()
    }
}
