//! Tags.

use serde_json::{Value, json};

use super::{
    super::{
        face::Cx,
        fail::{Answer, Fail},
        input::{Input, limited},
    },
    walk::{BALANCER, GROUP, LISTENER, checked_tags, invalid},
};
use crate::world::Resource;

/// The most resources of one call.
const MOST: usize = 20;

fn resources(cx: &Cx<'_>, input: &Value) -> Answer<Vec<Resource>> {
    let arns = input.texts("ResourceArns");
    if arns.is_empty() || arns.len() > MOST {
        return Err(invalid(format!("From 1 to {MOST} resources can be specified")));
    }
    let kind = |arn: &str| {
        if arn.contains(":loadbalancer/") {
            &BALANCER
        } else if arn.contains(":listener/") {
            &LISTENER
        } else {
            &GROUP
        }
    };
    arns.iter().map(|arn| cx.arn(kind(arn), arn)).collect()
}

pub(in super::super) fn add(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let (resources, given) = (resources(cx, input)?, checked_tags(input.list("Tags"))?);
    for resource in resources {
        let mut tags = resource.tags.clone();
        tags.extend(given.clone());
        let tags = limited(tags).map_err(|fail| Fail::new("TooManyTags", fail.message))?;
        cx.change(&resource.id, |resource| resource.tags = tags);
    }
    Ok(json!({}))
}

pub(in super::super) fn remove(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let (resources, keys) = (resources(cx, input)?, input.texts("TagKeys"));
    for resource in resources {
        cx.change(&resource.id, |resource| resource.tags.retain(|key, _| !keys.contains(&key.as_str())));
    }
    Ok(json!({}))
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let shown = resources(cx, input)?.into_iter().map(|resource| {
        let tags: Vec<Value> = resource.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        json!({ "ResourceArn": resource.id, "Tags": tags })
    });
    Ok(json!({ "TagDescriptions": shown.collect::<Vec<_>>() }))
}
