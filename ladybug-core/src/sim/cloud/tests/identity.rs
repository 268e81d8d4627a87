//! One owner, one resource: names, tokens, lost answers, and what clouds show late.

use super::*;
use crate::{
    cloud::{CloudDriverExt, Deletion, ResourceKind, ResourceStatus, layer::Verb},
    error::{Disposition, ErrorKind},
    sim::{FaultKind, FaultPlan},
};

#[tokio::test(start_paused = true)]
async fn the_same_owner_twice_is_the_same_resource_once_it_is_shown() {
    for name in PROVIDERS {
        let ground = Ground::new(name).await;
        let first = ground.machine("w-1").await.unwrap();
        ground.settle().await;
        assert_eq!(ground.machine("w-1").await.unwrap().reference, first.reference, "{name}");
        assert_eq!(ground.ensure("network/x", &network_spec()).await.unwrap().reference, ground.network, "{name}");
        assert_eq!(ground.world.counters().duplicates, 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_and_another_try_make_one_resource_of_every_idempotent_kind() {
    for name in PROVIDERS {
        let faults = FaultPlan::none().at(&provider(name), Verb::Ensure, "again/", 1, FaultKind::LostAnswer);
        let ground = Ground::of(World::builder(2).with_faults(faults), name).await;
        let idempotent = ground.driver.capabilities().idempotent;
        let before = ground.world.left();
        let specs = [
            network_spec(),
            firewall_spec(&ground.network, &[]),
            key_spec(),
            ResourceSpec::Machine(ground.machine_spec("w-1")),
            ResourceSpec::Address(crate::cloud::AddressSpec {}),
            balancer_spec(&ground.network, &[]),
        ];
        for spec in specs.iter().filter(|spec| idempotent.contains(&spec.kind())) {
            let key = format!("again/{}", spec.kind()).replace(' ', "-");
            let lost = ground.ensure(&key, spec).await.unwrap_err();
            assert_eq!(lost.disposition(), Disposition::Ambiguous, "{name} {key}");
            ground.ensure(&key, spec).await.unwrap();
        }
        assert_eq!(ground.world.left(), before + idempotent.len(), "{name}");
        let counters = ground.world.counters();
        assert_eq!((counters.duplicates, counters.other_duplicates), (0, 0), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_aws_network_is_made_twice_by_whoever_does_not_wait() {
    let ground = Ground::new("aws").await;
    let twins = [
        ground.ensure("network/y", &network_spec()).await.unwrap().reference,
        ground.ensure("network/y", &network_spec()).await.unwrap().reference,
    ];
    assert!(!ground.driver.capabilities().idempotent.contains(&ResourceKind::Network));
    assert_ne!(twins[0], twins[1]);
    assert_eq!(ground.world.counters().other_duplicates, 1);
}

#[tokio::test(start_paused = true)]
async fn an_aws_token_outlives_its_machine_and_only_a_new_generation_makes_another() {
    let ground = Ground::new("aws").await;
    let spec = ResourceSpec::Machine(ground.machine_spec("w-1"));
    let first = ground.machine("w-1").await.unwrap();
    ground.settle().await;
    ground.driver.delete(&Call::new(), &first.reference).await.unwrap();
    let dying = ground.machine("w-1").await.unwrap();
    ground.settle().await;
    let dead = ground.machine("w-1").await.unwrap();
    for ghost in [dying, dead] {
        assert_eq!((ghost.reference, ghost.status), (first.reference.clone(), ResourceStatus::Deleting));
    }
    assert_eq!(ground.get(&first.reference).await, None);
    let anew = owner("machine/w-1").with_generation(1);
    let second = ground.driver.ensure(&Call::new(), &anew, &ground.at, &spec).await.unwrap();
    assert_ne!(second.reference, first.reference);
    assert_eq!(ground.world.counters().duplicates, 0);
}

#[tokio::test(start_paused = true)]
async fn an_aws_token_that_was_used_for_another_zone_has_to_wait_until_the_machine_is_shown() {
    let faults = FaultPlan::none();
    let ground = Ground::of(World::builder(4).with_faults(faults), "aws").await;
    let first = ground.machine("w-1").await.unwrap();
    let mut other = ground.machine_spec("w-1");
    other.offer.zone = Some(crate::id::Zone::new("ap-northeast-2b").unwrap());
    let other = ResourceSpec::Machine(other);
    let refused = ground.ensure("machine/w-1", &other).await.unwrap_err();
    assert_eq!((refused.kind(), refused.disposition()), (ErrorKind::Conflict, Disposition::Transient { after: None }));
    ground.settle().await;
    assert_eq!(ground.ensure("machine/w-1", &other).await.unwrap().reference, first.reference);
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_until_its_dying_holder_is_gone() {
    for name in ["gcp", "azure"] {
        let ground = Ground::new(name).await;
        let first = ground.machine("w-1").await.unwrap();
        ground.settle().await;
        assert_eq!(ground.driver.delete(&Call::new(), &first.reference).await.unwrap(), Deletion::Started);
        let refused = ground.machine("w-1").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Conflict, "{name}");
        assert!(matches!(refused.disposition(), Disposition::Transient { .. }), "{name}");
        ground.settle().await;
        assert_eq!(ground.machine("w-1").await.unwrap().status, ResourceStatus::Pending, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_somebody_elses_is_refused() {
    for name in PROVIDERS {
        let ground = Ground::new(name).await;
        let key = ground.ensure("ssh-key/y", &key_spec()).await.unwrap();
        ground.world.inside(|inner, _| inner.cloud_mut(&provider(name)).book.untag(&key.reference.id));
        let refused = ground.ensure("ssh-key/y", &key_spec()).await.unwrap_err();
        assert_eq!((refused.kind(), refused.disposition()), (ErrorKind::AlreadyExists, Disposition::Permanent));
    }
}

#[tokio::test(start_paused = true)]
async fn new_resources_show_up_late_but_within_the_settle_time() {
    for name in PROVIDERS {
        let ground = Ground::new(name).await;
        let settle = ground.driver.capabilities().settle;
        let (mut late_in_list, mut late_by_id) = (0, 0);
        for number in 0..24 {
            let made = ground.machine(&format!("w-{number}")).await.unwrap().reference;
            let cluster = owner("x").cluster;
            let shown = ground.driver.owned(&Call::new(), &cluster, &ground.at).await.unwrap();
            late_in_list += u32::from(shown.iter().all(|resource| resource.reference != made));
            late_by_id += u32::from(ground.get(&made).await.is_none());
            tokio::time::sleep(settle).await;
            let shown = ground.driver.owned(&Call::new(), &cluster, &ground.at).await.unwrap();
            assert!(shown.iter().any(|resource| resource.reference == made), "{name}");
            assert!(ground.get(&made).await.is_some(), "{name}");
        }
        assert!(late_in_list > late_by_id && late_by_id > 0, "{name}: {late_in_list} {late_by_id}");
    }
}

#[tokio::test(start_paused = true)]
async fn rules_and_targets_change_in_place_and_become_exactly_what_is_asked_for() {
    let ground = Ground::new("aws").await;
    let machine = ground.machine("w-1").await.unwrap().reference;
    let first = ground.ensure("lb/x", &balancer_spec(&ground.network, &[])).await.unwrap();
    ground.settle().await;
    let second = ground.ensure("lb/x", &balancer_spec(&ground.network, &[&machine])).await.unwrap();
    assert_eq!(first.reference, second.reference);
    let rules = [allow(Protocol::Tcp, 22, "0.0.0.0/0")];
    let same = ground.ensure("firewall/x", &firewall_spec(&ground.network, &rules)).await.unwrap();
    assert_eq!(same.reference, ground.firewall);
    ground.world.inside(|inner, _| {
        let cloud = inner.cloud(&provider("aws"));
        let Some(crate::sim::cloud::Body::Firewall { rules: now, .. }) =
            cloud.thing(&ground.firewall.id).map(|thing| &thing.body)
        else {
            panic!("the firewall is there");
        };
        assert_eq!(*now, rules);
    });
}
