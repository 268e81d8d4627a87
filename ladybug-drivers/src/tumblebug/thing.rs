//! Networks, firewalls and keys: what the server lists as resources with a description.

use ladybug_core::{
    Disposition, Region, Result,
    cloud::{Call, Deletion, Owner, Resource, ResourceDetail, ResourceKind, ResourceRef, ResourceStatus},
};
use serde_json::Value;

use super::{
    TumblebugDriver,
    client::{Ask, part},
    driver::foreign,
    error::is_absence,
    marker,
    model::{Anything, Ids, Thing, Things},
};

/// A kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    VNet,
    SecurityGroup,
    SshKey,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::VNet, Self::SecurityGroup, Self::SshKey];

    pub(super) fn of(kind: ResourceKind) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.resource() == kind)
    }

    pub(super) const fn resource(self) -> ResourceKind {
        match self {
            Self::VNet => ResourceKind::Network,
            Self::SecurityGroup => ResourceKind::Firewall,
            Self::SshKey => ResourceKind::SshKey,
        }
    }

    /// Its name in paths, and of lists.
    const fn word(self) -> &'static str {
        match self {
            Self::VNet => "vNet",
            Self::SecurityGroup => "securityGroup",
            Self::SshKey => "sshKey",
        }
    }

    fn listed(self, things: Things) -> Vec<Thing> {
        match self {
            Self::VNet => things.v_net,
            Self::SecurityGroup => things.security_group,
            Self::SshKey => things.ssh_key,
        }
    }
}

impl TumblebugDriver {
    pub(super) fn things(&self, kind: Kind) -> String {
        self.path(&format!("/resources/{}", kind.word()))
    }

    pub(super) fn thing_path(&self, kind: Kind, name: &str) -> String {
        format!("{}/{}", self.things(kind), part(name))
    }

    /// The thing of that name at the first look, whoever's it is.
    pub(super) async fn look(&self, cx: &Call, kind: Kind, name: &str) -> Result<Option<Thing>> {
        let what = format!("look at the {} {name}", kind.resource());
        self.client.find(cx, Ask::get(what, self.thing_path(kind, name))).await
    }

    /// The thing of that name; that there is none is believed when the list of ids does not have it either.
    async fn look_twice(&self, cx: &Call, kind: Kind, name: &str) -> Result<Option<Thing>> {
        if let Some(thing) = self.look(cx, kind, name).await? {
            return Ok(Some(thing));
        }
        let what = format!("list the {}s to see whether {name} is among them", kind.resource());
        let ids: Option<Ids> = self.client.find(cx, Ask::get(what, format!("{}?option=id", self.things(kind)))).await?;
        if ids.is_some_and(|ids| ids.output.iter().any(|id| id == name)) {
            return self.look(cx, kind, name).await;
        }
        Ok(None)
    }

    /// The owner's thing, made with `request` where there is none yet.
    ///
    /// # Errors
    /// `AlreadyExists` when the name is somebody else's; the refusal.
    pub(super) async fn ensure_thing(
        &self,
        cx: &Call,
        owner: &Owner,
        kind: Kind,
        request: impl AsyncFnOnce() -> Result<Value>,
    ) -> Result<Thing> {
        let name = owner.resource_name();
        if let Some(there) = self.look(cx, kind, &name).await? {
            return ours(owner, kind, there);
        }
        let what = format!("make the {} {name}", kind.resource());
        let made = self.client.change(cx, Ask::post(what, self.things(kind), request().await?)).await;
        match made {
            Ok(thing) => ours(owner, kind, thing),
            // Whatever the server says, the thing may be there: made by another request, or by this one.
            Err(error) if error.disposition() == Disposition::Permanent => match self.look(cx, kind, &name).await {
                Ok(Some(there)) => ours(owner, kind, there),
                Ok(None) | Err(_) => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    pub(super) async fn get_thing(&self, cx: &Call, kind: Kind, resource: &ResourceRef) -> Result<Option<Resource>> {
        let Some(thing) = self.look_twice(cx, kind, resource.id.as_str()).await? else { return Ok(None) };
        match self.resource_of(&resource.location.region, kind, &thing)? {
            Some(resource) => Ok(Some(resource)),
            None => Err(foreign(kind.resource(), resource.id.as_str())),
        }
    }

    pub(super) async fn delete_thing(&self, cx: &Call, kind: Kind, resource: &ResourceRef) -> Result<Deletion> {
        let name = resource.id.as_str();
        if self.get_thing(cx, kind, resource).await?.is_none() {
            return Ok(Deletion::AlreadyAbsent);
        }
        let with_subnets = if kind == Kind::VNet { "?action=withsubnets" } else { "" };
        let path = format!("{}{with_subnets}", self.thing_path(kind, name));
        let asked = self.client.change::<Anything>(cx, Ask::delete(format!("delete {resource}"), path)).await;
        match asked {
            Ok(Anything {}) if self.look_twice(cx, kind, name).await?.is_none() => Ok(Deletion::Done),
            Ok(Anything {}) => Ok(Deletion::Started),
            Err(error) if is_absence(&error) => Ok(Deletion::AlreadyAbsent),
            Err(error) => Err(error),
        }
    }

    /// All things of that kind in the region that are the cluster's.
    pub(super) async fn owned_things(
        &self,
        cx: &Call,
        kind: Kind,
        cluster: ladybug_core::ClusterUid,
        region: &Region,
    ) -> Result<Vec<Resource>> {
        let ask = Ask::get(format!("list the {}s", kind.resource()), self.things(kind));
        let things: Option<Things> = self.client.find(cx, ask).await?;
        let here = |thing: &Thing| thing.connection_name == region.as_str();
        let mut owned = Vec::new();
        for thing in kind.listed(things.unwrap_or_default()).iter().filter(|thing| here(thing)) {
            owned.extend(self.resource_of(region, kind, thing)?.filter(|found| found.owner.cluster == cluster));
        }
        Ok(owned)
    }

    /// The resource that a thing is; `None` when it is nobody's of us.
    pub(super) fn resource_of(&self, region: &Region, kind: Kind, thing: &Thing) -> Result<Option<Resource>> {
        let Some(owner) = marker::owner(&thing.description) else { return Ok(None) };
        let reference = self.reference(region, kind.resource(), &thing.id)?;
        Ok(Some(Resource::new(reference, owner, status(thing), ResourceDetail::None)))
    }
}

/// The thing, if it is the owner's.
fn ours(owner: &Owner, kind: Kind, thing: Thing) -> Result<Thing> {
    let of = marker::owner(&thing.description);
    if of.is_some_and(|of| of.cluster == owner.cluster && of.key == owner.key) {
        return Ok(thing);
    }
    Err(foreign(kind.resource(), &thing.id))
}

/// How a thing is. One whose deletion was begun keeps its name until the deletion, asked for again, succeeds.
fn status(thing: &Thing) -> ResourceStatus {
    if !thing.deletion_requested_at.is_empty() {
        return ResourceStatus::Deleting;
    }
    match thing.status.as_str() {
        "" | "Available" | "InUse" => ResourceStatus::Ready,
        "Deleting" | "Deregistering" => ResourceStatus::Deleting,
        "Failed" => ResourceStatus::Failed(thing.system_message.clone()),
        _ => ResourceStatus::Pending,
    }
}
