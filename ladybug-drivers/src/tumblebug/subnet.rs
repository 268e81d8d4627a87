//! How a network is divided: pure.

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::model::{Connection, Subnet};

/// Clouds whose subnets lie in one zone each (Tumblebug's `assets/networkinfo.yaml` and the clouds' own manuals). The
/// others get one subnet over the whole region.
const ZONAL: [&str; 6] = ["aws", "alibaba", "tencent", "ncp", "kt", "mock"];

/// Zones that get a subnet at most; the range is divided into so many parts.
const MOST: usize = 4;

/// The request for a vNet with its subnets.
pub(super) fn request(connection: &Connection, name: &str, description: &str, cidr: Ipv4Net, zonal: bool) -> Value {
    let provider = connection.provider_name.as_str();
    // A VPC of Google Cloud has no range of its own.
    let range = if provider == "gcp" { String::new() } else { cidr.to_string() };
    json!({
        "name": name,
        "connectionName": connection.config_name,
        "cidrBlock": range,
        "description": description,
        "subnetInfoList": subnets(name, cidr, &zones(connection, zonal)),
    })
}

/// The zones that get a subnet of their own; none when one subnet is for all.
pub(super) fn zones(connection: &Connection, zonal: bool) -> Vec<String> {
    if !zonal || !ZONAL.contains(&connection.provider_name.as_str()) {
        return Vec::new();
    }
    connection.region_detail.zones.iter().take(MOST).cloned().collect()
}

fn subnets(name: &str, cidr: Ipv4Net, zones: &[String]) -> Vec<Value> {
    let bits = match zones.len() {
        0 | 1 => 0,
        2 => 1,
        _ => 2,
    };
    let Ok(parts) = cidr.subnets((cidr.prefix_len() + bits).min(32)) else { return Vec::new() };
    let zones = zones.iter().map(Some).chain((zones.is_empty()).then_some(None));
    let subnet = |(index, (zone, part)): (usize, (Option<&String>, Ipv4Net))| {
        let mut subnet = json!({ "name": format!("{name}-{index}"), "ipv4_CIDR": part.to_string() });
        if let (Some(zone), Some(subnet)) = (zone, subnet.as_object_mut()) {
            subnet.insert("zone".to_owned(), zone.as_str().into());
        }
        subnet
    };
    zones.zip(parts).enumerate().map(subnet).collect()
}

/// The subnet for a machine in `zone`: the one of that zone, or the one that is for all.
pub(super) fn of_zone<'a>(subnets: &'a [Subnet], zone: Option<&str>) -> Option<&'a Subnet> {
    let exact = subnets.iter().find(|subnet| zone.is_some_and(|zone| subnet.zone == zone));
    exact.or_else(|| subnets.iter().find(|subnet| subnet.zone.is_empty() || zone.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(provider: &str, zones: &[&str]) -> Connection {
        serde_json::from_value(json!({
            "configName": format!("{provider}-r"), "providerName": provider, "regionDetail": { "zones": zones },
        }))
        .unwrap()
    }

    fn ranges(request: &Value) -> Vec<(String, String)> {
        let list = request["subnetInfoList"].as_array().unwrap();
        let text = |subnet: &Value, key: &str| subnet[key].as_str().unwrap_or_default().to_owned();
        list.iter().map(|subnet| (text(subnet, "ipv4_CIDR"), text(subnet, "zone"))).collect()
    }

    #[test]
    fn zonal_clouds_get_a_subnet_in_each_zone() {
        let cidr = "10.77.0.0/20".parse().unwrap();
        let made = request(&connection("aws", &["a", "b", "c"]), "n", "", cidr, true);
        let pair = |range: &str, zone: &str| (range.to_owned(), zone.to_owned());
        assert_eq!(ranges(&made), [pair("10.77.0.0/22", "a"), pair("10.77.4.0/22", "b"), pair("10.77.8.0/22", "c")]);
        let without = request(&connection("aws", &["a", "b", "c"]), "n", "", cidr, false);
        assert_eq!(ranges(&without), [pair("10.77.0.0/20", "")]);
    }

    #[test]
    fn regional_clouds_get_one_and_google_no_range() {
        let cidr = "10.77.0.0/20".parse().unwrap();
        let made = request(&connection("gcp", &["a", "b"]), "n", "", cidr, true);
        assert_eq!(ranges(&made), [("10.77.0.0/20".to_owned(), String::new())]);
        assert_eq!(made["cidrBlock"], "");
    }

    #[test]
    fn a_machine_gets_the_subnet_of_its_zone() {
        let subnet = |id: &str, zone: &str| Subnet { id: id.to_owned(), zone: zone.to_owned() };
        let zonal = [subnet("s0", "a"), subnet("s1", "b")];
        let id = |found: Option<&Subnet>| found.map(|subnet| subnet.id.clone());
        assert_eq!(id(of_zone(&zonal, Some("b"))), Some("s1".to_owned()));
        assert_eq!(id(of_zone(&zonal, Some("c"))), None);
        assert_eq!(id(of_zone(&[subnet("s", "")], Some("c"))), Some("s".to_owned()));
    }
}
