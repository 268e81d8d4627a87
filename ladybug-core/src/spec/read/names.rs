//! Texts with a form of their own: each is checked by the constructor of its type, whose message says the rule.

use std::{fmt::Display, str::FromStr};

use ipnet::{IpNet, Ipv4Net};

use crate::{
    id::{ClusterName, PoolName, ProjectName, ProviderName, Region, Zone},
    spec::{KubernetesVersion, path::shown},
};

type Check = fn(&str) -> Result<(), String>;

/// The definitions of the schema that have a pattern, and what checks it.
const CHECKS: [(&str, Check); 9] = [
    ("ClusterName", parses::<ClusterName>),
    ("IpNetwork", ip_network),
    ("Ipv4Network", ipv4_network),
    ("KubernetesVersion", parses::<KubernetesVersion>),
    ("PoolName", parses::<PoolName>),
    ("ProjectName", parses::<ProjectName>),
    ("ProviderName", parses::<ProviderName>),
    ("Region", parses::<Region>),
    ("Zone", parses::<Zone>),
];

/// Why `text` is not what the schema's definition `name` wants.
pub(super) fn problem(name: &str, text: &str) -> Option<String> {
    let (_, check) = CHECKS.iter().find(|(known, _)| *known == name)?;
    check(text).err()
}

fn parses<T: FromStr<Err: Display>>(text: &str) -> Result<(), String> {
    text.parse::<T>().map(drop).map_err(|error| error.to_string())
}

fn ipv4_network(text: &str) -> Result<(), String> {
    let wrong = |_| format!("{:?} must be an IPv4 network such as 10.0.0.0/16", shown(text));
    text.parse::<Ipv4Net>().map(drop).map_err(wrong)
}

/// Why `text` is not a network of either family.
pub(in crate::spec) fn network_problem(text: &str) -> Option<String> {
    ip_network(text).err()
}

fn ip_network(text: &str) -> Result<(), String> {
    let wrong = |_| format!("{:?} must be a network such as 203.0.113.7/32 or 2001:db8::/32", shown(text));
    text.parse::<IpNet>().map(drop).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::schema::schema;

    #[test]
    fn every_pattern_of_the_schema_has_its_check() {
        let definitions = schema()["$defs"].as_object().unwrap();
        let patterned: Vec<_> =
            definitions.iter().filter(|(_, schema)| schema.get("pattern").is_some()).map(|(name, _)| name).collect();
        let known: Vec<_> = CHECKS.iter().map(|(name, _)| name).collect();
        assert_eq!(patterned, known);
    }
}
