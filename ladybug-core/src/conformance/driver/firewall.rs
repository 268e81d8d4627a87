//! Checks of packet filters: exactly the rules that were asked for.

use super::{
    ground::Ground,
    specs::{rule, tcp},
    verdict::{Verdict, ensure, given, only_if, same},
};
use crate::cloud::{FirewallRule, Protocol, Resource, ResourceKind, ResourceSpec, ResourceStatus};

const KIND: ResourceKind = ResourceKind::Firewall;

fn peers() -> [FirewallRule; 3] {
    [
        tcp(22, 22, [203, 0, 113, 7], 32),
        tcp(6443, 6443, [198, 51, 100, 0], 24),
        rule(Protocol::Udp, Some((51820, 51820)), [203, 0, 113, 8], 32),
    ]
}

/// Makes the packet filter `one` with these rules, or gives it these.
async fn with_rules(ground: &Ground, rules: &[FirewallRule]) -> Verdict<Resource> {
    let made = ground.ready_with(&ground.owner(KIND, "one"), &ground.firewall_spec(rules).await?).await?;
    ground.wait_listed(&made).await?;
    Ok(made)
}

async fn exactly(ground: &Ground, firewall: &Resource, wanted: &[FirewallRule]) -> Verdict {
    let mut found = given(ground.bench.rules(&firewall.reference).await, "rules")?;
    let mut wanted = wanted.to_vec();
    found.sort();
    wanted.sort();
    same(&found, &wanted, "the rules")
}

pub(super) async fn a_new_firewall_has_exactly_the_rules(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    exactly(ground, &with_rules(ground, &peers()).await?, &peers()).await
}

pub(super) async fn rules_are_added_and_taken_away_in_place(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let [ssh, api, mesh] = peers();
    let first = with_rules(ground, &[ssh.clone(), api.clone()]).await?;
    let steps = [vec![ssh.clone(), api, mesh.clone()], vec![mesh.clone()], vec![ssh.clone(), mesh], vec![ssh]];
    for rules in steps {
        let next = with_rules(ground, &rules).await?;
        same(&next.reference, &first.reference, "the changed packet filter")?;
        exactly(ground, &next, &rules).await?;
    }
    Ok(())
}

pub(super) async fn without_rules_nothing_comes_in(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    exactly(ground, &with_rules(ground, &[]).await?, &[]).await?;
    with_rules(ground, &peers()).await?;
    exactly(ground, &with_rules(ground, &[]).await?, &[]).await
}

pub(super) async fn nothing_opens_to_the_world_by_itself(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let firewall = ground.firewall().await?;
    for kind in ground.kinds() {
        ground.ready(kind, "beside").await?;
    }
    let rules = given(ground.bench.rules(&firewall).await, "rules")?;
    let open: Vec<_> = rules.iter().filter(|rule| rule.from.prefix_len() == 0).collect();
    ensure(open.is_empty(), format_args!("nobody asked for {open:?}"))
}

pub(super) async fn the_world_is_let_in_where_it_is_asked_for(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let rules = [tcp(6443, 6443, [0, 0, 0, 0], 0)];
    exactly(ground, &with_rules(ground, &rules).await?, &rules).await
}

pub(super) async fn every_protocol_and_range_is_kept(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let from = [198, 51, 100, 0];
    let rules = [
        rule(Protocol::All, None, [203, 0, 113, 9], 32),
        rule(Protocol::Icmp, None, from, 24),
        rule(Protocol::Tcp, Some((30_000, 32_767)), from, 24),
        rule(Protocol::Tcp, None, [192, 0, 2, 0], 25),
        rule(Protocol::Udp, Some((1, 65_535)), from, 26),
    ];
    let firewall = with_rules(ground, &rules).await?;
    let mut found = given(ground.bench.rules(&firewall.reference).await, "rules")?;
    found.iter_mut().filter(|rule| rule.ports == Some((0, 65_535))).for_each(|rule| rule.ports = None);
    let mut wanted = rules.to_vec();
    found.sort();
    wanted.sort();
    same(&found, &wanted, "the rules")
}

pub(super) async fn many_rules_fit(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let number = |n: u16| tcp(n, n, [203, 0, 113, 7], 32);
    let rules: Vec<_> = (1..=ground.wishes.rules).map(number).collect();
    exactly(ground, &with_rules(ground, &rules).await?, &rules).await?;
    let half: Vec<_> = rules.iter().step_by(2).cloned().collect();
    exactly(ground, &with_rules(ground, &half).await?, &half).await
}

pub(super) async fn rules_that_somebody_edited_are_mended(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let firewall = with_rules(ground, &peers()).await?;
    let edited = [peers()[0].clone(), tcp(22, 22, [0, 0, 0, 0], 0)];
    given(ground.bench.edit_rules(&firewall.reference, &edited).await, "edit_rules")?;
    exactly(ground, &with_rules(ground, &peers()).await?, &peers()).await
}

pub(super) async fn the_same_rules_again_ask_for_no_change(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    only_if(ground.wishes.frugal, "each `ensure` is one request here, whatever it changes")?;
    with_rules(ground, &peers()).await?;
    let before = given(ground.bench.requests().await, "requests")?.changes;
    with_rules(ground, &peers()).await?;
    let after = given(ground.bench.requests().await, "requests")?.changes;
    same(&after, &before, "the number of requests that change something")
}

pub(super) async fn each_firewall_has_its_own_rules(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let one = with_rules(ground, &peers()).await?;
    let owner = ground.owner_in(ground.other, KIND, "one");
    let two = ground.ready_with(&owner, &ground.firewall_spec(&[]).await?).await?;
    exactly(ground, &two, &[]).await?;
    exactly(ground, &one, &peers()).await?;
    ground.remove(&two.reference).await?;
    exactly(ground, &one, &peers()).await
}

pub(super) async fn rules_change_under_a_running_machine(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::Machine)?;
    let mut spec = ground.machine_spec("m").await?;
    spec.firewall = with_rules(ground, &[]).await?.reference;
    let owner = ground.owner(ResourceKind::Machine, "one");
    let machine = ground.ready_with(&owner, &ResourceSpec::Machine(spec)).await?;
    let firewall = with_rules(ground, &peers()).await?;
    exactly(ground, &firewall, &peers()).await?;
    let shown = ground.get(&machine.reference).await?.map(|shown| shown.status);
    same(&shown, &Some(ResourceStatus::Ready), "the machine behind the changed rules")
}
