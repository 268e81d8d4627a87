//! Taking machines out.

use std::collections::BTreeMap;

use crate::{
    cloud::ResourceKind,
    id::NodeName,
    plan::{
        builder::{After, Gone, Graph, Out, Settled},
        create::{Cleared, Fate, Host, Scene},
        machine_key,
    },
    state::NodeState,
};

/// What was taken out.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) gone: BTreeMap<NodeName, Out<Gone>>,
    /// etcd's members are rid of those that were taken out.
    settled: Vec<Out<Settled>>,
    /// The last control plane that was taken out.
    pub(super) last: Option<Out<Gone>>,
}

impl Taken {
    /// The hosts that were taken out, each with its end.
    pub(super) fn of<'a>(&'a self, scene: &'a Scene<'_>) -> impl Iterator<Item = (&'a Host, Out<Gone>)> {
        scene.hosts.iter().filter_map(|host| Some((host, *self.gone.get(&host.name)?)))
    }

    /// What was taken out so far.
    pub(super) fn cleared(&self, scene: &Scene<'_>) -> Cleared {
        let mut cleared = Cleared { settled: self.settled.clone(), ..Cleared::default() };
        for (host, gone) in self.of(scene).filter(|(host, _)| host.hub) {
            cleared.hubs.entry(host.site.clone()).or_default().push(gone);
        }
        cleared
    }

    /// Takes out the hosts of one fate: workers at once, control planes one by one. `before` says what each waits for.
    pub(super) fn take_out(
        &mut self,
        graph: &mut Graph,
        scene: &Scene<'_>,
        fate: Fate,
        before: impl Fn(&Host) -> After,
    ) {
        for host in scene.hosts.iter().filter(|host| host.fate == fate) {
            let Some(node) = scene.state.and_then(|state| state.nodes.get(&host.name)) else { continue };
            let mut after = before(host);
            if host.is_control_plane() {
                after = after.and_all(self.last);
            }
            let gone = self.take_out_one(graph, scene, (host, node), after);
            self.gone.insert(host.name.clone(), gone);
            if host.is_control_plane() {
                self.last = Some(gone);
            }
        }
    }

    fn take_out_one(
        &mut self,
        graph: &mut Graph,
        scene: &Scene<'_>,
        (host, node): (&Host, &NodeState),
        mut after: After,
    ) -> Out<Gone> {
        if host.fate == Fate::Leaves {
            after = After::new(graph.drain(&host.name, after));
        }
        if node.member && host.is_control_plane() && scene.is_stacked() {
            let settled = graph.remove_member(&host.name, after);
            self.settled.push(settled);
            after = After::new(settled);
        }
        if node.member {
            after = After::new(graph.remove_node(&host.name, after));
        }
        graph.delete(&host.site, &machine_key(&host.name), ResourceKind::Machine, after)
    }
}
