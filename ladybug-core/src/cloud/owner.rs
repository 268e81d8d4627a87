//! Whose a resource is.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{ClusterName, ClusterUid, ResourceKey};

/// Whose a resource is and what it is for. Written on the resource in the same call that makes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Owner {
    /// The cluster.
    pub cluster: ClusterUid,
    /// The cluster's name, for people.
    pub cluster_name: ClusterName,
    /// What the resource is for.
    pub key: ResourceKey,
    /// Counts up when a resource that was deleted is made anew under the same key; part of [`Owner::token`],
    /// because clouds remember tokens of deleted resources.
    pub generation: u32,
}

impl Owner {
    /// The tag that holds the cluster uid.
    pub const CLUSTER_TAG: &'static str = "ladybug-cluster";
    /// The tag that holds the resource key.
    pub const KEY_TAG: &'static str = "ladybug-key";

    /// Makes an owner of generation 0.
    #[must_use]
    pub fn new(cluster: ClusterUid, cluster_name: ClusterName, key: ResourceKey) -> Self {
        Self { cluster, cluster_name, key, generation: 0 }
    }

    /// The same owner, made anew for the `generation`th time.
    #[must_use]
    pub fn with_generation(mut self, generation: u32) -> Self {
        self.generation = generation;
        self
    }

    /// A name for the resource, equal for equal owners: at most 63 of `a-z0-9-`, letter first.
    ///
    /// It is the cluster's name and 20 hexadecimal digits of a hash of uid and key, so that clouds without tags
    /// can find their resources by prefix and name.
    #[must_use]
    pub fn resource_name(&self) -> String {
        format!("{}-{}", self.cluster_name, self.digest("name", 10))
    }

    /// A client token, equal for equal owners and different for another generation: 32 hexadecimal digits.
    #[must_use]
    pub fn token(&self) -> String {
        self.digest(&format!("token {}", self.generation), 16)
    }

    fn digest(&self, purpose: &str, bytes: usize) -> String {
        let hash = Sha256::digest(format!("ladybug {purpose}\n{}\n{}", self.cluster, self.key));
        hash.iter().take(bytes).fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string does not fail");
            text
        })
    }
}
