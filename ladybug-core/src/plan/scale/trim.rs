//! What remains forgets what is gone.

use std::collections::{BTreeMap, BTreeSet};

use super::removal::Taken;
use crate::{
    cloud::{Resource, ResourceKind},
    id::ResourceKey,
    plan::{
        Site,
        builder::{After, Gone, Graph, Out},
        create::{Fate, Grown, Host, Scene},
        delete::{empty_site, site_of_resource},
    },
    spec::ApiEndpoint,
};

/// Makes the hosts, packet filters and sites that remain forget what was taken out. Returns when they have.
pub(super) fn trim(graph: &mut Graph, scene: &Scene<'_>, grown: &Grown, taken: &Taken) -> After {
    let links = trim_links(graph, scene, grown, taken);
    let firewalls = trim_firewalls(graph, scene, grown, taken);
    let endpoints = trim_endpoints(graph, scene, grown, taken);
    let sites = delete_sites(graph, scene, taken);
    links.join(&firewalls).join(&endpoints).join(&sites)
}

/// Hubs forget everybody of their site and hubs of others; the other hosts forget the hubs of their site. Lost hubs
/// were gone before anybody was linked.
fn trim_links(graph: &mut Graph, scene: &Scene<'_>, grown: &Grown, taken: &Taken) -> After {
    let mut done = After::default();
    if !scene.overlay {
        return done;
    }
    let mut of_site: BTreeMap<&Site, Vec<(&Host, Out<Gone>)>> = BTreeMap::new();
    let known = || taken.of(scene).filter(|(host, _)| !host.hub || host.fate == Fate::Leaves);
    known().for_each(|(host, gone)| of_site.entry(&host.site).or_default().push((host, gone)));
    let hubs: Vec<(&Host, Out<Gone>)> = known().filter(|(host, _)| host.hub).collect();
    for host in scene.hosts.iter().filter(|host| host.remains()) {
        let near = of_site.get(&host.site).into_iter().flatten().filter(|(gone, _)| host.hub || gone.hub);
        let far = hubs.iter().filter(|(gone, _)| host.hub && gone.site != host.site);
        let mut gone = near.chain(far).map(|(_, gone)| *gone).peekable();
        if gone.peek().is_some() {
            let after = After::all(gone).and_all(grown.links.of(host).iter().copied());
            done = done.and(graph.trim_links(&host.name, after));
        }
    }
    done
}

/// Sites let hubs of others in no longer that are gone.
fn trim_firewalls(graph: &mut Graph, scene: &Scene<'_>, grown: &Grown, taken: &Taken) -> After {
    let mut done = After::default();
    let remaining = remaining(scene);
    for (site, plan) in scene.sites.iter().filter(|(site, _)| scene.overlay && remaining.contains(site)) {
        let leaving = taken.of(scene).filter(|(host, _)| host.fate == Fate::Leaves);
        let hubs = leaving.filter(|(host, _)| host.hub && host.site != *site);
        let gone: Vec<Out<Gone>> = hubs.map(|(_, gone)| gone).collect();
        if !gone.is_empty() {
            let firewall = plan.firewall(scene.spec, scene.hubs_outside(site, Host::remains));
            let after = After::all(gone).and_all(grown.links.open.iter().copied());
            done = done.and(graph.trim_firewall(site, &plan.firewall, firewall, after));
        }
    }
    done
}

fn trim_endpoints(graph: &mut Graph, scene: &Scene<'_>, grown: &Grown, taken: &Taken) -> After {
    let local = scene.spec.endpoint == ApiEndpoint::NodeLocal;
    let Some(last) = taken.last.filter(|_| local) else { return After::default() };
    let remaining = scene.hosts.iter().filter(|host| host.remains());
    let pointed = |host: &Host| grown.pointed.get(&host.name).copied().unwrap_or_default();
    After::all(remaining.map(|host| graph.trim_endpoint(&host.name, pointed(host), last)))
}

/// Deletes what is left in sites without hosts.
fn delete_sites(graph: &mut Graph, scene: &Scene<'_>, taken: &Taken) -> After {
    let remaining = remaining(scene);
    let mut left: BTreeMap<Site, BTreeMap<ResourceKey, ResourceKind>> = BTreeMap::new();
    let shared = |resource: &&Resource| resource.reference.kind != ResourceKind::Machine;
    for resource in scene.state.iter().flat_map(|state| state.resources.values()).filter(shared) {
        let keys = left.entry(site_of_resource(resource)).or_default();
        keys.insert(resource.owner.key.clone(), resource.reference.kind);
    }
    let mut done = After::default();
    for (site, keys) in left.iter().filter(|(site, _)| !remaining.contains(site)) {
        let gone = After::all(taken.of(scene).filter(|(host, _)| host.site == *site).map(|(_, gone)| gone));
        done = done.join(&After::all(empty_site(graph, site, keys, &gone)));
    }
    done
}

fn remaining<'a>(scene: &'a Scene<'_>) -> BTreeSet<&'a Site> {
    scene.hosts.iter().filter(|host| host.remains()).map(|host| &host.site).collect()
}
