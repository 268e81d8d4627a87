//! Checks of load balancers and addresses.

use std::{collections::BTreeSet, net::IpAddr};

use futures::future::try_join_all;

use super::{
    ground::Ground,
    verdict::{Verdict, ensure, given, same},
};
use crate::{
    cloud::{Resource, ResourceDetail, ResourceKind, ResourceRef},
    id::ResourceId,
};

const KIND: ResourceKind = ResourceKind::LoadBalancer;

async fn with_targets(ground: &Ground, targets: &[&ResourceRef]) -> Verdict<Resource> {
    let targets: Vec<_> = targets.iter().map(|target| (*target).clone()).collect();
    let made = ground.ready_with(&ground.owner(KIND, "one"), &ground.balancer_spec(&targets).await?).await?;
    ground.wait_listed(&made).await?;
    let wanted: BTreeSet<ResourceId> = targets.into_iter().map(|target| target.id).collect();
    same(&given(ground.bench.targets(&made.reference).await, "targets")?, &wanted, "the targets")?;
    Ok(made)
}

pub(super) async fn a_ready_load_balancer_says_where_it_listens(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let made = ground.ready(KIND, "one").await?;
    let listens = matches!(&made.detail, ResourceDetail::LoadBalancer { host: Some(host) } if !host.is_empty());
    ensure(listens, format_args!("a ready load balancer must have a host, but has {:?}", made.detail))
}

pub(super) async fn a_load_balancer_has_exactly_its_targets(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    ground.needs(ResourceKind::Machine)?;
    let machines =
        try_join_all(["one", "two", "three"].map(|name| ground.settled(ResourceKind::Machine, name))).await?;
    let [one, two, three] = &machines[..] else { return Err("three machines were made".to_owned().into()) };
    let (one, two, three) = (&one.reference, &two.reference, &three.reference);
    let first = with_targets(ground, &[]).await?;
    for targets in [&[one, two][..], &[one, two, three], &[three], &[two, three], &[]] {
        let next = with_targets(ground, targets).await?;
        same(&next.reference, &first.reference, "the changed load balancer")?;
    }
    Ok(())
}

fn address(made: &Resource) -> Verdict<IpAddr> {
    let ResourceDetail::Address { ip } = made.detail else {
        return Err(format!("an address must say which, but is {:?}", made.detail).into());
    };
    Ok(ip)
}

pub(super) async fn every_address_is_another_and_stays(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::Address)?;
    let made = try_join_all(["one", "two", "three"].map(|name| ground.settled(ResourceKind::Address, name))).await?;
    let ips = made.iter().map(address).collect::<Verdict<BTreeSet<_>>>()?;
    same(&ips.len(), &made.len(), "the number of different addresses")?;
    for resource in &made {
        let again = ground.ensure(&resource.owner, &ground.spec(ResourceKind::Address).await?).await?;
        same(&address(&again)?, &address(resource)?, "an address that is asked for again")?;
    }
    Ok(())
}
