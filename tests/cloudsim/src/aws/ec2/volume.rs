//! Volumes.

use serde_json::{Value, json};

use super::{
    super::{
        face::Cx,
        fail::{Answer, Fail},
        input::Input,
    },
    kinds, list,
};
use crate::world::Cloud;

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    list::describe(cx, input, &kinds::VOLUME)
}

pub(in super::super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let volume = cx.find(&kinds::VOLUME, input.must("VolumeId")?)?;
    if let Some(instance) = volume.one("instance") {
        let why = format!("Volume {} is currently attached to {instance}", volume.id);
        return Err(Fail::new("VolumeInUse", why));
    }
    cx.ledger.remove(Cloud::Aws, &volume.id);
    Ok(json!({ "return": true }))
}
