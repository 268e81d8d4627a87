//! The JSON Schema of specs.

use std::{borrow::Cow, sync::LazyLock};

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::Value;

use super::ClusterSpec;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let generator = SchemaSettings::draft2020_12().into_generator();
    generator.into_root_schema_for::<ClusterSpec>().to_value()
});

impl ClusterSpec {
    /// The JSON Schema (draft 2020-12) of what [`ClusterSpec::parse`] reads, with the documentation of every field.
    ///
    /// It covers the shape; the rules of [`ClusterSpec::problems`] come on top.
    #[must_use]
    pub fn json_schema() -> Value {
        SCHEMA.clone()
    }
}

/// The schema, made once.
pub(super) fn schema() -> &'static Value {
    &SCHEMA
}

/// Stands for an IPv4 network in the schema.
pub(super) struct Ipv4Network;

impl JsonSchema for Ipv4Network {
    fn schema_name() -> Cow<'static, str> {
        "Ipv4Network".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$" })
    }
}

/// Stands for an IPv4 or IPv6 network in the schema.
pub(super) struct IpNetwork;

impl JsonSchema for IpNetwork {
    fn schema_name() -> Cow<'static, str> {
        "IpNetwork".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^[0-9A-Fa-f:.]+/[0-9]{1,3}$" })
    }
}
