//! Sites: their keys, addresses and packet filters.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::{IpNet, Ipv4Net};

use super::node::pool_path;
use crate::{
    cloud::{FirewallRule, Protocol},
    id::{NameError, NodeName, ResourceKey},
    plan::{PlannedResource, Site},
    spec::{ClusterSpec, PoolSpec, Problem},
};

/// The prefix of a site's share of the machines' addresses.
const SITE_PREFIX: u8 = 20;

/// Where the API server listens (kube-apiserver, `--secure-port`).
const API_PORT: u16 = 6443;

/// One site of a plan.
#[derive(Clone, Debug)]
pub(in crate::plan) struct SitePlan {
    pub(in crate::plan) network: ResourceKey,
    pub(in crate::plan) firewall: ResourceKey,
    pub(in crate::plan) ssh_key: ResourceKey,
    pub(in crate::plan) load_balancer: ResourceKey,
    pub(in crate::plan) cidr: Ipv4Net,
}

impl SitePlan {
    fn new(site: &Site, cidr: Ipv4Net) -> Result<Self, NameError> {
        let key = |kind: &str| ResourceKey::new(format!("{kind}/{site}"));
        Ok(Self {
            network: key("network")?,
            firewall: key("firewall")?,
            ssh_key: key("ssh-key")?,
            load_balancer: key("load-balancer")?,
            cidr,
        })
    }

    pub(in crate::plan) const fn network(&self) -> PlannedResource {
        PlannedResource::Network { cidr: self.cidr }
    }

    /// The site's packet filter that lets in the operators, the site itself and the overlay of `peers`.
    pub(in crate::plan) fn firewall(&self, spec: &ClusterSpec, peers: Vec<NodeName>) -> PlannedResource {
        PlannedResource::Firewall { network: self.network.clone(), rules: base_rules(spec, self.cidr), peers }
    }

    pub(in crate::plan) fn machine(&self, node: &NodeName) -> PlannedResource {
        PlannedResource::Machine {
            node: node.clone(),
            network: self.network.clone(),
            firewall: self.firewall.clone(),
            ssh_key: self.ssh_key.clone(),
        }
    }

    pub(in crate::plan) fn load_balancer(&self, targets: Vec<NodeName>) -> PlannedResource {
        PlannedResource::LoadBalancer { network: self.network.clone(), port: API_PORT, targets }
    }
}

/// The site of a pool.
pub(in crate::plan) fn site_of(pool: &PoolSpec) -> Site {
    Site::new(pool.provider.clone(), pool.region.clone())
}

/// The sites of a spec.
///
/// The n-th site to appear in the list of pools gets the n-th /20 of the machines' addresses. Pools are only ever
/// appended, so a site keeps its share for the cluster's whole life.
///
/// # Errors
/// Addresses run out, or names that are too long together.
pub(in crate::plan) fn sites(spec: &ClusterSpec) -> Result<BTreeMap<Site, SitePlan>, Problem> {
    let machines = spec.network.machines;
    let too_small = |needed: usize| {
        let message = format!("{machines} has no /{SITE_PREFIX} for each of {needed} sites; use a larger range");
        Problem::new("network.machines", message)
    };
    let mut shares = machines.subnets(SITE_PREFIX).map_err(|_| too_small(1))?;
    let mut sites = BTreeMap::new();
    for (index, pool) in spec.pools.iter().enumerate() {
        let site = site_of(pool);
        if !sites.contains_key(&site) {
            let cidr = shares.next().ok_or_else(|| too_small(sites.len() + 1))?;
            let plan = SitePlan::new(&site, cidr).map_err(|_| too_long(index))?;
            sites.insert(site, plan);
        }
    }
    Ok(sites)
}

fn too_long(pool: usize) -> Problem {
    Problem::new(format!("{}.provider", pool_path(pool)), "the names of provider and region are too long together")
}

fn base_rules(spec: &ClusterSpec, site: Ipv4Net) -> Vec<FirewallRule> {
    // The issued kubeconfig leads to a control plane's public address, whatever the nodes themselves use.
    let ports = [22, API_PORT];
    let inside = FirewallRule { protocol: Protocol::All, ports: None, from: IpNet::V4(site) };
    let open = |from: &IpNet| {
        let from = *from;
        ports.iter().map(move |port| FirewallRule { protocol: Protocol::Tcp, ports: Some((*port, *port)), from })
    };
    let rules: BTreeSet<FirewallRule> = spec.operators.iter().flat_map(open).chain([inside]).collect();
    rules.into_iter().collect()
}
