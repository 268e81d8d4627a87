//! The state machines: every pair of phase and event is tried, and the diagrams in the docs are those of the code.

use std::collections::BTreeSet;

use ladybug_core::lifecycle::{ClusterEvent, ClusterPhase, NodeEvent, NodePhase, cluster_diagram, node_diagram};

fn cluster_moves() -> Vec<(ClusterPhase, ClusterEvent, ClusterPhase)> {
    use ClusterEvent as E;
    use ClusterPhase as P;
    let mut legal = vec![
        (P::Planned, E::Provision, P::Provisioning),
        (P::Provisioning, E::Bootstrap, P::Bootstrapping),
        (P::Bootstrapping, E::BecomeReady, P::Ready),
        (P::Updating, E::BecomeReady, P::Ready),
        (P::Degraded, E::BecomeReady, P::Ready),
        (P::Ready, E::Update, P::Updating),
        (P::Degraded, E::Update, P::Updating),
        (P::NeedsAttention, E::Update, P::Updating),
        (P::NeedsAttention, E::Provision, P::Provisioning),
        (P::Ready, E::Degrade, P::Degraded),
        (P::Updating, E::Degrade, P::Degraded),
        (P::Deleting, E::FinishDelete, P::Deleted),
    ];
    let attention = [P::Provisioning, P::Bootstrapping, P::Ready, P::Updating, P::Degraded, P::Deleting];
    legal.extend(attention.map(|phase| (phase, E::NeedAttention, P::NeedsAttention)));
    let deletable =
        [P::Planned, P::Provisioning, P::Bootstrapping, P::Ready, P::Updating, P::Degraded, P::NeedsAttention];
    legal.extend(deletable.map(|phase| (phase, E::Delete, P::Deleting)));
    legal
}

fn node_moves() -> Vec<(NodePhase, NodeEvent, NodePhase)> {
    use NodeEvent as E;
    use NodePhase as P;
    let way = [
        (P::Planned, E::Create, P::Creating),
        (P::Creating, E::Boot, P::Booting),
        (P::Booting, E::Reach, P::Reachable),
        (P::Reachable, E::Prepare, P::Preparing),
        (P::Preparing, E::Join, P::Joining),
        (P::Joining, E::BecomeReady, P::Ready),
        (P::Draining, E::BecomeReady, P::Ready),
        (P::Ready, E::Drain, P::Draining),
        (P::Removing, E::Vanish, P::Gone),
    ];
    let mut legal = way.to_vec();
    // After a crash a step runs again: its event comes twice, or after the failure.
    legal.extend(way.map(|(_, event, to)| (to, event, to)));
    legal.extend(way.into_iter().take(6).map(|(_, event, to)| (P::Failed, event, to)));
    let failing = [
        P::Creating,
        P::Booting,
        P::Reachable,
        P::Preparing,
        P::Joining,
        P::Ready,
        P::Draining,
        P::Removing,
        P::Failed,
    ];
    legal.extend(failing.map(|phase| (phase, E::Fail, P::Failed)));
    legal.extend(failing.map(|phase| (phase, E::Remove, P::Removing)));
    legal.push((P::Planned, E::Remove, P::Removing));
    legal
}

#[test]
fn every_cluster_transition_outside_of_the_table_is_refused() {
    let legal: BTreeSet<_> = cluster_moves().into_iter().collect();
    let mut refused = 0;
    for phase in ClusterPhase::ALL {
        for event in ClusterEvent::ALL {
            let wanted = legal.iter().find(|(from, what, _)| (*from, *what) == (phase, event)).map(|(.., to)| *to);
            let got = phase.next(event);
            assert_eq!(got.clone().ok(), wanted, "{phase} and {event}");
            if let Err(refusal) = got {
                refused += 1;
                assert_eq!(refusal.to_string(), format!("a cluster that is {phase} cannot {event}"));
            }
        }
    }
    assert_eq!((legal.len(), refused), (25, 9 * 8 - 25));
}

#[test]
fn every_node_transition_outside_of_the_table_is_refused() {
    let legal: BTreeSet<_> = node_moves().into_iter().collect();
    let mut refused = 0;
    for phase in NodePhase::ALL {
        for event in NodeEvent::ALL {
            let wanted = legal.iter().find(|(from, what, _)| (*from, *what) == (phase, event)).map(|(.., to)| *to);
            let got = phase.next(event);
            assert_eq!(got.clone().ok(), wanted, "{phase} and {event}");
            if let Err(refusal) = got {
                refused += 1;
                assert_eq!(refusal.to_string(), format!("a node that is {phase} cannot {event}"));
            }
        }
    }
    assert_eq!(refused, 11 * 10 - legal.len());
}

#[test]
fn the_diagrams_of_the_design_are_those_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/design.md");
    let design = std::fs::read_to_string(path).unwrap();
    for diagram in [cluster_diagram(), node_diagram()] {
        let block = format!("```mermaid\n{diagram}```");
        assert!(design.contains(&block), "docs/design.md must hold this block:\n{block}");
    }
}
