//! Checks of planning: exact answers, no side effects.

use std::collections::BTreeSet;

use super::{
    ground::Ground,
    verdict::{Verdict, ensure, expect, given, only_if, refused, same},
};
use crate::{
    cloud::{Call, MachineChoice, MachineQuery, ResourceKind},
    error::{Disposition, ErrorKind},
    id::{Region, Zone},
};

async fn resolve(ground: &Ground, query: &MachineQuery) -> Verdict<MachineChoice> {
    ground.needs(ResourceKind::Machine)?;
    expect(ground.driver.resolve(&Call::new(), query).await, "resolve the machine of the bench")
}

pub(super) async fn an_answer_leaves_no_choice(ground: &Ground) -> Verdict {
    let choice = resolve(ground, &ground.wishes.machine).await?;
    ensure(!choice.image.is_empty(), "an image must be chosen")?;
    same(&choice.arch, &ground.wishes.machine.machine.arch, "the architecture")?;
    ensure(!choice.offers.is_empty(), "something must be offered")?;
    ensure(choice.offers.iter().all(|offer| !offer.machine_type.is_empty()), "every offer must name its type")?;
    let pairs = choice.offers.iter().map(|offer| (&offer.machine_type, &offer.zone));
    same(&pairs.collect::<BTreeSet<_>>().len(), &choice.offers.len(), "the number of different offers")
}

pub(super) async fn the_same_question_has_the_same_answer(ground: &Ground) -> Verdict {
    let first = resolve(ground, &ground.wishes.machine).await?;
    same(&resolve(ground, &ground.wishes.machine).await?, &first, "the answer to the same question")
}

pub(super) async fn prices_are_known_and_the_cheapest_comes_first(ground: &Ground) -> Verdict {
    only_if(ground.can.prices, "prices are not known")?;
    let offers = resolve(ground, &ground.wishes.machine).await?.offers;
    ensure(offers.iter().all(|offer| offer.price.is_some()), format_args!("an offer has no price: {offers:?}"))?;
    ensure(offers.is_sorted_by_key(|offer| offer.price), format_args!("the cheapest must be first: {offers:?}"))
}

pub(super) async fn what_may_be_taken_back_costs_no_more(ground: &Ground) -> Verdict {
    only_if(ground.can.prices && ground.can.spot, "there are no prices of such machines")?;
    let cheapest = |choice: MachineChoice| choice.offers.into_iter().filter_map(|offer| offer.price).min();
    let usual = cheapest(resolve(ground, &ground.wishes.machine).await?);
    let spot = cheapest(resolve(ground, &ground.wishes.machine.clone().with_spot(true)).await?);
    // What such a machine costs may change by the minute: then no price is the honest one.
    ensure(spot <= usual, format_args!("{spot:?} must be at most {usual:?}"))
}

async fn zones(ground: &Ground) -> Verdict<Vec<Zone>> {
    let offers = resolve(ground, &ground.wishes.machine).await?.offers;
    let zones: BTreeSet<_> = offers.into_iter().filter_map(|offer| offer.zone).collect();
    only_if(!zones.is_empty(), "the cloud has no zones")?;
    Ok(zones.into_iter().collect())
}

pub(super) async fn offers_keep_to_the_zones_that_are_wished_for(ground: &Ground) -> Verdict {
    for zone in zones(ground).await? {
        let query = ground.wishes.machine.clone().with_zones(vec![zone.clone()]);
        let offers = resolve(ground, &query).await?.offers;
        ensure(!offers.is_empty(), format_args!("something must be offered in {zone}"))?;
        let strange = offers.iter().find(|offer| offer.zone.as_ref() != Some(&zone));
        same(&strange, &None, &format!("an offer outside of {zone}"))?;
    }
    Ok(())
}

pub(super) async fn the_zone_that_is_preferred_comes_first(ground: &Ground) -> Verdict {
    let mut zones = zones(ground).await?;
    only_if(zones.len() > 1, "fewer than two zones are offered")?;
    for _ in 0..2 {
        zones.reverse();
        let offers = resolve(ground, &ground.wishes.machine.clone().with_zones(zones.clone())).await?.offers;
        let Some(first) = offers.first() else { return Err("nothing is offered".to_owned().into()) };
        let same_type = offers.iter().filter(|offer| offer.machine_type == first.machine_type);
        let order: Vec<_> = same_type.filter_map(|offer| offer.zone.clone()).collect();
        let wished: Vec<_> = zones.iter().filter(|zone| order.contains(zone)).cloned().collect();
        same(&order, &wished, "the order of the zones of one type")?;
    }
    Ok(())
}

pub(super) async fn an_exact_type_is_offered_alone(ground: &Ground) -> Verdict {
    let usual = resolve(ground, &ground.wishes.machine).await?.offers;
    let last = usual.into_iter().next_back().ok_or_else(|| "nothing is offered".to_owned())?;
    let mut query = ground.wishes.machine.clone();
    query.machine.machine_type = Some(last.machine_type.clone());
    let offers = resolve(ground, &query).await?.offers;
    ensure(!offers.is_empty(), "the type must be offered")?;
    let other = offers.iter().find(|offer| offer.machine_type != last.machine_type);
    same(&other, &None, "an offer of another type")
}

async fn unknown(ground: &Ground, what: &str, change: impl FnOnce(&mut MachineQuery)) -> Verdict {
    ground.needs(ResourceKind::Machine)?;
    let mut query = ground.wishes.machine.clone();
    change(&mut query);
    let error = refused(ground.driver.resolve(&Call::new(), &query).await, ErrorKind::NotFound, what)?;
    same(&error.disposition(), &Disposition::Permanent, "its disposition")
}

pub(super) async fn an_unknown_region_is_not_found(ground: &Ground) -> Verdict {
    let nowhere = Region::new("nowhere-1").map_err(|error| error.to_string())?;
    unknown(ground, "an unknown region", |query| query.region = nowhere).await
}

pub(super) async fn an_unknown_zone_is_not_found(ground: &Ground) -> Verdict {
    zones(ground).await?;
    let nowhere = Zone::new("nowhere-1z").map_err(|error| error.to_string())?;
    unknown(ground, "an unknown zone", |query| query.zones = vec![nowhere]).await
}

pub(super) async fn an_unknown_type_is_not_found(ground: &Ground) -> Verdict {
    unknown(ground, "an unknown type", |query| query.machine.machine_type = Some("q9.huge".to_owned())).await
}

pub(super) async fn an_unknown_image_is_not_found(ground: &Ground) -> Verdict {
    unknown(ground, "an unknown image", |query| query.image.version = "4.10".to_owned()).await
}

pub(super) async fn a_quota_that_is_too_small_is_told_before_anything_is_made(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::Machine)?;
    given(ground.bench.limit(ResourceKind::Machine, 2).await, "limit")?;
    let query = |count| MachineQuery { count, ..ground.wishes.machine.clone() };
    resolve(ground, &query(2)).await?;
    let error = refused(ground.driver.resolve(&Call::new(), &query(3)).await, ErrorKind::QuotaExceeded, "a third")?;
    ensure(error.remedy().is_some(), format_args!("there must be a remedy: {error}"))?;
    ground.settled(ResourceKind::Machine, "one").await?;
    refused(ground.driver.resolve(&Call::new(), &query(2)).await, ErrorKind::QuotaExceeded, "two more").map(drop)
}

pub(super) async fn a_question_changes_nothing(ground: &Ground) -> Verdict {
    let before = given(ground.bench.everything().await, "everything")?;
    let changes = ground.bench.requests().await.map(|requests| requests.changes);
    resolve(ground, &ground.wishes.machine).await?;
    resolve(ground, &ground.wishes.machine.clone().with_spot(ground.can.spot)).await?;
    let now = ground.bench.requests().await.map(|requests| requests.changes);
    same(&now, &changes, "the number of requests that change something")?;
    same(&given(ground.bench.everything().await, "everything")?, &before, "the account")
}
