//! Looking at resources, deleting them, and switching machines on and off.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    state::{Cloud, refused},
    thing::Thing,
};
use crate::{
    cloud::{Action, Deletion, Resource, ResourceRef, ResourceStatus},
    error::{Disposition, Error, ErrorKind, Result},
    id::{ClusterUid, NodeName, Region, ResourceId, ResourceKey},
};

/// How many keys a page of a list has.
const PAGE: usize = 100;
/// How long a machine takes to stand still.
const STOP: Duration = Duration::from_secs(8);

const NO_TAGS: &str = "it has no owner tags";

/// What an accepted action does to the host.
#[derive(Debug)]
pub(in crate::sim) enum Power {
    Nothing,
    Off,
    /// On, and answering at this time.
    On(Instant),
}

impl Cloud {
    /// What a thing is for, as far as it is known; else its id.
    pub(in crate::sim) fn key_of(&self, id: &ResourceId) -> String {
        let owner = self.book.get(id).and_then(|thing| thing.owner.as_ref());
        owner.map_or_else(|| id.to_string(), |owner| owner.key.to_string())
    }

    /// The thing as questions by id find it.
    fn known(&self, reference: &ResourceRef, now: Instant) -> Option<&Thing> {
        let asked = |thing: &&Thing| thing.reference.kind == reference.kind && thing.known <= now;
        self.book.get(&reference.id).filter(asked)
    }

    pub(in crate::sim) fn get(&self, reference: &ResourceRef, now: Instant) -> Result<Option<Resource>> {
        let what = format!("get {reference}");
        self.check_mine(&what, reference)?;
        let Some(thing) = self.known(reference, now) else { return Ok(None) };
        let shown = thing.shown(now);
        shown.map(Some).ok_or_else(|| refused(ErrorKind::Conflict, &what, NO_TAGS))
    }

    pub(in crate::sim) fn delete(&mut self, reference: &ResourceRef, now: Instant) -> Result<Deletion> {
        let what = format!("delete {reference}");
        self.check_mine(&what, reference)?;
        let Some(thing) = self.known(reference, now) else { return Ok(Deletion::AlreadyAbsent) };
        if !thing.is_live() {
            return Ok(Deletion::Started);
        }
        let users = self.book.users(&reference.id);
        if users > 0 {
            return Err(later(&what, format!("{users} other resources still use it")));
        }
        let time = self.times.delete(reference.kind, &self.key_of(&reference.id));
        self.book.end(&reference.id, now + time);
        Ok(if time.is_zero() { Deletion::Done } else { Deletion::Started })
    }

    pub(in crate::sim) fn act(
        &mut self,
        reference: &ResourceRef,
        action: Action,
        now: Instant,
    ) -> Result<(Resource, Power)> {
        let what = format!("{action:?} {reference}").to_lowercase();
        let (node, status) = self.switchable(&what, reference, now)?;
        let ready = now + self.times.make(reference.kind, &self.key_of(&reference.id));
        let boot = self.times.boot(&node);
        let power = match (action, status) {
            (Action::Start, ResourceStatus::Stopped) => Power::On(ready + boot),
            (Action::Stop, ResourceStatus::Ready) => Power::Off,
            (Action::Reboot, ResourceStatus::Ready) => Power::On(now + boot),
            (Action::Start, ResourceStatus::Ready) | (Action::Stop, ResourceStatus::Stopped) => Power::Nothing,
            (_, status) => return Err(later(&what, format!("the machine is {status:?}"))),
        };
        let still = now + self.times.of(STOP);
        let thing = self.book.get_mut(&reference.id);
        let shown = thing.and_then(|thing| thing.switch(&power, action, still, ready).shown(now));
        Ok((shown.ok_or_else(|| refused(ErrorKind::Conflict, &what, NO_TAGS))?, power))
    }

    /// The machine of that reference, and how it is.
    fn switchable(&self, what: &str, reference: &ResourceRef, now: Instant) -> Result<(NodeName, ResourceStatus)> {
        self.check_mine(what, reference)?;
        let thing = self.known(reference, now).filter(|thing| thing.is_live());
        let thing = thing.ok_or_else(|| refused(ErrorKind::NotFound, what, "there is no such resource"))?;
        let machine = thing.machine();
        let machine = machine.ok_or_else(|| refused(ErrorKind::Unsupported, what, "only machines can do this"))?;
        Ok((machine.node.clone(), thing.status(now)))
    }

    /// One page of a cluster's resources after the key `after`, and the key to go on after.
    pub(in crate::sim) fn page(
        &self,
        cluster: &ClusterUid,
        region: &Region,
        after: Option<&ResourceKey>,
        now: Instant,
    ) -> Result<(Vec<Resource>, Option<ResourceKey>)> {
        self.zones(&format!("list resources of cluster {cluster}"), region)?;
        let (mut page, mut next) = (Vec::new(), None);
        for (place, (key, things)) in self.book.owned(cluster, after).take(PAGE).enumerate() {
            let here = |thing: &&&Thing| thing.listed <= now && thing.reference.location.region == *region;
            page.extend(things.iter().filter(here).filter_map(|thing| thing.shown(now)));
            next = (place + 1 == PAGE).then(|| key.clone());
        }
        Ok((page, next))
    }
}

impl Thing {
    fn switch(&mut self, power: &Power, action: Action, still: Instant, ready: Instant) -> &Self {
        match (power, action) {
            (Power::Off, _) => self.machine_mut().into_iter().for_each(|machine| machine.stopped = Some(still)),
            (Power::On(_), Action::Start) => {
                self.machine_mut().into_iter().for_each(|machine| machine.stopped = None);
                self.ready = ready;
            }
            (Power::On(_) | Power::Nothing, _) => {}
        }
        self
    }
}

/// Refused for now.
fn later(what: &str, why: impl Into<String>) -> Error {
    refused(ErrorKind::Conflict, what, why).with_disposition(Disposition::Transient { after: None })
}
