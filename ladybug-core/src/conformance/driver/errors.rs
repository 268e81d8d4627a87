//! Checks of errors: kind, disposition, words; and no secret in any text.

use super::{
    bench::Fault,
    ground::Ground,
    specs::CANARY,
    verdict::{Verdict, ensure, given, only_if, same},
};
use crate::{
    cloud::{Action, Call, CloudDriverExt, ResourceKind, ResourceSpec, layer::Verb},
    error::{Disposition, Error, ErrorKind, Result},
};

/// The error of each method under a fault, with what it must name.
async fn under(ground: &Ground, fault: Fault) -> Verdict<Vec<(Verb, Option<String>, Error)>> {
    let kind = ground.kinds().into_iter().next_back();
    let kind = kind.ok_or_else(|| "the driver makes nothing".to_owned())?;
    let made = ground.settled(kind, "one").await?;
    let (owner, spec) = (ground.owner(kind, "two"), ground.spec(kind).await?);
    ground.choice().await?;
    given(ground.bench.strike(fault).await, "strike")?;
    let (driver, cx) = (&ground.driver, Call::new());
    let (key, id) = (owner.key.to_string(), made.reference.id.to_string());
    let mut outcomes = vec![
        (
            Verb::Resolve,
            Some(ground.wishes.region.to_string()),
            failed(driver.resolve(&cx, &ground.wishes.machine).await),
        ),
        (Verb::Ensure, Some(key), failed(driver.ensure(&cx, &owner, &ground.at(&spec), &spec).await)),
        (Verb::Get, Some(id.clone()), failed(driver.get(&cx, &made.reference).await)),
        (Verb::Delete, Some(id.clone()), failed(driver.delete(&cx, &made.reference).await)),
        (Verb::ListOwned, None, failed(driver.owned(&cx, &ground.cluster, &ground.wishes.at()).await)),
    ];
    if kind == ResourceKind::Machine && ground.can.reboot {
        outcomes.push((Verb::Act, Some(id), failed(driver.act(&cx, &made.reference, &Action::Reboot).await)));
    }
    ground.bench.heal().await;
    let all = outcomes.into_iter().map(|(verb, name, error)| {
        let error = error.ok_or_else(|| format!("`{verb}` under {fault:?} must fail"))?;
        Ok((verb, name, error))
    });
    all.collect()
}

fn failed<T>(outcome: Result<T>) -> Option<Error> {
    outcome.err()
}

async fn all_are(ground: &Ground, fault: Fault, kind: ErrorKind, right: fn(Disposition) -> bool) -> Verdict {
    for (verb, _, error) in under(ground, fault).await? {
        same(&error.kind(), &kind, &format!("the kind of `{verb}` under {fault:?} ({error})"))?;
        let disposition = error.disposition();
        ensure(right(disposition), format_args!("`{verb}` under {fault:?} must not be {disposition:?}: {error}"))?;
    }
    Ok(())
}

fn is_transient(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::Transient { .. })
}

fn is_permanent(disposition: Disposition) -> bool {
    disposition == Disposition::Permanent
}

pub(super) async fn a_throttle_is_rate_limited_for_now(ground: &Ground) -> Verdict {
    all_are(ground, Fault::Throttle, ErrorKind::RateLimited, is_transient).await
}

pub(super) async fn a_service_that_is_down_is_unavailable_for_now(ground: &Ground) -> Verdict {
    all_are(ground, Fault::Unavailable, ErrorKind::Unavailable, is_transient).await
}

pub(super) async fn a_credential_that_is_not_known_is_unauthenticated(ground: &Ground) -> Verdict {
    all_are(ground, Fault::NoCredential, ErrorKind::Unauthenticated, is_permanent).await
}

pub(super) async fn a_missing_permission_is_denied(ground: &Ground) -> Verdict {
    all_are(ground, Fault::NoPermission, ErrorKind::PermissionDenied, is_permanent).await
}

pub(super) async fn a_driver_sends_once_and_never_tries_again_by_itself(ground: &Ground) -> Verdict {
    let kind = ground.kinds().into_iter().next_back().ok_or_else(|| "the driver makes nothing".to_owned())?;
    let made = ground.settled(kind, "one").await?;
    for fault in [Fault::Throttle, Fault::Unavailable] {
        given(ground.bench.strike(fault).await, "strike")?;
        let before = given(ground.bench.requests().await, "requests")?.all;
        let asked = ground.driver.get(&Call::new(), &made.reference).await;
        let after = given(ground.bench.requests().await, "requests")?.all;
        ground.bench.heal().await;
        ensure(asked.is_err(), format_args!("`get` under {fault:?} must fail"))?;
        same(&(after - before), &1, &format!("the number of requests of a `get` under {fault:?}"))?;
    }
    Ok(())
}

pub(super) async fn an_error_names_the_thing(ground: &Ground) -> Verdict {
    for (verb, name, error) in under(ground, Fault::Unavailable).await? {
        let text = error.to_string();
        let named = name.as_ref().is_none_or(|name| text.contains(name.as_str()));
        ensure(named, format_args!("the error of `{verb}` must name {name:?}, but is: {text}"))?;
        let fragment = text.chars().next().is_some_and(|first| !first.is_uppercase()) && !text.ends_with('.');
        ensure(fragment, format_args!("the text must fit after `failed to`, but is: {text}"))?;
    }
    Ok(())
}

pub(super) async fn an_error_that_people_must_mend_says_how(ground: &Ground) -> Verdict {
    for fault in [Fault::NoCredential, Fault::NoPermission] {
        for (verb, _, error) in under(ground, fault).await? {
            ensure(error.remedy().is_some(), format_args!("`{verb}` under {fault:?} must have a remedy: {error}"))?;
        }
    }
    Ok(())
}

pub(super) async fn an_error_has_the_cloud_s_code(ground: &Ground) -> Verdict {
    only_if(ground.wishes.codes, "the cloud has no codes")?;
    for fault in [Fault::Throttle, Fault::NoCredential, Fault::NoPermission] {
        for (verb, _, error) in under(ground, fault).await? {
            let code = error.context().any(|(name, value)| name == "code" && !value.is_empty());
            ensure(code, format_args!("`{verb}` under {fault:?} must have the context `code`: {error}"))?;
        }
    }
    Ok(())
}

/// Every text that an error can become.
fn texts(error: &Error) -> String {
    format!("{error} {error:?} {} {:?}", error.report(), error.report())
}

fn keeps_secrets(ground: &Ground, text: &str, what: &str) -> Verdict {
    let secrets = ground.wishes.secrets.iter().map(|secret| secret.expose().as_str());
    let shown = secrets.chain([CANARY]).any(|secret| text.contains(secret));
    ensure(!shown, format_args!("{what} shows a secret"))
}

pub(super) async fn no_error_shows_a_secret(ground: &Ground) -> Verdict {
    for fault in [Fault::Throttle, Fault::Unavailable, Fault::NoCredential, Fault::NoPermission] {
        for (verb, _, error) in under(ground, fault).await? {
            keeps_secrets(ground, &texts(&error), &format!("the error of `{verb}` under {fault:?}"))?;
        }
    }
    Ok(())
}

pub(super) async fn no_refused_machine_shows_its_first_boot_data(ground: &Ground) -> Verdict {
    ground.needs(ResourceKind::Machine)?;
    let mut no_type = ground.machine_spec("m").await?;
    no_type.offer.machine_type = "q9.huge".to_owned();
    let mut no_image = ground.machine_spec("m").await?;
    no_image.image = "no-such-image".to_owned();
    for spec in [no_type, no_image] {
        let owner = ground.owner(ResourceKind::Machine, "one");
        let error = ground.try_ensure(&owner, &ResourceSpec::Machine(spec)).await.err();
        let error = error.ok_or_else(|| "a machine of an unknown type or image must be refused".to_owned())?;
        keeps_secrets(ground, &texts(&error), "the error of a machine that cannot be had")?;
        let right = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidSpec);
        ensure(right, format_args!("it must be NotFound or InvalidSpec, but is {:?}: {error}", error.kind()))?;
        same(&error.disposition(), &Disposition::Permanent, "its disposition")?;
    }
    Ok(())
}

pub(super) async fn debug_shows_no_secret(ground: &Ground) -> Verdict {
    for kind in ground.kinds() {
        let made = ground.settled(kind, "one").await?;
        keeps_secrets(ground, &format!("{made:?}"), "the `Debug` of a resource")?;
    }
    let driver = &ground.driver;
    keeps_secrets(ground, &format!("{driver:?} {driver:#?}"), "the `Debug` of the driver")
}
