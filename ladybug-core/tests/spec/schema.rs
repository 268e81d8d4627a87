//! The JSON Schema.

use ladybug_core::spec::ClusterSpec;
use serde_json::Value;

#[test]
fn the_schema_is_as_recorded() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_json_snapshot!("cluster-spec-schema", ClusterSpec::json_schema()));
}

/// The reader's own walker knows these words only; it must learn any other before the schema may use it.
const KNOWN: [&str; 17] = [
    "$defs",
    "$ref",
    "$schema",
    "additionalProperties",
    "const",
    "default",
    "description",
    "format",
    "items",
    "maximum",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
];

fn check(schema: &Value) {
    let Some(words) = schema.as_object() else { return };
    for (word, value) in words {
        assert!(KNOWN.contains(&word.as_str()), "{word}");
        match word.as_str() {
            "$defs" | "properties" => value.as_object().unwrap().values().for_each(check),
            "items" | "additionalProperties" => check(value),
            "oneOf" => value.as_array().unwrap().iter().for_each(check),
            _ => {}
        }
    }
}

#[test]
fn the_schema_uses_only_what_the_reader_knows() {
    check(&ClusterSpec::json_schema());
}

#[test]
fn every_field_is_documented() {
    let schema = ClusterSpec::json_schema();
    let definitions = schema["$defs"].as_object().unwrap().values();
    let cases = |schema: &Value| schema["oneOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
    for object in definitions.chain([&schema]).flat_map(cases) {
        for (name, field) in object["properties"].as_object().into_iter().flatten() {
            assert!(field.get("description").or(field.get("const")).is_some(), "{name}");
        }
    }
}
