//! New nodes: names, addresses, machines.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use ipnet::Ipv4Net;

use super::site::site_of;
use crate::{
    cloud::{MachineChoice, Offer},
    id::{NodeName, PoolName},
    plan::{Choices, PlannedNode, Site},
    spec::{ClusterSpec, Overlay, OverlayTopology, PoolSpec, Problem},
    state::{ClusterState, NodeState},
};

/// Addresses that clouds keep for themselves in a subnet; AWS keeps the most, five.
const KEPT_BY_CLOUDS: usize = 5;
const MACHINES_PER_SITE: usize = (1 << 12) - KEPT_BY_CLOUDS;

/// Above this, a full mesh needs more firewall rules than clouds give.
const FULL_MESH: usize = 64;

/// The path of the `index`-th pool in a spec.
pub(in crate::plan) fn pool_path(index: usize) -> String {
    format!("pools[{index}]")
}

/// Finds names, addresses and machines for new nodes.
#[derive(Debug)]
pub(in crate::plan) struct NodePlanner<'a> {
    /// What the user wrote; problems are told in its terms.
    pub(in crate::plan) spec: &'a ClusterSpec,
    pub(in crate::plan) state: Option<&'a ClusterState>,
    pub(in crate::plan) choices: &'a Choices,
    pub(in crate::plan) overlay: bool,
}

impl NodePlanner<'_> {
    /// Plans so many new nodes of each pool. None of them is a gateway yet.
    ///
    /// # Errors
    /// Every missing answer and every range that is too small.
    pub(in crate::plan) fn plan(&self, lacking: &[(&PoolSpec, u32)]) -> Result<Vec<PlannedNode>, Vec<Problem>> {
        let mut problems: Vec<Problem> =
            lacking.iter().filter(|(_, count)| *count > 0).filter_map(|(pool, _)| self.choice(pool).err()).collect();
        problems.extend(self.crowded(lacking));
        if !problems.is_empty() {
            return Err(problems);
        }
        let used = self.used_addresses();
        let range = self.overlay_range();
        let mut free = range.iter().flat_map(Ipv4Net::hosts).filter(|address| !used.contains(address));
        let mut nodes = Vec::new();
        for (pool, count) in lacking {
            self.plan_pool(pool, *count, &mut free, &mut nodes).map_err(|problem| vec![problem])?;
        }
        Ok(nodes)
    }

    fn plan_pool(
        &self,
        pool: &PoolSpec,
        count: u32,
        free: &mut impl Iterator<Item = Ipv4Addr>,
        nodes: &mut Vec<PlannedNode>,
    ) -> Result<(), Problem> {
        if count == 0 {
            return Ok(());
        }
        let (choice, site) = (self.choice(pool)?, site_of(pool));
        let mut number = 0;
        for _ in 0..count {
            let name = self.next_name(pool, &mut number)?;
            let overlay_ip = if self.overlay { Some(free.next().ok_or_else(no_addresses)?) } else { None };
            nodes.push(PlannedNode {
                name,
                pool: pool.name.clone(),
                role: pool.role,
                site: site.clone(),
                gateway: false,
                overlay_ip,
                choice: spread(choice, pool, number),
                disk: pool.disk.clone(),
                spot: pool.spot,
            });
        }
        Ok(())
    }

    /// The next name that no node has.
    fn next_name(&self, pool: &PoolSpec, number: &mut u32) -> Result<NodeName, Problem> {
        loop {
            *number += 1;
            let text = format!("{}-{}-{number}", self.spec.name, pool.name);
            let name = NodeName::new(text)
                .map_err(|error| Problem::new(format!("{}.name", self.path(&pool.name)), error.to_string()))?;
            if self.state.is_none_or(|state| !state.nodes.contains_key(&name)) {
                return Ok(name);
            }
        }
    }

    fn choice(&self, pool: &PoolSpec) -> Result<&MachineChoice, Problem> {
        let answer = self.choices.get(&pool.name).filter(|choice| !choice.offers.is_empty());
        let message = || format!("provider {} has not said which machine it offers for this pool", pool.provider);
        answer.ok_or_else(|| Problem::new(self.path(&pool.name), message()))
    }

    /// The ranges and limits that so many nodes break.
    fn crowded(&self, lacking: &[(&PoolSpec, u32)]) -> Vec<Problem> {
        let mut sites: BTreeMap<Site, usize> = BTreeMap::new();
        let there = self.state.iter().flat_map(|state| state.nodes.values()).map(|node| (node.site.clone(), 1));
        let new = lacking.iter().map(|(pool, count)| (site_of(pool), usize::try_from(*count).unwrap_or(usize::MAX)));
        for (site, count) in there.chain(new) {
            let sum = sites.entry(site).or_default();
            *sum = sum.saturating_add(count);
        }
        let full = sites.iter().filter(|(_, count)| **count > MACHINES_PER_SITE).map(|(site, count)| {
            let message =
                format!("{count} machines do not fit into the /20 of site {site}, which holds {MACHINES_PER_SITE}");
            Problem::new("network.machines", message)
        });
        let total = sites.values().fold(0_usize, |sum, count| sum.saturating_add(*count));
        full.chain(self.too_many_for_a_full_mesh(total)).collect()
    }

    fn too_many_for_a_full_mesh(&self, nodes: usize) -> Option<Problem> {
        let message = format!("a full mesh may have {FULL_MESH} nodes, not {nodes}; use gateways");
        (self.overlay && is_full_mesh(self.spec) && nodes > FULL_MESH)
            .then(|| Problem::new("network.overlay.topology", message))
    }

    fn used_addresses(&self) -> BTreeSet<Ipv4Addr> {
        let nodes = self.state.iter().flat_map(|state| state.nodes.values());
        nodes.filter_map(|node: &NodeState| node.overlay_ip).collect()
    }

    fn overlay_range(&self) -> Option<Ipv4Net> {
        match &self.spec.network.overlay {
            Overlay::Wireguard { nodes, .. } => Some(*nodes),
            Overlay::None => None,
        }
    }

    fn path(&self, pool: &PoolName) -> String {
        pool_path(self.spec.pools.iter().position(|candidate| candidate.name == *pool).unwrap_or_default())
    }
}

/// Whether every host is every other's peer.
pub(in crate::plan) fn is_full_mesh(spec: &ClusterSpec) -> bool {
    matches!(spec.network.overlay, Overlay::Wireguard { topology: OverlayTopology::Full, .. })
}

fn no_addresses() -> Problem {
    Problem::new("network.overlay.nodes", "the range has fewer addresses than the cluster has nodes; use a larger one")
}

/// The choice for the `number`-th machine: among offers that cost the same, another zone comes first each time, if
/// the pool asks for several.
fn spread(choice: &MachineChoice, pool: &PoolSpec, number: u32) -> MachineChoice {
    let mut choice = choice.clone();
    if pool.zones.len() > 1 {
        let turn = usize::try_from(number).unwrap_or_default().saturating_sub(1);
        let alike = |a: &Offer, b: &Offer| a.machine_type == b.machine_type && a.price == b.price;
        choice.offers.chunk_by_mut(alike).for_each(|offers| offers.rotate_left(turn % offers.len()));
    }
    choice
}
