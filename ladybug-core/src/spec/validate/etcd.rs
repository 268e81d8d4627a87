//! Rules of external etcd.

use super::{
    rules::{Found, Rule},
    syntax::{is_host, repeated},
};
use crate::spec::{ClusterSpec, Etcd};

pub(super) const RULES: &[Rule] = &[has_endpoints, endpoints_are_urls, no_duplicates];

fn endpoints(spec: &ClusterSpec) -> &[String] {
    match &spec.etcd {
        Etcd::Stacked => &[],
        Etcd::External { endpoints } => endpoints,
    }
}

fn has_endpoints(spec: &ClusterSpec, found: &mut Found) {
    let has = spec.etcd == Etcd::Stacked || !endpoints(spec).is_empty();
    found.unless(has, "etcd.endpoints", || "must list at least one client URL".to_owned());
}

fn endpoints_are_urls(spec: &ClusterSpec, found: &mut Found) {
    for (index, url) in endpoints(spec).iter().enumerate() {
        found.unless(is_https(url), format!("etcd.endpoints[{index}]"), || {
            "must be a URL such as https://etcd-1.example.org:2379".to_owned()
        });
    }
}

fn no_duplicates(spec: &ClusterSpec, found: &mut Found) {
    for index in repeated(endpoints(spec)) {
        found.add(format!("etcd.endpoints[{index}]"), "is listed twice");
    }
}

/// `https://host[:port][/]`.
fn is_https(url: &str) -> bool {
    let Some(authority) = url.strip_prefix("https://") else { return false };
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => return host.contains(':') && is_host(host) && is_port(port),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    is_host(host) && is_port(port)
}

/// Nothing, or `:` and a number.
fn is_port(text: &str) -> bool {
    let digits =
        |port: &str| port.chars().all(|c| c.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    text.is_empty() || text.strip_prefix(':').is_some_and(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_with_host_and_perhaps_port_is_an_endpoint() {
        for good in
            ["https://etcd:2379", "https://10.0.0.1:2379/", "https://e.example.org", "https://[2001:db8::1]:2379"]
        {
            assert!(is_https(good), "{good}");
        }
        for bad in [
            "http://etcd:2379",
            "https://",
            "https://:2379",
            "https://etcd:0",
            "https://etcd:+1",
            "https://etcd:65536",
            "https://etcd/path",
            "https://user@etcd",
            "https://[10.0.0.1]:1",
            "https://[::1",
            "https://a b",
            "etcd:2379",
            "https://2001:db8::1",
        ] {
            assert!(!is_https(bad), "{bad}");
        }
    }
}
