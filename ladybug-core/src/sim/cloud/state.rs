//! One simulated cloud from the inside: its books, and what it lets in.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use tokio::time::Instant;

use super::{Access, CloudConfig, CloudStyle, book::Book, bucket::Bucket, thing::Thing};
use crate::{
    cloud::{Owner, Resource, ResourceKind, ResourceRef},
    error::{Disposition, Error, ErrorKind, Result},
    id::{Region, ResourceId, Zone},
    mix::mix,
    sim::{Times, link::HostId},
};

/// The block of addresses that machines of all clouds get their public ones from (RFC 2544, for tests).
const PUBLIC: u32 = u32::from_be_bytes([198, 18, 0, 0]);
const PUBLIC_SIZE: u32 = 1 << 17;

/// One simulated cloud from the inside.
#[derive(Debug)]
pub(in crate::sim) struct Cloud {
    pub(in crate::sim) config: CloudConfig,
    pub(super) seed: u64,
    pub(super) times: Times,
    pub(super) book: Book,
    /// What every client token made, for ever.
    pub(super) tokens: BTreeMap<String, Resource>,
    first_public: u32,
    publics: u32,
    numbers: BTreeMap<String, u32>,
    bucket: Bucket,
}

impl Cloud {
    /// Makes cloud number `place` of `of`, from 0 on.
    pub(in crate::sim) fn new(config: CloudConfig, seed: u64, times: Times, place: u32, of: u32) -> Self {
        let publics = PUBLIC_SIZE / of.max(1);
        Self {
            config,
            seed,
            times,
            book: Book::default(),
            tokens: BTreeMap::new(),
            first_public: PUBLIC + publics * place,
            publics,
            numbers: BTreeMap::new(),
            bucket: Bucket::default(),
        }
    }

    /// Lets a call in, if credential and throttle do.
    pub(in crate::sim) fn admit(&mut self, what: &str, now: Instant) -> Result<()> {
        match self.config.access {
            Access::Granted => {}
            Access::NoCredential => {
                return Err(refused(ErrorKind::Unauthenticated, what, "the credential is not known"));
            }
            Access::NoPermission => return Err(refused(ErrorKind::PermissionDenied, what, "the credential may not")),
        }
        let Some(throttle) = self.config.throttle else { return Ok(()) };
        let wait = self.bucket.take(throttle, now);
        wait.map_err(|wait| {
            refused(ErrorKind::RateLimited, what, "too many requests")
                .with_disposition(Disposition::Transient { after: Some(wait) })
        })
    }

    /// Takes out what is gone by `now`; tells the hosts that are gone with it.
    pub(in crate::sim) fn sweep(&mut self, now: Instant) -> Vec<HostId> {
        let gone = self.book.sweep(now);
        gone.iter().filter(|thing| thing.machine().is_some()).map(|thing| host_of(&thing.reference.id)).collect()
    }

    /// The hosts that broke by `now`, each told once.
    pub(in crate::sim) fn broken(&mut self, now: Instant) -> Vec<HostId> {
        self.book.broken(now).iter().map(host_of).collect()
    }

    /// The thing of that id.
    pub(in crate::sim) fn thing(&self, id: &ResourceId) -> Option<&Thing> {
        self.book.get(id)
    }

    /// What holds a public address.
    pub(in crate::sim) fn holder(&self, ip: IpAddr) -> Option<&Thing> {
        self.book.at_public(ip)
    }

    /// The machine with a private address in a network.
    pub(in crate::sim) fn neighbour(&self, network: &ResourceId, ip: IpAddr) -> Option<&Thing> {
        self.book.at_private(network, ip)
    }

    /// Whether something of this owner is alive.
    pub(in crate::sim) fn has(&self, owner: &Owner) -> bool {
        self.book.under(&owner.cluster, &owner.key).any(Thing::is_live)
    }

    /// The zones of a region.
    pub(super) fn zones(&self, what: &str, region: &Region) -> Result<&[Zone]> {
        let zones = self.config.regions.get(region).map(Vec::as_slice);
        zones.ok_or_else(|| refused(ErrorKind::NotFound, what, format!("there is no region {region}")))
    }

    /// Checks that `count` more of a kind fit into the quota.
    pub(super) fn check_quota(&self, what: &str, region: &Region, kind: ResourceKind, count: u32) -> Result<()> {
        let used = self.book.count(region, kind);
        match self.config.quotas.get(&kind).copied() {
            Some(quota) if used.saturating_add(count) > quota => {
                let why = format!("{used} of {quota} {kind}s in {region} are in use, {count} more are asked for");
                Err(refused(ErrorKind::QuotaExceeded, what, why))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A reference as this account's own.
    pub(super) fn check_mine(&self, what: &str, reference: &ResourceRef) -> Result<()> {
        let mine = reference.provider == self.config.provider;
        let why = || format!("{reference} is not in the account {}", self.config.provider);
        mine.then_some(()).ok_or_else(|| refused(ErrorKind::InvalidSpec, what, why()))
    }

    /// A number that the seed and these words decide.
    pub(super) fn luck(&self, words: &[&str]) -> u64 {
        let provider = [self.config.provider.as_str()];
        mix(self.seed, &[&provider, words].concat())
    }

    /// How many things of this kind and name there were before.
    pub(super) fn number(&mut self, region: &Region, kind: ResourceKind, name: &str) -> u32 {
        let number = self.numbers.entry(format!("{region} {kind} {name}")).or_default();
        *number += 1;
        *number - 1
    }

    /// The id of the `number`th thing of a name, in the cloud's own spelling.
    pub(super) fn id(&self, region: &Region, kind: ResourceKind, name: &str, number: u32) -> ResourceId {
        let account = &self.config.provider;
        let text = match self.config.style {
            CloudStyle::Aws => {
                let luck = self.luck(&["id", region.as_str(), &kind.to_string(), name, &number.to_string()]);
                format!("{}-0{luck:016x}", aws_prefix(kind))
            }
            CloudStyle::Gcp => format!("projects/{account}/{region}/{}/{name}", plural(kind)),
            CloudStyle::Azure => format!("/subscriptions/{account}/resourceGroups/{region}/{}/{name}", plural(kind)),
        };
        ResourceId::new(text).expect("made of checked names")
    }

    /// A public address that nobody holds.
    pub(super) fn free_public(&self, words: &[&str]) -> Option<Ipv4Addr> {
        let free = |ip: &Ipv4Addr| self.book.at_public((*ip).into()).is_none();
        probe(self.first_public, self.publics, self.luck(words)).find(free)
    }
}

/// The addresses of a block, each once, from a place on that `luck` decides.
pub(super) fn probe(first: u32, count: u32, luck: u64) -> impl Iterator<Item = Ipv4Addr> {
    let start = u32::try_from(luck % u64::from(count.max(1))).unwrap_or_default();
    (0..count).map(move |step| Ipv4Addr::from(first + (start + step) % count))
}

/// The host of a machine.
pub(super) fn host_of(machine: &ResourceId) -> HostId {
    HostId::new(machine.as_str())
}

/// The error of a call that the cloud refuses.
pub(super) fn refused(kind: ErrorKind, what: &str, why: impl Into<String>) -> Error {
    let error = Error::new(kind, what.to_owned()).with_message(why).with_context("code", format_args!("{kind:?}"));
    match REMEDIES.iter().find(|(of, _)| *of == kind) {
        Some((_, remedy)) => error.with_remedy(*remedy),
        None => error,
    }
}

/// What people can do about it.
const REMEDIES: [(ErrorKind, &str); 7] = [
    (ErrorKind::Unauthenticated, "give the driver a credential that the cloud knows"),
    (ErrorKind::PermissionDenied, "let the account's owner grant the permission"),
    (ErrorKind::QuotaExceeded, "ask for a higher quota"),
    (ErrorKind::NoCapacity, "try another zone or machine type"),
    (ErrorKind::NotFound, "look up what the cloud has under this name"),
    (ErrorKind::AlreadyExists, "delete or rename what has the name"),
    (ErrorKind::InvalidSpec, "correct what was asked for"),
];

const fn aws_prefix(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Network => "vpc",
        ResourceKind::Firewall => "sg",
        ResourceKind::SshKey => "key",
        ResourceKind::Machine => "i",
        ResourceKind::Address => "eipalloc",
        ResourceKind::LoadBalancer => "net",
    }
}

const fn plural(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Network => "networks",
        ResourceKind::Firewall => "firewalls",
        ResourceKind::SshKey => "sshKeys",
        ResourceKind::Machine => "instances",
        ResourceKind::Address => "addresses",
        ResourceKind::LoadBalancer => "forwardingRules",
    }
}
