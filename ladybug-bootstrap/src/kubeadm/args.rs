//! Command-line flags, in the two shapes that kubeadm had for them.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::KubeadmApi;

/// Flags of one component, in order: a map before v1beta4, a list of name and value since.
pub(super) struct Args<'a> {
    api: KubeadmApi,
    flags: Vec<Flag<'a>>,
}

#[derive(Serialize)]
struct Flag<'a> {
    name: &'static str,
    value: Cow<'a, str>,
}

impl<'a> Args<'a> {
    pub(super) const fn new(api: KubeadmApi) -> Self {
        Self { api, flags: Vec::new() }
    }

    pub(super) fn push(&mut self, name: &'static str, value: impl Into<Cow<'a, str>>) {
        self.flags.push(Flag { name, value: value.into() });
    }

    pub(super) fn extend(&mut self, flags: &[(&'static str, &'a str)]) {
        flags.iter().for_each(|(name, value)| self.push(name, *value));
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.flags.is_empty()
    }
}

impl Serialize for Args<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.api {
            KubeadmApi::V1Beta2 | KubeadmApi::V1Beta3 => {
                to.collect_map(self.flags.iter().map(|flag| (flag.name, &flag.value)))
            }
            KubeadmApi::V1Beta4 => self.flags.serialize(to),
        }
    }
}
