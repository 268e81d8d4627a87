//! What every request must have.

use super::{
    auth,
    face::Cx,
    fail::{Answer, Fail},
    kinds::{KINDS, Kind},
    route::Target,
};
use crate::world::Cloud;

/// The version of the API that a target needs at least.
fn least(target: &Target) -> &'static str {
    match target {
        Target::All(_, collection, _)
        | Target::One(_, collection, ..)
        | Target::Verb(collection, ..)
        | Target::Children(collection, ..)
        | Target::Child(collection, ..) => Kind::of(collection).map_or("2021-04-01", |kind| kind.version),
        Target::Skus => "2021-07-01",
        _ => "2021-04-01",
    }
}

/// Refuses a request whose version of the API is missing, is none, or is too old.
pub(super) fn version(cx: &Cx<'_>, target: &Target) -> Answer<()> {
    let given = cx.query("api-version");
    if given.is_empty() {
        let message = "The api-version query parameter (?api-version=) is required for all requests.";
        return Err(Fail::new(400, "MissingApiVersionParameter", message));
    }
    let date = given.get(..10).unwrap_or_default();
    let is_date = date
        .bytes()
        .enumerate()
        .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    let rest = given.get(10..).unwrap_or_default();
    if date.len() != 10 || !is_date || !(rest.is_empty() || rest.starts_with('-')) || date < least(target) {
        let message =
            format!("The api-version '{given}' is invalid. The supported versions begin with '{}'.", least(target));
        return Err(Fail::new(400, "InvalidApiVersionParameter", message));
    }
    Ok(())
}

/// The provider that a target is of.
fn provider(target: &Target) -> Option<&str> {
    match target {
        Target::All(provider, ..) | Target::One(provider, ..) => Some(provider),
        Target::Verb(collection, ..) | Target::Children(collection, ..) | Target::Child(collection, ..) => {
            Kind::of(collection).map(|kind| kind.provider)
        }
        Target::Usages(provider, _) => Some(provider),
        Target::Skus | Target::Versions(_) | Target::Version(..) => Some("Microsoft.Compute"),
        _ => None,
    }
}

/// Refuses what the subscription, its policies and the principal's roles do not allow.
pub(super) fn allowed(cx: &Cx<'_>, method: &str, target: &Target, path: &str) -> Answer<()> {
    if let Some(provider) = provider(target)
        && cx.config.unregistered.iter().any(|name| name.eq_ignore_ascii_case(provider))
        && cx.ledger.memo(Cloud::Azure, &format!("registered {}", provider.to_ascii_lowercase())).is_none()
    {
        let message = format!(
            "The subscription is not registered to use namespace '{provider}'. See https://aka.ms/rps-not-found for how to register subscriptions."
        );
        return Err(Fail::new(409, "MissingSubscriptionRegistration", message));
    }
    auth::permit(cx, &action(method, target), path)?;
    policy(cx, method, target)
}

fn policy(cx: &Cx<'_>, method: &str, target: &Target) -> Answer<()> {
    let Target::One(provider, collection, _, name) = target else { return Ok(()) };
    let kind = format!("{provider}/{collection}");
    if method != "PUT" || !cx.config.policy_denies.iter().any(|denied| denied.eq_ignore_ascii_case(&kind)) {
        return Ok(());
    }
    let message = format!(
        "Resource '{name}' was disallowed by policy. Policy identifiers: '[{{\"policyAssignment\":{{\"name\":\"No {collection}\"}}}}]'."
    );
    Err(Fail::new(403, "RequestDisallowedByPolicy", message))
}

/// The action that a role must allow.
pub(super) fn action(method: &str, target: &Target) -> String {
    let verb = match method {
        "GET" | "HEAD" => "read",
        "DELETE" => "delete",
        "POST" => "action",
        _ => "write",
    };
    match target {
        Target::All(provider, collection, _) | Target::One(provider, collection, ..) => {
            format!("{provider}/{collection}/{verb}")
        }
        Target::Verb(collection, _, _, name) => format!("Microsoft.Compute/{collection}/{name}/{verb}"),
        Target::Children(collection, _, _, child) | Target::Child(collection, _, _, child, _) => {
            format!("Microsoft.Network/{collection}/{child}/{verb}")
        }
        Target::Group(_) | Target::Groups | Target::Resources(_) => {
            format!("Microsoft.Resources/subscriptions/resourceGroups/{verb}")
        }
        Target::Skus => "Microsoft.Compute/skus/read".to_owned(),
        Target::Usages(provider, _) => format!("{provider}/locations/usages/read"),
        Target::Versions(_) | Target::Version(..) => {
            "Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions/read".to_owned()
        }
        Target::Register(provider) => format!("{provider}/register/action"),
        _ => format!("Microsoft.Resources/subscriptions/{verb}"),
    }
}

/// Names are of letters, digits and `._-`, and as long as their type allows.
pub(super) fn name(kind: &str, name: &str) -> Answer<()> {
    let (most, extra) = match kind {
        "resourceGroups" => (90, "._-()"),
        "virtualMachines" => (64, "._-"),
        _ => (80, "._-"),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
    if (1..=most).contains(&name.len()) && name.chars().all(fits) && !name.ends_with(['.', '-']) {
        return Ok(());
    }
    let code = if kind == "resourceGroups" { "InvalidResourceGroup" } else { "InvalidResourceName" };
    Err(Fail::new(400, code, format!("Resource name {name} is invalid for type {kind}.")))
}

/// All types of one provider, for its description.
pub(super) fn types(provider: &str) -> Vec<String> {
    let of = |kind: &&Kind| kind.provider.eq_ignore_ascii_case(provider);
    KINDS.iter().filter(of).map(|kind| kind.collection.to_owned()).collect()
}
