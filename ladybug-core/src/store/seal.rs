//! Sealing of secrets.

use serde::{Deserialize, Serialize};

/// A sealed secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(..)")
    }
}

/// Seals and opens secrets.
#[derive(Debug)]
pub struct Sealer;
