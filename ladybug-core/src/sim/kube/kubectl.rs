//! `kubectl get|apply|drain|uncordon|delete`.

use super::{
    Addons,
    admin::{ask, own_cluster, refused},
    view::View,
};
use crate::{
    id::NodeName,
    sim::host::{Outcome, Refusal, Shell},
};

/// `kubectl get observation`, `apply FILE`, `drain NODE`, `uncordon NODE`, `delete node NODE`.
pub(in crate::sim) fn kubectl(shell: &mut Shell<'_>) -> Outcome {
    match shell.word(1) {
        "get" => observe(shell),
        "apply" => apply(shell),
        "drain" => drain(shell),
        "uncordon" => uncordon(shell),
        "delete" => delete(shell),
        verb => Err(Refusal::new(format!("unknown command {verb:?} for \"kubectl\""))),
    }
}

/// Asks the local API server, so that it can tell when the endpoint does not answer.
fn observe(shell: &mut Shell<'_>) -> Outcome {
    let ca = own_cluster(shell)?;
    let view = shell.kubes.get(&ca).map(|kube| View::new(kube, shell.net()));
    let view = view.filter(|view| view.serves(shell.id) || view.answers(shell.host())).ok_or_else(refused)?;
    serde_json::to_string(&view.observe(shell.host())).map_err(|error| Refusal::new(error.to_string()))
}

fn apply(shell: &mut Shell<'_>) -> Outcome {
    let file = shell.word(2).to_owned();
    let addons = shell.host().disk.json::<Addons>(&file);
    let addons = addons.ok_or_else(|| Refusal::new(format!("error: the path {file:?} does not exist")))?;
    let at = shell.moment.ends;
    ask(shell, |kube, _| {
        if addons.cni.is_some() {
            kube.cni.get_or_insert(at);
        }
        Ok(String::new())
    })
}

fn drain(shell: &mut Shell<'_>) -> Outcome {
    let (node, now) = (node_name(shell.word(2))?, shell.moment.now);
    let times = shell.machines.times;
    ask(shell, |kube, _| Ok(if kube.drain(&node, now, times) { "drained" } else { "evicting pods" }.to_owned()))
}

fn uncordon(shell: &mut Shell<'_>) -> Outcome {
    let node = node_name(shell.word(2))?;
    let missing = format!("Error from server (NotFound): nodes {node:?} not found");
    ask(shell, |kube, _| kube.uncordon(&node).then(String::new).ok_or_else(|| Refusal::new(missing)))
}

fn delete(shell: &mut Shell<'_>) -> Outcome {
    let node = node_name(shell.word(3))?;
    ask(shell, |kube, _| {
        kube.nodes.remove(&node);
        Ok(String::new())
    })
}

fn node_name(text: &str) -> Result<NodeName, Refusal> {
    NodeName::new(text).map_err(|error| Refusal::new(format!("error: {error}")))
}
