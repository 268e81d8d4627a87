//! Checks of machines: what was offered, with addresses and first-boot data, switched on and off.

use std::{collections::BTreeSet, net::IpAddr};

use futures::future::try_join_all;
use tokio::time::sleep;

use super::{
    ground::Ground,
    specs::CANARY,
    verdict::{Verdict, ensure, given, only_if, refused, same},
};
use crate::{
    cloud::{Action, Call, Offer, Resource, ResourceDetail, ResourceKind, ResourceRef, ResourceSpec, ResourceStatus},
    error::{Disposition, ErrorKind},
    secret::Secret,
};

const KIND: ResourceKind = ResourceKind::Machine;

struct Addresses {
    private: IpAddr,
    public: IpAddr,
}

fn addresses(machine: &Resource) -> Verdict<Addresses> {
    let ResourceDetail::Machine { private_ip: Some(private), public_ip: Some(public), .. } = &machine.detail else {
        return Err(format!("a ready machine must have two addresses, but has {:?}", machine.detail).into());
    };
    Ok(Addresses { private: *private, public: *public })
}

fn offer_of(machine: &Resource) -> Option<&Offer> {
    match &machine.detail {
        ResourceDetail::Machine { offer, .. } => Some(offer),
        ResourceDetail::None | ResourceDetail::Address { .. } | ResourceDetail::LoadBalancer { .. } => None,
    }
}

pub(super) async fn a_ready_machine_has_its_addresses(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let found = addresses(&ground.ready(KIND, "one").await?)?;
    let inside = ipnet::IpNet::V4(ground.wishes.network).contains(&found.private);
    ensure(inside, format_args!("{} must be in the network {}", found.private, ground.wishes.network))?;
    ensure(found.public != found.private, "the public address must not be the private one")
}

pub(super) async fn every_machine_has_addresses_of_its_own(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let names = ["one", "two", "three", "four"];
    let machines = try_join_all(names.map(|name| ground.ready(KIND, name))).await?;
    let found = machines.iter().map(addresses).collect::<Verdict<Vec<_>>>()?;
    let all: BTreeSet<_> = found.iter().flat_map(|machine| [machine.private, machine.public]).collect();
    same(&all.len(), &(2 * names.len()), "the number of different addresses")
}

pub(super) async fn its_offer_is_the_one_asked_for(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let spec = ground.machine_spec("m").await?;
    let (zone, kind) = (spec.offer.zone.clone(), spec.offer.machine_type.clone());
    let made = ground.ready_with(&ground.owner(KIND, "one"), &ResourceSpec::Machine(spec)).await?;
    same(&made.reference.location.zone, &zone, "the zone in the reference")?;
    let found = offer_of(&made).map(|offer| (offer.machine_type.clone(), offer.zone.clone()));
    same(&found, &Some((kind, zone)), "its type and zone")
}

pub(super) async fn every_zone_that_is_offered_can_be_had(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let offers = &ground.choice().await?.offers;
    let zones: BTreeSet<_> = offers.iter().filter_map(|offer| offer.zone.clone()).collect();
    only_if(zones.len() > 1, "fewer than two zones are offered")?;
    let make = |zone: crate::id::Zone| async move {
        let mut spec = ground.machine_spec("m").await?;
        let offer = offers.iter().find(|offer| offer.zone.as_ref() == Some(&zone)).cloned();
        spec.offer = offer.unwrap_or(spec.offer);
        let owner = ground.owner(KIND, &format!("in-{zone}"));
        let made = ground.ready_with(&owner, &ResourceSpec::Machine(spec)).await?;
        same(&made.reference.location.zone, &Some(zone), "the zone")
    };
    try_join_all(zones.into_iter().map(make)).await.map(drop)
}

pub(super) async fn it_is_pending_and_then_ready_and_stays_so(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let (owner, spec) = (ground.owner(KIND, "one"), ground.spec(KIND).await?);
    let mut last = ground.ensure(&owner, &spec).await?;
    let mut after_ready = 0;
    while after_ready < 5 {
        sleep(ground.wishes.pauses.0).await;
        let Some(shown) = ground.get(&last.reference).await? else {
            ensure(last.status == ResourceStatus::Pending, "a machine that was ready is not there any more")?;
            continue;
        };
        let forward = matches!(
            (&last.status, &shown.status),
            (ResourceStatus::Pending, ResourceStatus::Pending | ResourceStatus::Ready)
                | (ResourceStatus::Ready, ResourceStatus::Ready)
        );
        ensure(forward, format_args!("it must not go from {:?} to {:?}", last.status, shown.status))?;
        after_ready += u32::from(shown.status == ResourceStatus::Ready);
        last = shown;
    }
    Ok(())
}

pub(super) async fn first_boot_data_arrives_whole(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    only_if(ground.can.user_data, "first-boot data does not reach machines")?;
    let hostile = "quotes ' \" ` $(x) {{x}} \\ %20 &amp; ünïcødé 漢字\n\tand lines\n\n";
    let data = format!("#cloud-config\n# {CANARY}\n# {}", hostile.repeat(120));
    let mut spec = ground.machine_spec("m").await?;
    spec.user_data = Secret::new(data.clone());
    let made = ground.ready_with(&ground.owner(KIND, "one"), &ResourceSpec::Machine(spec)).await?;
    let arrived = given(ground.bench.user_data(&made.reference).await, "user_data")?;
    ensure(*arrived.expose() == data, "what arrived is not what was sent")
}

pub(super) async fn it_stops_and_starts_again(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    only_if(ground.can.power, "machines cannot be stopped")?;
    let made = ground.settled(KIND, "one").await?;
    ground.act(&made.reference, Action::Stop).await?;
    ground.wait_status(&made.reference, &ResourceStatus::Stopped).await?;
    ground.act(&made.reference, Action::Start).await?;
    let again = ground.wait_status(&made.reference, &ResourceStatus::Ready).await?;
    same(&addresses(&again)?.private, &addresses(&made)?.private, "the private address after a stop and a start")
}

pub(super) async fn stopping_and_starting_twice_is_no_error(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    only_if(ground.can.power, "machines cannot be stopped")?;
    let made = ground.settled(KIND, "one").await?;
    for (action, status) in [(Action::Stop, ResourceStatus::Stopped), (Action::Start, ResourceStatus::Ready)] {
        ground.act(&made.reference, action).await?;
        ground.wait_status(&made.reference, &status).await?;
        ground.act(&made.reference, action).await?;
        ground.wait_status(&made.reference, &status).await?;
    }
    Ok(())
}

pub(super) async fn a_reboot_keeps_the_machine(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    only_if(ground.can.reboot, "machines cannot be rebooted")?;
    let made = ground.settled(KIND, "one").await?;
    ground.act(&made.reference, Action::Reboot).await?;
    let again = ground.wait_status(&made.reference, &ResourceStatus::Ready).await?;
    let (before, after) = (addresses(&made)?, addresses(&again)?);
    same(&(after.private, after.public), &(before.private, before.public), "the addresses after a reboot")
}

pub(super) async fn what_a_machine_cannot_do_is_unsupported(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    only_if(!ground.can.power || !ground.can.reboot, "machines can do everything")?;
    let made = ground.settled(KIND, "one").await?;
    let power = [Action::Stop, Action::Start].into_iter().filter(|_| !ground.can.power);
    for action in power.chain([Action::Reboot].into_iter().filter(|_| !ground.can.reboot)) {
        let acted = ground.driver.act(&Call::new(), &made.reference, &action).await;
        refused(acted, ErrorKind::Unsupported, &format!("{action:?}"))?;
    }
    Ok(())
}

pub(super) async fn only_machines_can_be_switched(ground: &Ground) -> Verdict {
    only_if(ground.can.reboot, "machines cannot be rebooted")?;
    let others = ground.kinds().into_iter().filter(|kind| *kind != KIND).collect();
    let check = |kind| async move {
        let made = ground.settled(kind, "one").await?;
        let acted = ground.driver.act(&Call::new(), &made.reference, &Action::Reboot).await;
        refused(acted, ErrorKind::Unsupported, "a reboot").map(drop)
    };
    ground.each(others, check).await
}

pub(super) async fn a_machine_that_is_gone_cannot_be_switched(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    only_if(ground.can.reboot, "machines cannot be rebooted")?;
    let made = ground.settled(KIND, "one").await?;
    ground.remove(&made.reference).await?;
    let acted = ground.driver.act(&Call::new(), &made.reference, &Action::Reboot).await;
    refused(acted, ErrorKind::NotFound, "a reboot of what is gone").map(drop)
}

pub(super) async fn a_machine_that_may_be_taken_back_can_be_had(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    only_if(ground.can.spot, "the cloud takes no machines back")?;
    let query = ground.wishes.machine.clone().with_spot(true);
    let choice = super::verdict::expect(ground.driver.resolve(&Call::new(), &query).await, "resolve it")?;
    let mut spec = ground.machine_spec("m").await?;
    spec.spot = true;
    spec.offer = choice.offers.into_iter().next().ok_or_else(|| "nothing is offered".to_owned())?;
    ground.ready_with(&ground.owner(KIND, "one"), &ResourceSpec::Machine(spec)).await.map(drop)
}

pub(super) async fn a_zone_that_ran_out_says_so_and_the_next_offer_is_had(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let offers = &ground.choice().await?.offers;
    let (Some(first), Some(next)) = (offers.first(), offers.get(1)) else {
        return only_if(false, "fewer than two offers");
    };
    let mut spec = ground.machine_spec("m").await?;
    given(ground.bench.sell_out(first).await, "sell_out")?;
    let owner = ground.owner(KIND, "one");
    let outcome = ground.try_ensure(&owner, &ResourceSpec::Machine(spec.clone())).await;
    let error = refused(outcome, ErrorKind::NoCapacity, "a machine that is sold out")?;
    same(&error.disposition(), &Disposition::Permanent, "its disposition, since another offer may help")?;
    spec.offer = next.clone();
    let made = ground.ready_with(&owner, &ResourceSpec::Machine(spec)).await?;
    ground.one_only(&owner, &made.reference).await
}

pub(super) async fn what_it_stands_on_must_exist(ground: &Ground) -> Verdict {
    ground.needs(KIND)?;
    let spec = ground.machine_spec("m").await?;
    let gone = ground.settled(ResourceKind::Network, "gone").await?.reference;
    ground.remove(&gone).await?;
    let gone_key = ground.settled(ResourceKind::SshKey, "gone").await?.reference;
    ground.remove(&gone_key).await?;
    let cases: [(&str, ResourceRef, ResourceRef); 2] =
        [("network", gone, spec.ssh_key.clone()), ("ssh key", spec.network.clone(), gone_key)];
    for (missing, network, ssh_key) in cases {
        let spec = crate::cloud::MachineSpec { network, ssh_key, ..spec.clone() };
        let owner = ground.owner(KIND, "one");
        let outcome = ground.try_ensure(&owner, &ResourceSpec::Machine(spec)).await;
        let error = outcome.err().ok_or_else(|| format!("a machine without its {missing} must be refused"))?;
        let right = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidSpec);
        ensure(right, format_args!("it must be NotFound or InvalidSpec, but is {:?}: {error}", error.kind()))?;
    }
    Ok(())
}
