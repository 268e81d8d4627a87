//! Drivers of clouds for ladybug: each one folder, each one feature, none on by default.

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "azure")]
#[expect(clippy::wildcard_enum_match_arm, reason = "what the contract may gain, this driver refuses until it knows it")]
pub mod azure;
#[cfg(feature = "gcp")]
pub mod gcp;
#[cfg(feature = "hosts")]
pub mod hosts;
#[cfg(feature = "http")]
mod http;
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
mod price;
#[cfg(feature = "tumblebug")]
#[expect(clippy::wildcard_enum_match_arm, reason = "what the contract may gain, this driver refuses until it knows it")]
pub mod tumblebug;
