//! Systems Manager: the public parameters that name images.

use serde_json::{Value, json};

use super::{
    ec2::image,
    face::Cx,
    fail::{Answer, Fail},
    input::Input,
};

pub(super) fn get_parameter(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let name = input.text("Name").unwrap_or_default();
    let value = image::parameter(cx.region, name);
    let value = value.ok_or_else(|| Fail::new("ParameterNotFound", format!("Parameter {name} not found.")))?;
    Ok(
        json!({ "Parameter": { "Name": name, "Type": "String", "Value": value, "Version": 1, "DataType": "aws:ec2:image",
        "LastModifiedDate": 1_761_000_000.0, "ARN": format!("arn:aws:ssm:{}::parameter{name}", cx.region) } }),
    )
}
