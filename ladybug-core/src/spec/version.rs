//! Kubernetes versions.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::id::NameError;

/// An exact Kubernetes version such as `1.36.4`; a leading `v` is accepted, pre-releases are not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KubernetesVersion(u16, u16);

impl JsonSchema for KubernetesVersion {
    fn schema_name() -> Cow<'static, str> {
        "KubernetesVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^v?1\.[0-9]{1,3}\.[0-9]{1,3}$" })
    }
}

impl KubernetesVersion {
    /// Makes `1.minor.patch`.
    #[must_use]
    pub const fn new(minor: u16, patch: u16) -> Self {
        Self(minor, patch)
    }

    /// The minor number.
    #[must_use]
    pub const fn minor(self) -> u16 {
        self.0
    }

    /// The patch number.
    #[must_use]
    pub const fn patch(self) -> u16 {
        self.1
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}.{}", self.minor(), self.patch())
    }
}

impl fmt::Debug for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KubernetesVersion {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::new("Kubernetes version", text, "must be an exact version such as 1.36.4");
        let version = semver::Version::parse(text.strip_prefix('v').unwrap_or(text)).map_err(|_| wrong())?;
        let number = |part: u64| u16::try_from(part).ok().filter(|part| *part < 1000).ok_or_else(wrong);
        let plain = version.major == 1 && version.pre.is_empty() && version.build.is_empty();
        if plain { Ok(Self::new(number(version.minor)?, number(version.patch)?)) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for KubernetesVersion {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<KubernetesVersion> for String {
    fn from(version: KubernetesVersion) -> Self {
        version.to_string()
    }
}
