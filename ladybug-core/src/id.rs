//! Newtypes for every name and id, checked where they are made.

use std::{
    borrow::{Borrow, Cow},
    fmt,
    str::FromStr,
    sync::Arc,
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a string is not a name of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {text:?} {rule}")]
pub struct NameError {
    what: &'static str,
    text: String,
    rule: &'static str,
}

impl NameError {
    pub(crate) fn new(what: &'static str, text: &str, rule: &'static str) -> Self {
        Self { what, text: text.chars().take(80).collect(), rule }
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $pattern:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }

        impl $name {
            /// Checks `text` and makes the name.
            ///
            /// # Errors
            /// [`NameError`] with the rule that `text` breaks.
            pub fn new(text: impl AsRef<str>) -> Result<Self, NameError> {
                let text = text.as_ref();
                $check(text).map_err(|rule| NameError::new($what, text, rule))?;
                Ok(Self(text.into()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// The name space of clusters: 1 to 63 of `a-z0-9-`, letter first, letter or digit last.
    ProjectName, "project name", r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", label
}
name! {
    /// The name of a cluster inside its project: 1 to 40 of `a-z0-9-`, letter first, so that node names fit in 63.
    ClusterName, "cluster name", r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", short_label
}
name! {
    /// The name of a pool inside its cluster: 1 to 16 of `a-z0-9-`, letter first.
    PoolName, "pool name", r"^[a-z]([a-z0-9-]{0,14}[a-z0-9])?$", pool_label
}
name! {
    /// One configured account of one driver, such as `aws-seoul`: 1 to 63 of `a-z0-9-`, letter first.
    ProviderName, "provider name", r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", label
}
name! {
    /// A machine's name, the same in the cloud, on the host and in Kubernetes: a DNS label (RFC 1123).
    NodeName, "node name", r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", label
}
name! {
    /// A cloud's region, in the cloud's own spelling: 1 to 64 of `A-Za-z0-9-_.`.
    Region, "region", r"^[A-Za-z0-9_.-]{1,64}$", word
}
name! {
    /// A zone of a region, in the cloud's own spelling: 1 to 64 of `A-Za-z0-9-_.`.
    Zone, "zone", r"^[A-Za-z0-9_.-]{1,64}$", word
}
name! {
    /// What a resource is for inside its cluster, such as `network/aws-seoul.ap-northeast-2`; part of its owner tag.
    ResourceKey, "resource key", r"^[A-Za-z0-9_./-]{1,128}$", path
}
name! {
    /// A step inside its plan, such as `join/demo-w-1`.
    StepKey, "step key", r"^[A-Za-z0-9_./-]{1,160}$", long_path
}
name! {
    /// A resource's id in its cloud's own spelling: 1 to 512 printable characters without white space.
    ResourceId, "resource id", r"^[!-~]{1,512}$", graphic
}
name! {
    /// What a secret of a cluster is for, such as `ca.key`.
    SecretName, "secret name", r"^[A-Za-z0-9_./-]{1,128}$", path
}

fn label_of(text: &str, most: usize) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.len() <= most
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.chars().all(inner)
}

fn label(text: &str) -> Result<(), &'static str> {
    label_of(text, 63)
        .then_some(())
        .ok_or("must be 1 to 63 of a-z, 0-9 and '-', start with a letter and not end with '-'")
}

fn short_label(text: &str) -> Result<(), &'static str> {
    label_of(text, 40)
        .then_some(())
        .ok_or("must be 1 to 40 of a-z, 0-9 and '-', start with a letter and not end with '-'")
}

fn pool_label(text: &str) -> Result<(), &'static str> {
    label_of(text, 16)
        .then_some(())
        .ok_or("must be 1 to 16 of a-z, 0-9 and '-', start with a letter and not end with '-'")
}

fn made_of(text: &str, most: usize, extra: &str) -> bool {
    (1..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
}

fn word(text: &str) -> Result<(), &'static str> {
    made_of(text, 64, "-_.").then_some(()).ok_or("must be 1 to 64 of A-Z, a-z, 0-9, '-', '_' and '.'")
}

fn path(text: &str) -> Result<(), &'static str> {
    made_of(text, 128, "-_./").then_some(()).ok_or("must be 1 to 128 of A-Z, a-z, 0-9, '-', '_', '.' and '/'")
}

fn long_path(text: &str) -> Result<(), &'static str> {
    made_of(text, 160, "-_./").then_some(()).ok_or("must be 1 to 160 of A-Z, a-z, 0-9, '-', '_', '.' and '/'")
}

fn graphic(text: &str) -> Result<(), &'static str> {
    let ok = (1..=512).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
    ok.then_some(()).ok_or("must be 1 to 512 printable ASCII characters without white space")
}

macro_rules! uid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID.
            #[must_use]
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uid! {
    /// A cluster for ever, across renames and stores; a version 7 UUID.
    ClusterUid
}
uid! {
    /// One run of a plan; a version 7 UUID.
    OperationId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_in_the_constructor_and_on_the_way_in() {
        for bad in ["", "-a", "a-", "A", "1a", "a_b", "a b", "$(x)", "{{x}}", &"a".repeat(64)] {
            assert!(NodeName::new(bad).is_err(), "{bad:?}");
            assert!(serde_json::from_value::<NodeName>(bad.into()).is_err(), "{bad:?}");
        }
        assert_eq!(NodeName::new("demo-w-1").unwrap().as_str(), "demo-w-1");
    }

    #[test]
    fn debug_is_display() {
        let name = PoolName::new("workers").unwrap();
        assert_eq!(format!("{name:?}"), name.to_string());
    }

    #[test]
    fn an_error_names_the_text_and_the_rule() {
        let error = ClusterName::new("Demo").unwrap_err().to_string();
        assert!(error.starts_with("cluster name \"Demo\" must be"), "{error}");
    }
}
