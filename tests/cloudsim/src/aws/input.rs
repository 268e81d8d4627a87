//! Reading decoded inputs.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fail::{Answer, Fail};

/// Reads a decoded input; its names are the wire's.
pub(super) trait Input {
    /// A text, if it is given.
    fn text(&self, name: &str) -> Option<&str>;
    /// A text that must be given; EC2's models do not mark all of them.
    fn must(&self, name: &str) -> Answer<&str>;
    /// A list, empty if it is not given.
    fn list(&self, name: &str) -> &[Value];
    /// A list of texts, empty if it is not given.
    fn texts(&self, name: &str) -> Vec<&str>;
    /// A member that is a structure or list, null if it is not given.
    fn sub(&self, name: &str) -> &Value;
    /// A flag, if it is given.
    fn flag(&self, name: &str) -> Option<bool>;
    /// A number, if it is given.
    fn int(&self, name: &str) -> Option<i64>;
    /// The `Value` of a wrapped flag such as `EnableDnsHostnames.Value`, if it is given.
    fn wrapped(&self, name: &str) -> Option<bool>;
}

impl Input for Value {
    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Self::as_str)
    }

    fn must(&self, name: &str) -> Answer<&str> {
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| Fail::missing(name))
    }

    fn list(&self, name: &str) -> &[Value] {
        self.get(name).and_then(Self::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    fn texts(&self, name: &str) -> Vec<&str> {
        self.list(name).iter().filter_map(Self::as_str).collect()
    }

    fn sub(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Self::Null)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Self::as_bool)
    }

    fn int(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Self::as_i64)
    }

    fn wrapped(&self, name: &str) -> Option<bool> {
        self.sub(name).flag("Value")
    }
}

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

/// The most tags of a resource.
const MOST: usize = 50;

/// Checks tags as every service does, and gives them by key.
pub(super) fn tags(list: &[Value]) -> Answer<Tags> {
    let mut tags = Tags::new();
    for tag in list {
        let (key, value) = (tag.text("Key").unwrap_or_default(), tag.text("Value").unwrap_or_default());
        if key.is_empty() {
            return Err(Fail::new("InvalidParameterValue", "Tag key cannot be empty"));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Fail::new(
                "InvalidParameterValue",
                "Tag keys starting with 'aws:' are reserved for internal use",
            ));
        }
        if key.chars().count() > 128 {
            return Err(Fail::new("InvalidParameterValue", "Tag key exceeds the maximum length of 128 characters"));
        }
        if value.chars().count() > 256 {
            return Err(Fail::new("InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters"));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Fail::new("InvalidParameterValue", format!("Duplicate tag key '{key}' specified.")));
        }
    }
    limited(tags)
}

/// Refuses more tags than a resource may have.
pub(super) fn limited(tags: Tags) -> Answer<Tags> {
    if tags.len() > MOST {
        return Err(Fail::new("TagLimitExceeded", format!("The maximum number of tags per resource is {MOST}")));
    }
    Ok(tags)
}

/// The tags that a create call gives to what it makes of one kind. A kind that the call does not make is refused.
pub(super) fn specified(input: &Value, kind: &str, makes: &[&str]) -> Answer<Tags> {
    let mut found = Tags::new();
    for specification in input.list("TagSpecification") {
        let of = specification.text("ResourceType").ok_or_else(|| Fail::missing("TagSpecification.ResourceType"))?;
        if !makes.contains(&of) {
            let why = format!("'{of}' is not a valid taggable resource type for this operation.");
            return Err(Fail::new("InvalidParameterValue", why));
        }
        let list = specification.list("Tag");
        if list.is_empty() {
            return Err(Fail::new("InvalidParameterValue", "Tag specification must have at least one tag"));
        }
        let given = tags(list)?;
        if of == kind {
            if !found.is_empty() {
                return Err(Fail::new(
                    "InvalidParameterValue",
                    format!("Tag specification resource type '{of}' is given twice"),
                ));
            }
            found = given;
        }
    }
    Ok(found)
}
