//! STS: who the caller is.

use serde_json::{Value, json};

use super::{face::Cx, fail::Answer};

pub(super) fn get_caller_identity(cx: &mut Cx<'_>, _: &Value) -> Answer {
    let arn = format!("arn:aws:iam::{}:user/{}", super::face::ACCOUNT, cx.user.name);
    Ok(json!({ "UserId": format!("AIDA{}", cx.user.access_key), "Account": super::face::ACCOUNT, "Arn": arn }))
}
