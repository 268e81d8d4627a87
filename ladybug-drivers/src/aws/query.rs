//! The form bodies of the Query protocol.

use std::fmt;

use ladybug_core::cloud::Owner;

use super::tags;

/// What lists are called: EC2 numbers `Filter.1`, the load balancers' API `Subnets.member.1`.
const MEMBER: &str = "member";

/// A body under construction. `Debug` shows names only, since values can hold first-boot data.
#[derive(Clone, Default)]
pub(super) struct Form {
    pairs: Vec<(String, String)>,
    filters: usize,
    tagged: usize,
}

impl Form {
    /// Makes an empty body.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter.
    pub(super) fn with(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.pairs.push((name.into(), value.to_string()));
        self
    }

    /// Adds a parameter if there is a value.
    pub(super) fn with_some(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a list in EC2's way: `name.1`, `name.2`, and so on.
    pub(super) fn list<V: ToString>(self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        let numbered = values.into_iter().zip(1..);
        numbered.fold(self, |form, (value, number): (V, u32)| form.with(format!("{name}.{number}"), value))
    }

    /// Adds a list in the way of the load balancers' API.
    pub(super) fn members<V: ToString>(self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.list(&format!("{name}.{MEMBER}"), values)
    }

    /// Adds an EC2 filter; it lets through what has any of the values.
    pub(super) fn filter<V: ToString>(mut self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.filters += 1;
        let filter = format!("Filter.{}", self.filters);
        self.with(format!("{filter}.Name"), name).list(&format!("{filter}.Value"), values)
    }

    /// Adds the owner's tags for what the call makes, in EC2's way; `name` is what people see.
    pub(super) fn tagged(mut self, resource_type: &str, owner: &Owner, name: &str) -> Self {
        self.tagged += 1;
        let specification = format!("TagSpecification.{}", self.tagged);
        let form = self.with(format!("{specification}.ResourceType"), resource_type);
        form.tag_list(&format!("{specification}.Tag"), owner, name)
    }

    /// Adds the owner's tags in the way of the load balancers' API.
    pub(super) fn tag_members(self, owner: &Owner, name: &str) -> Self {
        self.tag_list(&format!("Tags.{MEMBER}"), owner, name)
    }

    fn tag_list(self, list: &str, owner: &Owner, name: &str) -> Self {
        tags::of(owner, name).into_iter().zip(1..).fold(self, |form, ((key, value), number): (_, u32)| {
            form.with(format!("{list}.{number}.Key"), key).with(format!("{list}.{number}.Value"), value)
        })
    }

    /// Whether it only asks what would be answered.
    pub(super) fn is_dry(&self) -> bool {
        self.pairs.iter().any(|(name, value)| name == "DryRun" && value == "true")
    }

    /// Every value.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(_, value)| value.as_str())
    }

    /// The body as it is sent.
    pub(super) fn encode(&self, action: &str, version: &str) -> String {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("Action", action).append_pair("Version", version);
        self.pairs.iter().for_each(|(name, value)| _ = body.append_pair(name, value));
        body.finish()
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}
