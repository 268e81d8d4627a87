//! From nothing to prepared hosts.

use std::collections::{BTreeMap, BTreeSet};

use super::{Host, Scene};
use crate::{
    id::NodeName,
    plan::{
        Site,
        builder::{Booted, FirewallMade, Graph, KeyMade, Keyed, NetworkMade, Out, Prepared},
    },
};

/// What is known of a host's way up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Raised {
    pub(super) booted: Out<Booted>,
    pub(super) prepared: Out<Prepared>,
    pub(super) keyed: Out<Keyed>,
}

/// The way up of every host that the plan makes, and the packet filters that it makes.
#[derive(Debug, Default)]
pub(super) struct Rise {
    hosts: BTreeMap<NodeName, Raised>,
    firewalls: BTreeMap<Site, Out<FirewallMade>>,
}

impl Rise {
    pub(super) fn of(&self, host: &Host) -> Raised {
        self.hosts.get(&host.name).copied().unwrap_or_default()
    }

    pub(super) fn firewall(&self, site: &Site) -> Out<FirewallMade> {
        self.firewalls.get(site).copied().unwrap_or_default()
    }
}

type Ground = (Out<NetworkMade>, Out<FirewallMade>, Out<KeyMade>);

/// Makes what the new hosts stand on, and the hosts.
pub(super) fn raise(graph: &mut Graph, scene: &Scene<'_>) -> Rise {
    let mut rise = Rise::default();
    let mut grounds: BTreeMap<&Site, Ground> = BTreeMap::new();
    let needed: BTreeSet<&Site> = scene.added().map(|host| &host.site).collect();
    for site in needed {
        let ground = prepare_ground(graph, scene, site);
        grounds.insert(site, ground);
        rise.firewalls.insert(site.clone(), ground.1);
    }
    for host in scene.added() {
        let ground = grounds.get(&host.site).copied().unwrap_or_default();
        rise.hosts.insert(host.name.clone(), raise_host(graph, scene, host, ground));
    }
    rise
}

/// Makes what the site lacks.
fn prepare_ground(graph: &mut Graph, scene: &Scene<'_>, site: &Site) -> Ground {
    let Some(plan) = scene.sites.get(site) else { return Ground::default() };
    let lacks = |key| !scene.is_made(key);
    let network = if lacks(&plan.network) { graph.network(site, &plan.network, plan.network()) } else { Out::there() };
    let ssh_key = if lacks(&plan.ssh_key) { graph.ssh_key(site, &plan.ssh_key) } else { Out::there() };
    let firewall = if lacks(&plan.firewall) {
        let known = scene.hubs_outside(site, |host| host.answers() && !host.rises);
        graph.firewall(site, &plan.firewall, plan.firewall(scene.spec, known), network)
    } else {
        Out::there()
    };
    (network, firewall, ssh_key)
}

fn raise_host(graph: &mut Graph, scene: &Scene<'_>, host: &Host, ground: Ground) -> Raised {
    let Some(site) = scene.sites.get(&host.site) else { return Raised::default() };
    let made = graph.machine(&host.site, &host.name, site.machine(&host.name), ground);
    let booted = graph.boot(&host.name, made);
    let prepared = graph.prepare(&host.name, booted);
    let keyed = if scene.overlay { graph.overlay_key(&host.name, prepared) } else { Out::there() };
    Raised { booted, prepared, keyed }
}
