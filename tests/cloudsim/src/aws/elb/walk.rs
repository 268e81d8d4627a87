//! Finding and listing what ARNs name.

use serde_json::{Map, Value, json};

use super::super::{
    face::Cx,
    fail::{Answer, Fail},
    input::{Input, Tags, tags},
};
use crate::world::{Cloud, Resource};

/// One kind of resource.
pub(super) struct Kind {
    pub(super) kind: &'static str,
    pub(super) absent: &'static str,
    pub(super) what: &'static str,
}

pub(super) const BALANCER: Kind = Kind { kind: "load-balancer", absent: "LoadBalancerNotFound", what: "Load balancer" };
pub(super) const GROUP: Kind = Kind { kind: "target-group", absent: "TargetGroupNotFound", what: "Target group" };
pub(super) const LISTENER: Kind = Kind { kind: "listener", absent: "ListenerNotFound", what: "Listener" };

impl Kind {
    pub(super) fn no(&self, arn: &str) -> Fail {
        Fail::new(self.absent, format!("{} '{arn}' not found", self.what))
    }
}

/// A refusal of ELB's for a malformed value.
pub(super) fn invalid(why: impl Into<String>) -> Fail {
    Fail::new("ValidationError", why)
}

impl Cx<'_> {
    /// What an ARN names.
    pub(super) fn arn(&self, kind: &Kind, arn: &str) -> Answer<Resource> {
        let marker = if kind.kind == "load-balancer" {
            ":loadbalancer/net/".to_owned()
        } else {
            format!(":{}/", kind.kind.replace('-', ""))
        };
        if !arn.starts_with("arn:aws:elasticloadbalancing:") || !arn.contains(&marker) {
            return Err(invalid(format!("'{arn}' is not a valid {} ARN", kind.what.to_lowercase())));
        }
        self.ledger.look(Cloud::Aws, kind.kind, self.region, arn).cloned().ok_or_else(|| kind.no(arn))
    }

    /// What a name stands for, seen or not: names are unique at once.
    pub(super) fn called(&self, kind: &Kind, name_of: &str, name: &str) -> Option<Resource> {
        self.every(kind.kind).into_iter().find(|resource| resource.text(name_of) == name)
    }

    /// The resources that a Describe call asks for by ARN or name, all of which must exist; without either, all.
    pub(super) fn asked(&self, kind: &Kind, arns: &[&str], names: &[&str], name_of: &str) -> Answer<Vec<Resource>> {
        if !arns.is_empty() && !names.is_empty() {
            return Err(invalid("ARNs and names cannot be specified at the same time"));
        }
        let all = || self.ledger.seen(Cloud::Aws, kind.kind, self.region).into_iter();
        if !arns.is_empty() {
            return arns.iter().map(|arn| self.arn(kind, arn)).collect();
        }
        let absent = || Fail::new(kind.absent, format!("One or more {}s not found", kind.what.to_lowercase()));
        let named = |name: &&str| all().find(|resource| resource.text(name_of) == *name).cloned().ok_or_else(absent);
        if names.is_empty() { Ok(all().cloned().collect()) } else { names.iter().map(named).collect() }
    }
}

/// Cuts a list into the page that was asked for.
pub(super) fn paged(cx: &Cx<'_>, input: &Value, set: &str, items: Vec<Value>) -> Answer {
    let asked = input.int("PageSize").and_then(|size| usize::try_from(size).ok()).unwrap_or(400);
    let size = cx.config.page.unwrap_or(asked).min(asked).max(1);
    let start = match input.text("Marker").filter(|marker| !marker.is_empty()) {
        Some(marker) => {
            marker.strip_prefix(set).and_then(|at| at.parse().ok()).ok_or_else(|| invalid("Invalid marker"))?
        }
        None => 0_usize,
    };
    let end = start.saturating_add(size).min(items.len());
    let page = items.get(start..end).unwrap_or_default().to_vec();
    let mut answer = Map::from_iter([(set.to_owned(), Value::Array(page))]);
    if end < items.len() {
        answer.insert("NextMarker".to_owned(), json!(format!("{set}{end}")));
    }
    Ok(Value::Object(answer))
}

/// Tags, with ELB's codes.
pub(super) fn checked_tags(list: &[Value]) -> Answer<Tags> {
    tags(list).map_err(|fail| match fail.code.as_str() {
        "TagLimitExceeded" => Fail::new("TooManyTags", fail.message),
        _ if fail.message.contains("Duplicate") => Fail::new("DuplicateTagKeys", fail.message),
        _ => invalid(fail.message),
    })
}

/// A name of a load balancer or target group.
pub(super) fn name<'a>(what: &str, text: &'a str) -> Answer<&'a str> {
    let letters = text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    if text.chars().count() > 32 {
        return Err(invalid(format!("{what} name '{text}' cannot be longer than '32' characters")));
    }
    if text.is_empty() || !letters {
        return Err(invalid(format!(
            "{what} name '{text}' can only contain characters that are alphanumeric characters and hyphens(-)"
        )));
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err(invalid(format!("{what} name '{text}' cannot begin or end with '-'")));
    }
    Ok(text)
}
