//! Making a resource exist: find it by its owner, its token or its name, change it in place, or make it.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    CloudStyle,
    state::{Cloud, host_of, refused},
    thing::{Body, Thing},
};
use crate::{
    cloud::{Location, Owner, Resource, ResourceKind, ResourceRef, ResourceSpec, ResourceStatus},
    error::{Disposition, Error, ErrorKind, Result},
    id::ResourceId,
    sim::{FaultKind, catalog, link::Birth},
};

/// Every so many things, one is not found by its id at first.
const SHY: u64 = 4;

/// One `ensure`.
#[derive(Debug)]
pub(in crate::sim) struct Ask<'a> {
    pub(in crate::sim) owner: &'a Owner,
    pub(in crate::sim) at: &'a Location,
    pub(in crate::sim) spec: &'a ResourceSpec,
    pub(in crate::sim) now: Instant,
    /// What is to go wrong with the machine.
    pub(in crate::sim) fate: Option<FaultKind>,
}

/// What came of it.
#[derive(Debug)]
pub(in crate::sim) struct Made {
    pub(in crate::sim) resource: Resource,
    /// Whether it did not exist before.
    pub(in crate::sim) fresh: bool,
    /// The host that starts with it.
    pub(in crate::sim) birth: Option<Birth>,
}

/// What identifies a resource that lists do not show yet.
enum Identity {
    Token,
    Name,
    Nothing,
}

impl Ask<'_> {
    pub(super) fn kind(&self) -> ResourceKind {
        self.spec.kind()
    }

    pub(super) fn what(&self) -> String {
        format!("make {} {}", self.kind(), self.owner.key)
    }

    pub(super) fn refused(&self, kind: ErrorKind, why: impl Into<String>) -> Error {
        refused(kind, &self.what(), why)
    }

    /// Refused for now: somebody else's work has to end first.
    pub(super) fn later(&self, why: &str) -> Error {
        self.refused(ErrorKind::Conflict, why).with_disposition(Disposition::Transient { after: None })
    }
}

impl Cloud {
    /// Makes the owner's resource exist and be as asked.
    pub(in crate::sim) fn ensure(&mut self, ask: &Ask<'_>) -> Result<Made> {
        self.zones(&ask.what(), &ask.at.region)?;
        if let Some(id) = self.find(ask)? {
            return self.change(ask, &id);
        }
        match self.by_token(ask)? {
            Some(resource) => Ok(Made { resource, fresh: false, birth: None }),
            None => self.make(ask),
        }
    }

    /// The kinds of which a second one cannot be made by accident.
    pub(in crate::sim) fn idempotent(style: CloudStyle) -> impl Iterator<Item = ResourceKind> {
        ResourceKind::ALL.into_iter().filter(move |kind| !matches!(identity(style, *kind), Identity::Nothing))
    }

    /// The live resource of the owner: the one that lists show, or the one whose name says it.
    fn find(&self, ask: &Ask<'_>) -> Result<Option<ResourceId>> {
        let shown = self.book.under(&ask.owner.cluster, &ask.owner.key).find(|thing| {
            let here = thing.reference.location.region == ask.at.region && thing.reference.kind == ask.kind();
            here && thing.is_live() && thing.listed <= ask.now
        });
        match (shown, identity(self.config.style, ask.kind())) {
            (Some(thing), _) => Ok(Some(thing.reference.id.clone())),
            (None, Identity::Name) => self.by_name(ask),
            (None, Identity::Token | Identity::Nothing) => Ok(None),
        }
    }

    fn by_name(&self, ask: &Ask<'_>) -> Result<Option<ResourceId>> {
        let name = ask.owner.resource_name();
        let Some(thing) = self.book.named(&ask.at.region, ask.kind(), &name).next() else { return Ok(None) };
        let ours = thing.owner.as_ref().is_some_and(|owner| same(owner, ask.owner));
        match (ours, thing.is_live()) {
            (false, _) => Err(ask.refused(ErrorKind::AlreadyExists, format!("the name {name} is somebody else's"))),
            (true, false) => Err(ask.later("the one of the same name is still being deleted")),
            (true, true) => Ok(Some(thing.reference.id.clone())),
        }
    }

    /// What the owner's token made before, even if it is gone since.
    fn by_token(&self, ask: &Ask<'_>) -> Result<Option<Resource>> {
        let (Identity::Token, ResourceSpec::Machine(spec)) = (identity(self.config.style, ask.kind()), ask.spec) else {
            return Ok(None);
        };
        let Some(dead) = self.tokens.get(&ask.owner.token()) else { return Ok(None) };
        let Some(thing) = self.book.get(&dead.reference.id) else {
            return Ok(Some(Resource { status: ResourceStatus::Deleting, ..dead.clone() }));
        };
        let equal = thing.machine().is_some_and(|machine| machine.offer == spec.offer);
        if thing.is_live() && !equal {
            return Err(ask.later("the token was used for another machine type or zone"));
        }
        Ok(thing.shown(ask.now))
    }

    fn change(&mut self, ask: &Ask<'_>, id: &ResourceId) -> Result<Made> {
        match ask.spec {
            ResourceSpec::Firewall(spec) => self.set_rules(ask, id, &spec.rules)?,
            ResourceSpec::LoadBalancer(spec) => self.set_targets(ask, id, &spec.targets)?,
            ResourceSpec::Network(_)
            | ResourceSpec::SshKey(_)
            | ResourceSpec::Machine(_)
            | ResourceSpec::Address(_) => {}
        }
        let resource = self.book.get(id).and_then(|thing| thing.shown(ask.now));
        let resource = resource.ok_or_else(|| ask.refused(ErrorKind::Unexpected, "it has no tags"))?;
        Ok(Made { resource, fresh: false, birth: None })
    }

    fn make(&mut self, ask: &Ask<'_>) -> Result<Made> {
        let name = ask.owner.resource_name();
        self.check(ask)?;
        let number = self.number(&ask.at.region, ask.kind(), &name);
        let body = self.body(ask, &name, number)?;
        let thing = self.draft(ask, name, number, body);
        let (status, detail) = (thing.status(ask.now), thing.detail(ask.now));
        let resource = Resource::new(thing.reference.clone(), ask.owner.clone(), status, detail);
        let birth = self.birth(ask, &thing);
        if matches!(identity(self.config.style, ask.kind()), Identity::Token) {
            self.tokens.insert(ask.owner.token(), resource.clone());
        }
        self.book.insert(thing);
        Ok(Made { resource, fresh: true, birth })
    }

    /// What is made, with all its times.
    fn draft(&self, ask: &Ask<'_>, name: String, number: u32, body: Body) -> Thing {
        let (kind, region) = (ask.kind(), &ask.at.region);
        let id = self.id(region, kind, &name, number);
        let location = Location::region(region.clone()).with_zone(body.zone());
        let (unknown, unlisted) = self.hidden(&id, number);
        Thing {
            reference: ResourceRef::new(self.config.provider.clone(), location, kind, id),
            name,
            owner: Some(ask.owner.clone()),
            ready: self.ready(ask),
            known: ask.now + unknown,
            listed: ask.now + unlisted,
            gone: None,
            body,
        }
    }

    /// How long the `number`th thing of an id is not found by it, and not shown in lists: both at most the settle time.
    pub(in crate::sim) fn hidden(&self, id: &ResourceId, number: u32) -> (Duration, Duration) {
        let luck = |what: &str| self.luck(&[what, id.as_str(), &number.to_string()]);
        let settle = u64::try_from(self.config.settle.as_millis()).unwrap_or(u64::MAX);
        let from_lists = Duration::from_millis(luck("listed").checked_rem(settle).unwrap_or_default());
        (if luck("known").is_multiple_of(SHY) { from_lists } else { Duration::ZERO }, from_lists)
    }

    /// When what is made now is usable.
    pub(super) fn ready(&self, ask: &Ask<'_>) -> Instant {
        ask.now + self.times.make(ask.kind(), ask.owner.key.as_str())
    }

    fn birth(&self, ask: &Ask<'_>, thing: &Thing) -> Option<Birth> {
        let (Body::Machine(machine), ResourceSpec::Machine(spec)) = (&thing.body, ask.spec) else { return None };
        let fails_to_boot = ask.fate == Some(FaultKind::MachineFailsToBoot);
        let kind = catalog::machine_type(self.config.style, &machine.offer.machine_type)?;
        (!fails_to_boot).then(|| Birth {
            id: host_of(&thing.reference.id),
            provider: self.config.provider.clone(),
            name: machine.node.clone(),
            fits_control_plane: kind.fits_control_plane(),
            private_ip: machine.private_ip,
            public_ip: Some(machine.public_ip),
            user_data: spec.user_data.clone(),
            answers_at: thing.ready + self.times.boot(&machine.node),
        })
    }
}

fn identity(style: CloudStyle, kind: ResourceKind) -> Identity {
    match (style, kind) {
        (CloudStyle::Aws, ResourceKind::Machine) => Identity::Token,
        (CloudStyle::Aws, ResourceKind::Network | ResourceKind::Address) => Identity::Nothing,
        (CloudStyle::Aws, ResourceKind::Firewall | ResourceKind::SshKey | ResourceKind::LoadBalancer)
        | (CloudStyle::Gcp | CloudStyle::Azure, _) => Identity::Name,
    }
}

fn same(one: &Owner, other: &Owner) -> bool {
    one.cluster == other.cluster && one.key == other.key
}
