//! The overlay: who learns of whom, and when.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Cleared, Host, Scene,
    raise::{Raised, Rise},
};
use crate::{
    bootstrap::StageKind,
    id::NodeName,
    plan::{
        Site, Undo,
        builder::{Gone, Graph, Keyed, Linked, Open, Out},
    },
};

/// The links that a plan makes.
#[derive(Debug, Default)]
pub(in crate::plan) struct Links {
    hosts: BTreeMap<NodeName, Vec<Out<Linked>>>,
    /// Packet filters that let new hubs in.
    pub(in crate::plan) open: Vec<Out<Open>>,
}

impl Links {
    /// The links that a host has when it reaches all that it must reach.
    pub(in crate::plan) fn of(&self, host: &Host) -> &[Out<Linked>] {
        self.hosts.get(&host.name).map(Vec::as_slice).unwrap_or_default()
    }

    pub(in crate::plan) fn all(&self) -> impl Iterator<Item = Out<Linked>> {
        self.hosts.values().flatten().copied()
    }

    fn add(&mut self, host: &Host, link: Out<Linked>) {
        self.hosts.entry(host.name.clone()).or_default().push(link);
    }
}

/// Tells hosts of their new peers. Where the hubs stay as they are, only the new host and the hubs of its site are told.
pub(super) fn link(graph: &mut Graph, scene: &Scene<'_>, rise: &Rise, cleared: &Cleared) -> Links {
    let mut links = Links::default();
    if !scene.overlay {
        return links;
    }
    let change = Change::new(scene, rise, cleared);
    links.open = change.open_firewalls(graph);
    let hubs = change.link_hubs(graph, &links.open);
    hubs.iter().for_each(|(host, link)| links.add(host, *link));
    change.link_others(graph, &mut links);
    change.introduce(graph, &hubs, &mut links);
    links
}

/// How the hubs change before any working one leaves: some rise, and lost ones are gone.
struct Change<'a> {
    scene: &'a Scene<'a>,
    rise: &'a Rise,
    rising: BTreeMap<&'a Site, Vec<Raised>>,
    cleared: &'a Cleared,
}

impl<'a> Change<'a> {
    fn new(scene: &'a Scene<'a>, rise: &'a Rise, cleared: &'a Cleared) -> Self {
        let mut rising: BTreeMap<&Site, Vec<Raised>> = BTreeMap::new();
        for host in scene.hubs().filter(|host| host.rises) {
            rising.entry(&host.site).or_default().push(rise.of(host));
        }
        Self { scene, rise, rising, cleared }
    }

    /// Whether hubs of such sites change.
    fn happens_in(&self, such: impl Fn(&Site) -> bool) -> bool {
        self.rising.keys().copied().chain(self.cleared.hubs.keys()).any(such)
    }

    /// Lets new hubs into every site but their own.
    fn open_firewalls(&self, graph: &mut Graph) -> Vec<Out<Open>> {
        let living = self.scene.hosts.iter().filter(|host| host.answers());
        let sites: BTreeSet<&Site> = living.map(|host| &host.site).collect();
        let changes = |site: &Site| self.happens_in(|other| other != site);
        sites.into_iter().filter(|site| changes(site)).filter_map(|site| self.open_firewall(graph, site)).collect()
    }

    fn open_firewall(&self, graph: &mut Graph, site: &Site) -> Option<Out<Open>> {
        let (scene, plan) = (self.scene, self.scene.sites.get(site)?);
        let firewall = |keep: &dyn Fn(&Host) -> bool| plan.firewall(scene.spec, scene.hubs_outside(site, keep));
        let undo = if scene.is_made(&plan.firewall) {
            Undo::Ensure { resource: firewall(&|host| host.answers() && !host.rises) }
        } else {
            Undo::Nothing
        };
        let outside = self.rising.iter().filter(|(other, _)| **other != site).flat_map(|(_, hubs)| hubs);
        let booted = outside.map(|hub| hub.booted).collect();
        let wanted = firewall(&Host::answers);
        Some(graph.open_firewall(site, &plan.firewall, wanted, self.rise.firewall(site), booted, undo))
    }

    /// Makes the hubs peers of each other, if any of them changed.
    fn link_hubs(&self, graph: &mut Graph, open: &[Out<Open>]) -> Vec<(&'a Host, Out<Linked>)> {
        let changes = self.happens_in(|_| true);
        let keys: Vec<Out<Keyed>> = self.rising.values().flatten().map(|hub| hub.keyed).collect();
        let gone: Vec<Out<Gone>> = self.cleared.hubs.values().flatten().copied().collect();
        let mut link = |host: &'a Host| {
            let undo = self.scene.undo_on(host, StageKind::OverlayPeers);
            let link = if changes { graph.link(&host.name, &keys, open, &gone, undo) } else { Out::there() };
            (host, link)
        };
        self.scene.hubs().filter(|host| host.answers()).map(&mut link).collect()
    }

    /// Tells the other hosts of a site of its new hubs, and new hosts of all hubs of their site.
    fn link_others(&self, graph: &mut Graph, links: &mut Links) {
        for host in self.scene.hosts.iter().filter(|host| !host.hub && host.answers()) {
            if host.is_new() || self.happens_in(|site| *site == host.site) {
                let hubs = self.rising.get(&host.site).into_iter().flatten();
                let keys: Vec<Out<Keyed>> = hubs.map(|hub| hub.keyed).chain([self.rise.of(host).keyed]).collect();
                let gone = self.cleared.hubs.get(&host.site).map(Vec::as_slice).unwrap_or_default();
                let undo = self.scene.undo_on(host, StageKind::OverlayPeers);
                links.add(host, graph.link(&host.name, &keys, &[], gone, undo));
            }
        }
    }

    /// Tells the hubs of a site of its new hosts, and the hubs elsewhere too, unless they are told anew anyway: a host
    /// takes no packets from an address that it was not told of.
    fn introduce(&self, graph: &mut Graph, hubs: &[(&Host, Out<Linked>)], links: &mut Links) {
        let mut of_site: BTreeMap<&Site, Vec<(&Host, Out<Linked>)>> = BTreeMap::new();
        hubs.iter().for_each(|(host, link)| of_site.entry(&host.site).or_default().push((host, *link)));
        let changes = self.happens_in(|_| true);
        for host in self.scene.added().filter(|host| !host.hub) {
            let near = of_site.get(&host.site).into_iter().flatten();
            let far = hubs.iter().filter(|(hub, _)| hub.site != host.site && !changes);
            for (hub, linked) in near.chain(far) {
                let undo = self.scene.undo_on(hub, StageKind::OverlayPeers);
                let key = self.rise.of(host).keyed;
                links.add(host, graph.introduce(&hub.name, *linked, &host.name, key, undo));
            }
        }
    }
}
