//! Regions and zones.

use serde_json::{Value, json};

use super::{
    super::{
        face::{Cx, REGIONS},
        fail::{Answer, Fail},
        input::Input,
    },
    filter::passes,
};

/// How many security groups an interface may have.
pub(super) const GROUPS: usize = 5;

/// The letters of every region's zones.
const ZONES: [&str; 3] = ["a", "b", "c"];

/// The zones of a region.
pub(in super::super) fn zones(region: &str) -> Vec<String> {
    ZONES.iter().map(|letter| format!("{region}{letter}")).collect()
}

/// The id that a zone has in every account.
pub(in super::super) fn zone_id(zone: &str) -> String {
    let mut parts = zone.split('-');
    let mut letters = |most| parts.next().unwrap_or_default().chars().take(most).collect::<String>();
    let (area, side) = (letters(3), letters(1));
    let rest = letters(2);
    let (digit, letter) = rest.split_at(rest.len().min(1));
    let number = ZONES.iter().position(|zone| *zone == letter).unwrap_or_default() + 1;
    format!("{}{side}{digit}-az{number}", area.chars().take(3).collect::<String>())
}

pub(in super::super) fn describe_regions(_: &mut Cx<'_>, input: &Value) -> Answer {
    let asked = input.texts("RegionName");
    if let Some(unknown) = asked.iter().find(|name| !REGIONS.contains(name)) {
        return Err(Fail::new("InvalidParameterValue", format!("Invalid region names: {unknown}")));
    }
    let wanted = REGIONS.iter().filter(|region| asked.is_empty() || asked.contains(region));
    let shown = wanted.map(|region| {
        json!({ "regionName": region, "regionEndpoint": format!("ec2.{region}.amazonaws.com"), "optInStatus": "opt-in-not-required" })
    });
    let known = [("region-name", "regionName"), ("opt-in-status", "optInStatus"), ("endpoint", "regionEndpoint")];
    Ok(json!({ "regionInfo": kept(shown, input, &known)? }))
}

pub(in super::super) fn describe_zones(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let (names, ids) = (input.texts("ZoneName"), input.texts("ZoneId"));
    let all = zones(cx.region);
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|zone| zone == *name)) {
        return Err(Fail::new("InvalidParameterValue", format!("Invalid availability zone: [{unknown}]")));
    }
    let asked = |zone: &String| {
        (names.is_empty() || names.contains(&zone.as_str()))
            && (ids.is_empty() || ids.contains(&zone_id(zone).as_str()))
    };
    let shown = all.iter().filter(|zone| asked(zone)).map(|zone| {
        json!({ "zoneName": zone, "zoneId": zone_id(zone), "zoneState": "available", "regionName": cx.region,
            "optInStatus": "opt-in-not-required", "zoneType": "availability-zone", "groupName": cx.region,
            "networkBorderGroup": cx.region, "messageSet": [] })
    });
    let known = [
        ("state", "zoneState"),
        ("zone-type", "zoneType"),
        ("zone-name", "zoneName"),
        ("zone-id", "zoneId"),
        ("region-name", "regionName"),
        ("opt-in-status", "optInStatus"),
        ("group-name", "groupName"),
    ];
    Ok(json!({ "availabilityZoneInfo": kept(shown, input, &known)? }))
}

/// Those of a list that pass a call's filters.
pub(in super::super) fn kept(
    items: impl Iterator<Item = Value>,
    input: &Value,
    known: &[(&str, &str)],
) -> Answer<Vec<Value>> {
    let mut kept = Vec::new();
    for item in items {
        if passes(&item, input, known)? {
            kept.push(item);
        }
    }
    Ok(kept)
}

pub(in super::super) fn describe_account_attributes(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let limits = &cx.config.limits;
    let all = [
        ("supported-platforms", "VPC".to_owned()),
        ("default-vpc", "none".to_owned()),
        ("max-instances", limits.vcpus.to_string()),
        ("vpc-max-security-groups-per-interface", "5".to_owned()),
        ("max-elastic-ips", limits.addresses.to_string()),
        ("vpc-max-elastic-ips", limits.addresses.to_string()),
    ];
    let asked = input.texts("AttributeName");
    let wanted = all.iter().filter(|(name, _)| asked.is_empty() || asked.contains(name));
    let set: Vec<_> = wanted
        .map(|(name, value)| json!({ "attributeName": name, "attributeValueSet": [{ "attributeValue": value }] }))
        .collect();
    Ok(json!({ "accountAttributeSet": set }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_ids_look_as_they_do() {
        assert_eq!((zone_id("us-east-1a").as_str(), zone_id("ap-northeast-2c").as_str()), ("use1-az1", "apn2-az3"));
    }
}
