//! The golden set: where it lies, and the strict schemas in it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// The directory of golden files, or `None` after saying that `test` is skipped.
pub(crate) fn golden_dir(test: &str) -> Option<PathBuf> {
    let dir = std::env::var_os("LADYBUG_GOLDEN").map(PathBuf::from);
    if dir.is_none() {
        eprintln!("skipped {test}: LADYBUG_GOLDEN does not name the directory of golden files");
    }
    dir
}

pub(crate) fn read(path: PathBuf) -> String {
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
}

pub(crate) fn documents(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap()
}

/// The schemas of everything that kubeadm reads in one minor, read once.
pub(crate) struct Schemas(BTreeMap<String, Schema>);

impl Schemas {
    /// All of them; `None` after saying that `test` is skipped.
    pub(crate) fn read(test: &str) -> Option<Self> {
        let dir = golden_dir(test)?;
        let names = ["kubeadm-v1beta2", "kubeadm-v1beta3", "kubeadm-v1beta4"].map(str::to_owned).into_iter();
        let tags = TAGS.iter().flat_map(|tag| [format!("kubelet-1.{tag}"), format!("kube-proxy-1.{tag}")]);
        Some(Self(names.chain(tags).map(|name| (name.clone(), Schema::read(&dir, &name))).collect()))
    }

    /// Fails unless the document is one that kubeadm of this minor reads without a warning.
    pub(crate) fn accept(&self, minor: u16, document: &Value) {
        let version = document["apiVersion"].as_str().unwrap();
        // The schemas of a minor that lies between two tags are those of the later.
        let tag = TAGS.into_iter().find(|tag| *tag >= minor).unwrap();
        let name = match version.split_once('/').unwrap() {
            ("kubeadm.k8s.io", api) => format!("kubeadm-{api}"),
            ("kubelet.config.k8s.io", _) => format!("kubelet-1.{tag}"),
            ("kubeproxy.config.k8s.io", _) => format!("kube-proxy-1.{tag}"),
            other => panic!("nobody reads {other:?}"),
        };
        self.0[&name].accept(document);
    }
}

const TAGS: [u16; 4] = [20, 28, 34, 36];

/// The part of JSON Schema that the golden schemas use; any other keyword is a failure.
pub(crate) struct Schema(Value);

impl Schema {
    pub(crate) fn read(dir: &Path, name: &str) -> Self {
        Self(serde_json::from_str(&read(dir.join("schema").join(format!("{name}.json")))).unwrap())
    }

    pub(crate) fn accept(&self, document: &Value) {
        assert!(self.accepts(document), "{} refuses {document:#}", self.0["title"]);
    }

    pub(crate) fn accepts(&self, document: &Value) -> bool {
        self.fits(&self.0, document)
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        schema.as_object().unwrap().iter().all(|(keyword, rule)| match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => self.fits(self.0.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap(), value),
            "oneOf" => rule.as_array().unwrap().iter().filter(|rule| self.fits(rule, value)).count() == 1,
            "const" => rule == value,
            "enum" => rule.as_array().unwrap().contains(value),
            "type" => is(rule.as_str().unwrap(), value),
            "pattern" => value.as_str().is_none_or(|text| matches_pattern(rule.as_str().unwrap(), text)),
            "required" => rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "items" => value.as_array().is_none_or(|items| items.iter().all(|item| self.fits(rule, item))),
            "properties" => rule
                .as_object()
                .unwrap()
                .iter()
                .all(|(name, rule)| value.get(name).is_none_or(|field| self.fits(rule, field))),
            "additionalProperties" => self.fits_rest(schema, rule, value),
            other => panic!("the checker does not know {other}"),
        })
    }

    fn fits_rest(&self, schema: &Value, rule: &Value, value: &Value) -> bool {
        let known = |name: &str| schema.get("properties").is_some_and(|known| known.get(name).is_some());
        let mut rest = value.as_object().into_iter().flatten().filter(|(name, _)| !known(name));
        rest.all(|(_, field)| rule.as_bool().unwrap_or_else(|| self.fits(rule, field)))
    }
}

fn is(wanted: &str, value: &Value) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("the checker does not know type {other}"),
    }
}

fn matches_pattern(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[a-z0-9]{6}\\.[a-z0-9]{16}$" => text.len() == 23 && text.find('.') == Some(6),
        _ if pattern.contains("ns|us") => {
            let mut parts = text.split_inclusive(['h', 'm', 's']);
            !text.is_empty() && parts.all(|part| part.len() > 1 && part[..part.len() - 1].parse::<u32>().is_ok())
        }
        other => panic!("the checker does not know pattern {other}"),
    }
}
