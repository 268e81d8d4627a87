//! The official models of the inputs of the operations that are served (`judges/make_model.py` wrote `model.json`).

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

/// All services.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    pub(super) services: BTreeMap<String, Service>,
}

/// One service.
#[derive(Debug, Deserialize)]
pub(super) struct Service {
    pub(super) protocol: String,
    pub(super) version: String,
    /// The service's name in a signature's scope.
    pub(super) signing: String,
    /// What stands before the operation in `X-Amz-Target`.
    pub(super) target: Option<String>,
    /// Each operation's input shape.
    pub(super) operations: BTreeMap<String, Option<String>>,
    shapes: BTreeMap<String, Shape>,
}

/// One shape.
#[derive(Debug, Deserialize)]
pub(super) struct Shape {
    #[serde(rename = "t")]
    pub(super) kind: String,
    #[serde(rename = "m", default)]
    pub(super) members: BTreeMap<String, Member>,
    #[serde(rename = "of")]
    pub(super) of: Option<String>,
    #[serde(rename = "e", default)]
    pub(super) values: Vec<String>,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
}

/// One member of a structure.
#[derive(Debug, Deserialize)]
pub(super) struct Member {
    #[serde(rename = "s")]
    pub(super) shape: String,
    #[serde(rename = "r", default)]
    pub(super) required: bool,
}

impl Service {
    pub(super) fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }
}

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    serde_json::from_str(include_str!("model.json")).expect("the committed model is what make_model.py wrote")
});

/// The service of that name, as the models call it.
#[cfg(test)]
pub(super) fn service(name: &str) -> Option<&'static Service> {
    MODEL.services.get(name)
}

/// The service that a signature's scope names.
pub(super) fn signed_for(signing: &str) -> Option<(&'static str, &'static Service)> {
    let mut all = MODEL.services.iter();
    all.find(|(_, service)| service.signing == signing).map(|(name, service)| (name.as_str(), service))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_that_is_named_is_there() {
        for service in MODEL.services.values() {
            let mut named: Vec<&String> = service.operations.values().flatten().collect();
            for shape in service.shapes.values() {
                named.extend(shape.members.values().map(|member| &member.shape).chain(&shape.of));
            }
            assert!(!named.is_empty() || service.signing == "sts");
            assert!(named.iter().all(|name| service.shape(name).is_some()));
        }
    }
}
