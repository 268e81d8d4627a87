//! The collections of Compute Engine, and how things are looked up, made and deleted in each.

use http::Method;
use ladybug_core::{Disposition, ErrorKind, Result, cloud::ResourceKind};
use serde_json::Value;

use super::{
    client::{Api, Letter, gone},
    operation::Operation,
    tags::{Mark, request_id},
};

/// Which part of the world a collection is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Global,
    Region,
    Zone,
}

/// One collection. The methods are those of the API's own document.
#[derive(Debug)]
pub(super) struct Shelf {
    scope: Scope,
    /// Its name in paths.
    pub(super) collection: &'static str,
    get: &'static str,
    list: &'static str,
    insert: &'static str,
    patch: &'static str,
    delete: &'static str,
}

macro_rules! shelf {
    ($scope:ident, $collection:literal, $service:literal) => {
        Shelf {
            scope: Scope::$scope,
            collection: $collection,
            get: concat!($service, ".get"),
            list: concat!($service, ".list"),
            insert: concat!($service, ".insert"),
            patch: concat!($service, ".patch"),
            delete: concat!($service, ".delete"),
        }
    };
}

pub(super) static NETWORKS: Shelf = shelf!(Global, "networks", "networks");
pub(super) static SUBNETWORKS: Shelf = shelf!(Region, "subnetworks", "subnetworks");
pub(super) static FIREWALLS: Shelf = shelf!(Global, "firewalls", "firewalls");
pub(super) static KEYS: Shelf = shelf!(Global, "httpHealthChecks", "httpHealthChecks");
pub(super) static MACHINE_TYPES: Shelf = shelf!(Zone, "machineTypes", "machineTypes");
pub(super) static MACHINES: Shelf = shelf!(Zone, "instances", "instances");
/// Root disks that outlived their machine: somebody switched their deletion off.
pub(super) static DISKS: Shelf = shelf!(Zone, "disks", "disks");
pub(super) static ADDRESSES: Shelf = shelf!(Region, "addresses", "addresses");
pub(super) static HEALTH_CHECKS: Shelf = shelf!(Region, "healthChecks", "regionHealthChecks");
pub(super) static GROUPS: Shelf = shelf!(Zone, "instanceGroups", "instanceGroups");
pub(super) static BACKENDS: Shelf = shelf!(Region, "backendServices", "regionBackendServices");
pub(super) static FORWARDING: Shelf = shelf!(Region, "forwardingRules", "forwardingRules");

/// How many request ids may be spent on earlier requests: a failure that comes at once looks the same.
const SPENT: u32 = 4;

/// Where a name is looked for: the zone matters to zonal collections only.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a> {
    pub(super) name: &'a str,
    pub(super) zone: Option<&'a str>,
}

impl<'a> At<'a> {
    pub(super) const fn name(name: &'a str) -> Self {
        Self { name, zone: None }
    }

    pub(super) const fn zone(name: &'a str, zone: &'a str) -> Self {
        Self { name, zone: Some(zone) }
    }
}

/// Whether a text can be a name, or a zone's or region's; all else would become part of another path.
pub(super) fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 63 && text.chars().all(fits)
}

/// The last part of a URL.
pub(super) fn last(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

/// A text of a thing, empty where it has none.
pub(super) fn text<'a>(thing: &'a Value, name: &str) -> &'a str {
    thing.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The entries of a list, none where there is no list.
pub(super) fn entries<'a>(thing: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    thing.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Fields, and more of them.
pub(super) fn merged(mut fields: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
    fields
}

impl Shelf {
    /// The collection's path inside of its project: how one thing refers to another.
    fn place(&self, api: Api<'_>, zone: Option<&str>) -> String {
        match (self.scope, zone) {
            (Scope::Global, _) => format!("global/{}", self.collection),
            (Scope::Region, _) => format!("regions/{}/{}", api.region, self.collection),
            (Scope::Zone, zone) => format!("zones/{}/{}", zone.unwrap_or_default(), self.collection),
        }
    }

    /// The path of a thing, whole.
    pub(super) fn path(&self, api: Api<'_>, at: At<'_>) -> String {
        api.in_project(&format!("{}/{}", self.place(api, at.zone), at.name))
    }

    /// The thing of that name; `None` when there is none.
    pub(super) async fn get(&self, api: Api<'_>, at: At<'_>) -> Result<Option<Value>> {
        let findable = is_name(at.name) && (self.scope != Scope::Zone || at.zone.is_some_and(is_name));
        if !findable {
            return Ok(None);
        }
        api.look(Letter::get(self.get, self.path(api, at))).await
    }

    /// The thing of that name, if it is for `kind` in this region, with its mark.
    pub(super) async fn marked(&self, api: Api<'_>, at: At<'_>, kind: ResourceKind) -> Result<Option<(Value, Mark)>> {
        let found = self.get(api, at).await?;
        Ok(found.and_then(|thing| {
            let mark = Mark::read(&thing).filter(|mark| mark.kind == kind && mark.region == *api.region)?;
            Some((thing, mark))
        }))
    }

    /// Everything in the collection; for zonal ones, in all zones of the region.
    pub(super) async fn all(&self, api: Api<'_>, filter: Option<&str>) -> Result<Vec<Value>> {
        if self.scope == Scope::Zone {
            return self.aggregated(api, filter).await;
        }
        let path = api.in_project(&self.place(api, None));
        let pages = api.pages(self.list, &path, filter).await?;
        Ok(pages.iter().flat_map(|page| entries(page, "items")).cloned().collect())
    }

    async fn aggregated(&self, api: Api<'_>, filter: Option<&str>) -> Result<Vec<Value>> {
        let (mut found, own) = (Vec::new(), format!("zones/{}-", api.region));
        let method = format!("{}.aggregatedList", self.collection);
        for page in api.pages(&method, &api.in_project(&format!("aggregated/{}", self.collection)), filter).await? {
            let scopes = page.get("items").and_then(Value::as_object).into_iter().flatten();
            for (_, scope) in scopes.filter(|(name, _)| name.starts_with(&own)) {
                check_reached(api, scope)?;
                found.extend(entries(scope, self.collection).cloned());
            }
        }
        Ok(found)
    }

    /// Makes a thing and waits until it is made; `token` with its name stands for the request. What is there already under
    /// the name is the result, too, whoever made it.
    ///
    /// # Errors
    /// What the operation failed with; `Conflict`, transient, when there is one of that name that is not shown yet.
    pub(super) async fn make(&self, api: Api<'_>, at: At<'_>, body: &Value, token: Option<&str>) -> Result<Value> {
        let (mut id, mut spent) = (token.map(|token| request_id(token, &self.path(api, at))), 0);
        loop {
            let operation = match self.insert(api, at, body, id.as_deref()).await {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return self.known(api, at, error).await,
                other => other?,
            };
            let (earlier, name) = (operation.is_over(), operation.name().to_owned());
            let outcome = operation.finish(api).await;
            let made = match &outcome {
                Ok(()) => self.get(api, at).await?,
                Err(_) => None,
            };
            match (made, outcome, &id) {
                (Some(made), ..) => return Ok(made),
                // An earlier request of the same id, whose thing could not be made or is gone: this one is another.
                (None, _, Some(last)) if earlier && spent < SPENT => {
                    id = Some(request_id(&last.replace('-', ""), &name));
                    spent += 1;
                }
                (None, Err(error), _) if error.kind() == ErrorKind::AlreadyExists => {
                    return self.known(api, at, error).await;
                }
                (None, Err(error), _) => return Err(error),
                (None, Ok(()), _) => {
                    let message = format!("{} was made and is gone already", at.name);
                    return Err(api.for_now(ErrorKind::Conflict).with_message(message));
                }
            }
        }
    }

    /// The thing that is said to be there already.
    async fn known(&self, api: Api<'_>, at: At<'_>, said: ladybug_core::Error) -> Result<Value> {
        let not_yet = || {
            let message = format!("there is a {} that is not shown", at.name);
            api.for_now(ErrorKind::Conflict).with_message(message).with_source(said)
        };
        self.get(api, at).await?.ok_or_else(not_yet)
    }

    async fn insert(&self, api: Api<'_>, at: At<'_>, body: &Value, id: Option<&str>) -> Result<Operation> {
        let letter = Letter::change(self.insert, Method::POST, api.in_project(&self.place(api, at.zone)), Some(body));
        let letter = id.into_iter().fold(letter, |letter, id| letter.with("requestId", id));
        Ok(Operation::new(self.insert, api.ask(letter).await?))
    }

    /// Changes fields of a thing and waits for it.
    pub(super) async fn patch(&self, api: Api<'_>, at: At<'_>, body: &Value) -> Result<()> {
        let letter = Letter::change(self.patch, Method::PATCH, self.path(api, at), Some(body));
        Operation::new(self.patch, api.ask(letter).await?).finish(api).await
    }

    /// Begins to delete a thing; `None` when it was not there.
    pub(super) async fn begin_to_delete(&self, api: Api<'_>, at: At<'_>) -> Result<Option<Operation>> {
        let letter = Letter::change(self.delete, Method::DELETE, self.path(api, at), None);
        let begun = gone(api.ask(letter).await)?;
        Ok(begun.map(|begun| Operation::new(self.delete, begun)))
    }

    /// Deletes a thing and waits until it is gone; whether it was there.
    pub(super) async fn delete(&self, api: Api<'_>, at: At<'_>) -> Result<bool> {
        let Some(operation) = self.begin_to_delete(api, at).await? else { return Ok(false) };
        Ok(gone(operation.finish(api).await)?.is_some())
    }

    /// Does something to a thing that has a method of its own.
    pub(super) async fn act(
        &self,
        api: Api<'_>,
        at: At<'_>,
        method: &'static str,
        body: Option<&Value>,
    ) -> Result<Operation> {
        let path = format!("{}/{}", self.path(api, at), method.rsplit('.').next().unwrap_or_default());
        Ok(Operation::new(method, api.ask(Letter::change(method, Method::POST, path, body)).await?))
    }
}

/// A scope that did not answer is no empty scope.
fn check_reached(api: Api<'_>, scope: &Value) -> Result<()> {
    match scope.pointer("/warning/code").and_then(Value::as_str) {
        Some("UNREACHABLE") => {
            Err(api.for_now(ErrorKind::Unavailable).with_message("a zone of the region does not answer"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Refuses a thing of our name that is not ours.
pub(super) fn check_ours(api: Api<'_>, thing: &Value, wanted: &Mark) -> Result<Mark> {
    Mark::read(thing).filter(|mark| mark.is_of(wanted)).ok_or_else(|| {
        let message = format!("{} exists and is not this cluster's", text(thing, "name"));
        api.error(ErrorKind::AlreadyExists)
            .with_disposition(Disposition::Permanent)
            .with_message(message)
            .with_remedy("delete or rename the other resource")
    })
}
