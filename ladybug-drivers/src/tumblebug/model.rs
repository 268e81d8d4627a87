//! What Tumblebug says, as far as we listen. Its lists may be `null`, its numbers absent, and its keys vary in case,
//! so everything has a default. The private key of an SSH key is sent with every answer about it, and never read.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Deserializer};

/// A list that may be `null`.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A text or map that may be `null`.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An address that may be empty, as it is at first.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.trim().parse().ok()))
}

/// Any answer that we need nothing of.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Anything {}

/// The ids of a kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ids {
    #[serde(deserialize_with = "list")]
    pub(super) output: Vec<String>,
}

/// A vNet, security group or SSH key: what all three say of themselves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Thing {
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) connection_name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) description: String,
    /// `Available` and the like; security groups and keys say nothing while all is well before 0.13.
    #[serde(deserialize_with = "or_default")]
    pub(super) status: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) system_message: String,
    /// Not empty on what is being deleted, or was and may not be gone.
    #[serde(deserialize_with = "or_default")]
    pub(super) deletion_requested_at: String,
    #[serde(deserialize_with = "list")]
    pub(super) subnet_info_list: Vec<Subnet>,
    #[serde(deserialize_with = "list")]
    pub(super) firewall_rules: Vec<Rule>,
}

/// All things of one kind; the server names the list by the kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Things {
    #[serde(deserialize_with = "list")]
    pub(super) v_net: Vec<Thing>,
    #[serde(deserialize_with = "list")]
    pub(super) security_group: Vec<Thing>,
    #[serde(deserialize_with = "list")]
    pub(super) ssh_key: Vec<Thing>,
}

/// A subnet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Subnet {
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) zone: String,
}

/// A packet filter rule as answers show it: one port or range each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Rule {
    #[serde(rename = "Port", alias = "port", alias = "Ports", deserialize_with = "or_default")]
    pub(super) port: String,
    #[serde(rename = "Protocol", alias = "protocol")]
    pub(super) protocol: String,
    #[serde(rename = "Direction", alias = "direction")]
    pub(super) direction: String,
    #[serde(rename = "CIDR", alias = "cidr", deserialize_with = "or_default")]
    pub(super) cidr: String,
}

/// What a change of rules came to; its HTTP status says nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RuleChange {
    pub(super) success: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) message: String,
}

/// An infra.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Infra {
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) description: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) status: String,
    #[serde(deserialize_with = "list")]
    pub(super) node: Vec<Node>,
}

/// All resources that a label selector finds.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Found<T> {
    #[serde(default = "Vec::new", deserialize_with = "list")]
    #[serde(bound = "T: Deserialize<'de>")]
    pub(super) results: Vec<T>,
}

/// A node: a machine of an infra.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Node {
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) uid: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) description: String,
    pub(super) status: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) target_action: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) system_message: String,
    /// The cloud's own id, once it has one.
    #[serde(deserialize_with = "or_default")]
    pub(super) csp_resource_id: String,
    #[serde(rename = "publicIP", alias = "publicIp", deserialize_with = "address")]
    pub(super) public_ip: Option<IpAddr>,
    #[serde(rename = "privateIP", alias = "privateIp", deserialize_with = "address")]
    pub(super) private_ip: Option<IpAddr>,
    #[serde(deserialize_with = "or_default")]
    pub(super) ssh_port: u16,
    #[serde(deserialize_with = "or_default")]
    pub(super) connection_name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) region: Place,
    #[serde(deserialize_with = "or_default")]
    pub(super) spec_id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) spec: SpecSummary,
    #[serde(deserialize_with = "or_default")]
    pub(super) ssh_key_id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) ssh_host_key_info: HostKey,
}

/// Where a node is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    #[serde(deserialize_with = "or_default")]
    pub(super) zone: String,
}

/// What a node costs.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SpecSummary {
    #[serde(deserialize_with = "or_default")]
    pub(super) cost_per_hour: f64,
}

/// The host key that the server saw when it first logged in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HostKey {
    #[serde(deserialize_with = "or_default")]
    pub(super) host_key: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) key_type: String,
}

/// Labels of one resource.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Labels {
    #[serde(deserialize_with = "or_default")]
    pub(super) labels: BTreeMap<String, String>,
}

/// What a command came to, on each node. The OpenAPI document calls `error` `err`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ran {
    #[serde(deserialize_with = "list")]
    pub(super) results: Vec<RanOn>,
}

/// What a command came to on one node. There is no exit status.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RanOn {
    #[serde(deserialize_with = "or_default")]
    pub(super) stdout: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) stderr: BTreeMap<String, String>,
    #[serde(alias = "err", deserialize_with = "or_default")]
    pub(super) error: String,
}

/// How a request goes on that was sent before.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Progress {
    pub(super) status: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) error_response: String,
}

/// A connection: a credential with a region.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Connection {
    pub(super) config_name: String,
    pub(super) provider_name: String,
    pub(super) verified: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) verified_message: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) region_detail: RegionDetail,
}

/// A region.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RegionDetail {
    #[serde(deserialize_with = "or_default")]
    pub(super) region_id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) region_name: String,
    #[serde(deserialize_with = "list")]
    pub(super) zones: Vec<String>,
}

/// All connections.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Connections {
    #[serde(deserialize_with = "list")]
    pub(super) connectionconfig: Vec<Connection>,
}

/// A machine type.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spec {
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) connection_name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) provider_name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) region_name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) architecture: String,
    #[serde(rename = "vCPU", deserialize_with = "or_default")]
    pub(super) vcpu: u32,
    #[serde(rename = "memoryGiB", deserialize_with = "or_default")]
    pub(super) memory_gib: f64,
    /// US dollars; less than nothing when nobody knows.
    #[serde(deserialize_with = "or_default")]
    pub(super) cost_per_hour: f64,
    #[serde(deserialize_with = "or_default")]
    pub(super) accelerator_count: u32,
}

/// In which zones a spec can be had.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Zones {
    #[serde(deserialize_with = "list")]
    pub(super) available_zones: Vec<String>,
    pub(super) has_zone_concept: bool,
}

/// Images that a search found.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Images {
    #[serde(deserialize_with = "list")]
    pub(super) image_list: Vec<Image>,
}

/// An image.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Image {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) csp_image_name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) os_type: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) os_architecture: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) image_status: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) creation_date: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) is_basic_image: bool,
    #[serde(rename = "isGPUImage", deserialize_with = "or_default")]
    pub(super) is_gpu_image: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) is_kubernetes_image: bool,
}

/// What the server thinks of a spec with an image.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Review {
    pub(super) is_valid: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) message: String,
    #[serde(deserialize_with = "list")]
    pub(super) errors: Vec<String>,
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn parse<T: DeserializeOwned>(text: &str) -> T {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn lists_may_be_null() {
        let things: Things = parse(r#"{"vNet":null}"#);
        assert!(things.v_net.is_empty());
        let found: Found<Infra> = parse(r#"{"results":null}"#);
        assert!(found.results.is_empty());
        assert!(parse::<Ids>(r#"{"output":null}"#).output.is_empty());
    }

    #[test]
    fn a_private_key_is_never_read() {
        let key: Thing = parse(r#"{"id":"k","privateKey":"-----BEGIN canary","username":"cb-user"}"#);
        assert!(!format!("{key:?}").contains("canary"));
    }

    #[test]
    fn addresses_come_in_two_spellings_and_may_be_empty() {
        let stored: Node = parse(r#"{"publicIP":"203.0.113.9","privateIP":""}"#);
        let live: Node = parse(r#"{"publicIp":"203.0.113.9","privateIp":"10.0.0.4","sshPort":22}"#);
        assert_eq!((stored.public_ip, stored.private_ip), ("203.0.113.9".parse().ok(), None));
        assert_eq!((live.public_ip, live.private_ip, live.ssh_port), (stored.public_ip, "10.0.0.4".parse().ok(), 22));
    }

    #[test]
    fn a_command_fails_under_either_name() {
        let wire: Ran = parse(r#"{"results":[{"error":"no route"}]}"#);
        let documented: Ran = parse(r#"{"results":[{"err":"no route"}]}"#);
        assert_eq!(wire.results[0].error, documented.results[0].error);
    }
}
