//! Resources and the edges between them.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use serde_json::Value;

use crate::clock::SimTime;

/// A cloud of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Cloud {
    /// Amazon Web Services.
    Aws,
    /// Google Cloud.
    Gcp,
    /// Microsoft Azure.
    Azure,
    /// CB-Tumblebug.
    Tumblebug,
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
            Self::Tumblebug => "tumblebug",
        })
    }
}

/// That one resource needs another: it is inside of it, attached to it, or refers to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// What the other is to it, such as `vpc` or `group`.
    pub role: &'static str,
    /// The other one's id.
    pub to: String,
}

/// One resource of a cloud.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Resource {
    /// Its cloud.
    pub cloud: Cloud,
    /// Its kind, as its cloud calls it in tags.
    pub kind: &'static str,
    /// Its id, unique in its cloud.
    pub id: String,
    /// The region, project or resource group that it is in.
    pub scope: String,
    /// Its tags or labels.
    pub tags: BTreeMap<String, String>,
    /// What it needs.
    pub edges: Vec<Edge>,
    /// What its cloud shows of it, in the cloud's own names.
    pub body: Value,
    /// What its cloud keeps but does not show, such as user data.
    pub hidden: Value,
    /// When it was made.
    pub born: SimTime,
    /// From when on calls that look for it see it.
    pub seen_from: SimTime,
    /// When it ended, if it did and is still shown.
    pub ended: Option<SimTime>,
    /// Whether it came with the account.
    pub builtin: bool,
    /// Whether a test planted it as someone else's.
    pub foreign: bool,
}

impl Resource {
    /// A new resource without tags and edges, which belongs to whoever makes it.
    pub(crate) fn new(cloud: Cloud, kind: &'static str, id: &str, scope: &str, body: Value) -> Self {
        Self {
            cloud,
            kind,
            id: id.to_owned(),
            scope: scope.to_owned(),
            tags: BTreeMap::new(),
            edges: Vec::new(),
            body,
            hidden: Value::Null,
            born: SimTime::default(),
            seen_from: SimTime::default(),
            ended: None,
            builtin: false,
            foreign: false,
        }
    }

    pub(crate) fn tagged(mut self, tags: BTreeMap<String, String>) -> Self {
        self.tags = tags;
        self
    }

    pub(crate) fn edge(mut self, role: &'static str, to: &str) -> Self {
        self.link(role, to);
        self
    }

    pub(crate) const fn builtin(mut self) -> Self {
        self.builtin = true;
        self
    }

    pub(crate) fn link(&mut self, role: &'static str, to: &str) {
        self.edges.push(Edge { role, to: to.to_owned() });
    }

    pub(crate) fn unlink(&mut self, role: &str) {
        self.edges.retain(|edge| edge.role != role);
    }

    /// The first resource that it needs in that role.
    pub(crate) fn one(&self, role: &str) -> Option<&str> {
        self.all(role).next()
    }

    /// All resources that it needs in that role.
    pub(crate) fn all<'a>(&'a self, role: &str) -> impl Iterator<Item = &'a str> {
        self.edges.iter().filter(move |edge| edge.role == role).map(|edge| edge.to.as_str())
    }

    pub(crate) fn needs(&self, role: &str, id: &str) -> bool {
        self.edges.iter().any(|edge| edge.role == role && edge.to == id)
    }

    /// A text of its body, empty where there is none.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.body.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) {
        if let Some(body) = self.body.as_object_mut() {
            body.insert(key.to_owned(), value.into());
        }
    }

    pub(crate) fn unset(&mut self, key: &str) {
        if let Some(body) = self.body.as_object_mut() {
            body.remove(key);
        }
    }

    /// Whether a cluster's mark is on it: in a tag, its name or its description.
    pub(crate) fn bears(&self, mark: &str) -> bool {
        let texts = ["name", "description", "groupName", "groupDescription", "keyName"].map(|key| self.text(key));
        self.tags.values().any(|value| value == mark)
            || self.id.contains(mark)
            || texts.iter().any(|text| text.contains(mark))
    }
}
