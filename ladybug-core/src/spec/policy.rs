//! What to do on failure, and the limits of time and money.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do on failure, and the limits of time and money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Policies {
    /// What happens to what was made when an operation fails.
    pub on_failure: OnFailure,
    /// How long one operation may take, in seconds.
    #[serde(rename = "deadline_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub deadline: Duration,
    /// The most that the cluster may cost in US dollars an hour; a plan over it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_per_hour: Option<f64>,
    /// When the cluster may be reaped, in seconds after its creation.
    #[serde(rename = "expires_after_seconds", with = "optional_seconds", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u64>")]
    pub expires_after: Option<Duration>,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            on_failure: OnFailure::default(),
            deadline: Duration::from_secs(3600),
            budget_per_hour: None,
            expires_after: None,
        }
    }
}

/// What happens to what was made when an operation fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnFailure {
    /// Undo what the operation did.
    #[default]
    RollBack,
    /// Keep it; the cluster needs attention and the operation can be resumed.
    Keep,
}

mod seconds {
    use super::{Deserialize, Duration};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(span.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_secs)
    }
}

mod optional_seconds {
    use super::{Deserialize, Duration};
    use serde::{Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        span.map(|span| span.as_secs()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(from)?.map(Duration::from_secs))
    }
}
