//! What goes wrong in the simulated world, and when: by chance from a seed, or by script.
//!
//! Whether a call goes wrong depends on the seed, on the call's provider, verb and thing, and on how often exactly
//! this was called before; never on what other tasks do meanwhile.

use std::collections::BTreeMap;

use super::link::{HostFault, HostId, HostVerb};
use crate::{
    cloud::{ResourceKind, layer::Verb},
    id::{NodeName, ProviderName},
    mix::mix,
};

/// What goes wrong with a call to a cloud, or with the machine that it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FaultKind {
    /// The cloud is not available; nothing happens.
    TransientBefore,
    /// It happens, but the answer gets lost. For a call that changes nothing the same as `TransientBefore`.
    LostAnswer,
    /// Too many requests; nothing happens.
    RateLimited,
    /// The cloud has no such machine right now.
    NoCapacity,
    /// A limit of the account is reached.
    QuotaExceeded,
    /// The credential may not do this.
    PermissionDenied,
    /// The credential has expired.
    Unauthenticated,
    /// The cloud fails in a way that no retry helps.
    Permanent,
    /// The answer takes up to 20 seconds longer.
    Delay,
    /// It does not happen, and no answer ever comes.
    Hang,
    /// The machine is made and then fails to boot.
    MachineFailsToBoot,
    /// The machine boots and dies within two minutes.
    MachineDies,
}

/// How often each kind strikes by chance, among 1,000 faults of an `ensure` of a machine.
const CLOUD_WEIGHTS: [(FaultKind, u64); 11] = [
    (FaultKind::TransientBefore, 320),
    (FaultKind::LostAnswer, 220),
    (FaultKind::RateLimited, 180),
    (FaultKind::Delay, 120),
    (FaultKind::NoCapacity, 60),
    (FaultKind::MachineFailsToBoot, 30),
    (FaultKind::MachineDies, 20),
    (FaultKind::QuotaExceeded, 15),
    (FaultKind::Permanent, 15),
    (FaultKind::PermissionDenied, 10),
    (FaultKind::Unauthenticated, 10),
];

const HOST_WEIGHTS: [(HostFault, u64); 5] = [
    (HostFault::Refuse, 300),
    (HostFault::DropBefore, 250),
    (HostFault::DropAfter, 250),
    (HostFault::Fail, 120),
    (HostFault::Reboot, 80),
];

/// What goes wrong, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultPlan {
    seed: u64,
    per_mille: u32,
    most: u32,
    cloud: Vec<(FaultKind, u64)>,
    host: Vec<(HostFault, u64)>,
    script: Vec<Scripted>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Scripted {
    place: Place,
    nth: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Cloud {
        provider: ProviderName,
        verb: Verb,
        key: String,
        kind: FaultKind,
    },
    Host {
        name: String,
        verb: HostVerb,
        fault: HostFault,
    },
    /// Counted over all calls that change something, from the day the plan is followed.
    Change {
        provider: ProviderName,
        kind: FaultKind,
    },
    /// Every call.
    Every {
        provider: ProviderName,
        kind: FaultKind,
    },
}

impl FaultPlan {
    /// Nothing goes wrong.
    #[must_use]
    pub const fn none() -> Self {
        Self { seed: 0, per_mille: 0, most: 0, cloud: Vec::new(), host: Vec::new(), script: Vec::new() }
    }

    /// Every kind of fault by chance: `per_mille` of 1,000 calls, but at most 3 of the calls about one thing, so that
    /// runs come to an end.
    ///
    /// Faults that no retry helps against strike only calls that make something, so that whatever was made can be
    /// deleted.
    #[must_use]
    pub fn seeded(seed: u64, per_mille: u32) -> Self {
        Self { seed, per_mille, most: 3, cloud: CLOUD_WEIGHTS.into(), host: HOST_WEIGHTS.into(), script: Vec::new() }
    }

    /// Lets only these kinds of clouds' faults strike by chance.
    #[must_use]
    pub fn only_cloud(mut self, kinds: &[FaultKind]) -> Self {
        self.cloud.retain(|(kind, _)| kinds.contains(kind));
        self
    }

    /// Lets only these kinds of hosts' faults strike by chance.
    #[must_use]
    pub fn only_host(mut self, kinds: &[HostFault]) -> Self {
        self.host.retain(|(kind, _)| kinds.contains(kind));
        self
    }

    /// Sets how many calls about one thing may go wrong by chance.
    #[must_use]
    pub const fn at_most(mut self, most: u32) -> Self {
        self.most = most;
        self
    }

    /// Lets the `nth` call (from 1 on) of `verb` about every thing of `provider` whose key begins with `key` go wrong.
    #[must_use]
    pub fn at(mut self, provider: &ProviderName, verb: Verb, key: &str, nth: u32, kind: FaultKind) -> Self {
        let place = Place::Cloud { provider: provider.clone(), verb, key: key.to_owned(), kind };
        self.script.push(Scripted { place, nth });
        self
    }

    /// Lets the `nth` use (from 1 on) of `verb` on every host whose name begins with `name` go wrong.
    #[must_use]
    pub fn at_host(mut self, name: &str, verb: HostVerb, nth: u32, fault: HostFault) -> Self {
        self.script.push(Scripted { place: Place::Host { name: name.to_owned(), verb, fault }, nth });
        self
    }

    /// Lets the `nth` call (from 1 on) that changes something in `provider` go wrong, counted from when this plan is
    /// followed.
    #[must_use]
    pub fn at_change(mut self, provider: &ProviderName, nth: u32, kind: FaultKind) -> Self {
        self.script.push(Scripted { place: Place::Change { provider: provider.clone(), kind }, nth });
        self
    }

    /// Lets every call to `provider` go wrong.
    #[must_use]
    pub fn every(mut self, provider: &ProviderName, kind: FaultKind) -> Self {
        self.script.push(Scripted { place: Place::Every { provider: provider.clone(), kind }, nth: 1 });
        self
    }

    fn scripted_cloud(&self, call: &CloudCall<'_>, now: u32, change: u32) -> Option<FaultKind> {
        let hit = |script: &Scripted| match &script.place {
            Place::Change { provider, kind } => {
                let due = call.verb.is_mutation() && script.nth == change;
                (due && provider == call.provider).then_some(*kind)
            }
            Place::Every { provider, kind } => (provider == call.provider).then_some(*kind),
            Place::Cloud { provider, verb, key, kind } => (script.nth == now
                && provider == call.provider
                && *verb == call.verb
                && call.key.starts_with(key.as_str()))
            .then_some(*kind),
            Place::Host { .. } => None,
        };
        self.script.iter().find_map(hit)
    }

    fn scripted_host(&self, host: &str, done: HostVerb, now: u32) -> Option<HostFault> {
        let hit = |script: &Scripted| match &script.place {
            Place::Host { name, verb, fault } => {
                (script.nth == now && *verb == done && host.starts_with(name.as_str())).then_some(*fault)
            }
            Place::Cloud { .. } | Place::Change { .. } | Place::Every { .. } => None,
        };
        self.script.iter().find_map(hit)
    }

    /// A fault by chance: of the weights that fit, if this call of all calls goes wrong.
    fn chance<K: Copy>(&self, words: &[&str], weights: &[(K, u64)], fits: impl Fn(K) -> bool) -> Option<K> {
        let strikes = mix(self.seed, words) % 1_000 < u64::from(self.per_mille);
        let total: u64 = weights.iter().filter(|(kind, _)| fits(*kind)).map(|(_, weight)| weight).sum();
        let mut left = mix(!self.seed, words).checked_rem(total).filter(|_| strikes)?;
        let mut fitting = weights.iter().filter(|(kind, _)| fits(*kind));
        let hit = fitting.find(|(_, weight)| match left.checked_sub(*weight) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
        hit.map(|(kind, _)| *kind)
    }
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self::none()
    }
}

/// One call to a cloud.
#[derive(Clone, Copy, Debug)]
pub(super) struct CloudCall<'a> {
    pub(super) provider: &'a ProviderName,
    pub(super) verb: Verb,
    pub(super) key: &'a str,
    /// What an `ensure` makes.
    pub(super) kind: Option<ResourceKind>,
}

impl CloudCall<'_> {
    /// Whether a fault may strike this call by chance.
    fn may_meet(&self, kind: FaultKind) -> bool {
        match kind {
            FaultKind::TransientBefore | FaultKind::RateLimited | FaultKind::Delay => true,
            FaultKind::LostAnswer => self.verb.is_mutation(),
            FaultKind::NoCapacity | FaultKind::MachineFailsToBoot | FaultKind::MachineDies => {
                self.kind == Some(ResourceKind::Machine)
            }
            FaultKind::QuotaExceeded
            | FaultKind::PermissionDenied
            | FaultKind::Unauthenticated
            | FaultKind::Permanent => self.verb == Verb::Ensure,
            FaultKind::Hang => true,
        }
    }
}

/// Whether a fault can meet what is done to a host.
fn host_may_meet(verb: HostVerb, fault: HostFault) -> bool {
    match (verb, fault) {
        (HostVerb::Connect, fault) => fault == HostFault::Refuse,
        (HostVerb::Run, fault) => fault != HostFault::Refuse,
        (HostVerb::Put, fault) => !matches!(fault, HostFault::Refuse | HostFault::Fail),
    }
}

/// A fault plan at work.
#[derive(Debug, Default)]
pub(super) struct Faults {
    plan: FaultPlan,
    names: BTreeMap<HostId, NodeName>,
    calls: BTreeMap<String, u32>,
    strikes: BTreeMap<String, u32>,
    /// The calls to each cloud that change something, since the plan is followed.
    changes: BTreeMap<ProviderName, u32>,
    struck: BTreeMap<String, u64>,
}

impl Faults {
    pub(super) fn new(plan: FaultPlan) -> Self {
        Self { plan, ..Self::default() }
    }

    /// Follows another plan from now on; what was counted stays counted.
    pub(super) fn follow(&mut self, plan: FaultPlan) {
        self.plan = plan;
        self.changes.clear();
    }

    /// Remembers a host's name, which scripts call it by.
    pub(super) fn meet(&mut self, host: HostId, name: NodeName) {
        self.names.insert(host, name);
    }

    /// How often each kind of fault struck.
    pub(super) fn struck(&self) -> BTreeMap<String, u64> {
        self.struck.clone()
    }

    /// What goes wrong with this call.
    pub(super) fn cloud(&mut self, call: &CloudCall<'_>) -> Option<FaultKind> {
        let words = [call.provider.as_str(), call.verb.as_str(), call.key];
        let (thing, nth) = (format!("{} {}", call.provider, call.key), self.count(&words));
        let change = self.count_change(call);
        let by_chance = || {
            let words = [words[0], words[1], words[2], &nth.to_string()];
            self.plan.chance(&words, &self.plan.cloud, |kind| call.may_meet(kind))
        };
        let fault =
            self.plan.scripted_cloud(call, nth, change).or_else(|| by_chance().filter(|_| self.may_strike(&thing)));
        self.note(thing, fault, "")
    }

    /// What goes wrong with this use of a host.
    pub(super) fn host(&mut self, host: &HostId, verb: HostVerb) -> Option<HostFault> {
        let name = self.names.get(host)?.as_str().to_owned();
        let word = format!("{verb:?}");
        let nth = self.count(&["host", &word, &name]);
        let by_chance = || {
            let words = ["host", &word, &name, &nth.to_string()];
            self.plan.chance(&words, &self.plan.host, |fault| host_may_meet(verb, fault))
        };
        let thing = format!("host {name}");
        let fault =
            self.plan.scripted_host(&name, verb, nth).or_else(|| by_chance().filter(|_| self.may_strike(&thing)));
        self.note(thing, fault, "Host")
    }

    /// The how-manieth call of its like this is, from 1 on.
    fn count(&mut self, words: &[&str]) -> u32 {
        let calls = self.calls.entry(words.join(" ")).or_default();
        *calls = calls.saturating_add(1);
        *calls
    }

    fn count_change(&mut self, call: &CloudCall<'_>) -> u32 {
        let changes = self.changes.entry(call.provider.clone()).or_default();
        *changes = changes.saturating_add(u32::from(call.verb.is_mutation()));
        *changes
    }

    fn may_strike(&self, thing: &str) -> bool {
        self.strikes.get(thing).copied().unwrap_or_default() < self.plan.most
    }

    fn note<K: std::fmt::Debug>(&mut self, thing: String, fault: Option<K>, prefix: &str) -> Option<K> {
        let fault = fault?;
        *self.strikes.entry(thing).or_default() += 1;
        *self.struck.entry(format!("{prefix}{fault:?}")).or_default() += 1;
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn aws() -> ProviderName {
        ProviderName::new("aws").unwrap()
    }

    fn ensure<'a>(provider: &'a ProviderName, key: &'a str) -> CloudCall<'a> {
        CloudCall { provider, verb: Verb::Ensure, key, kind: Some(ResourceKind::Machine) }
    }

    #[test]
    fn a_script_strikes_exactly_the_nth_call_of_each_thing_that_it_names() {
        let plan = FaultPlan::none().at(&aws(), Verb::Ensure, "machine/", 2, FaultKind::LostAnswer);
        let (mut faults, aws) = (Faults::new(plan), aws());
        let mut three = |key| [1, 2, 3].map(|_| faults.cloud(&ensure(&aws, key)).is_some());
        assert_eq!(three("machine/w-1"), [false, true, false]);
        assert_eq!(three("network/x"), [false; 3]);
        assert_eq!(three("machine/w-2"), [false, true, false]);
        assert_eq!(faults.struck(), BTreeMap::from([("LostAnswer".to_owned(), 2)]));
    }

    #[test]
    fn chance_does_not_depend_on_the_order_of_other_calls() {
        let aws = aws();
        let run = |keys: &[String]| -> BTreeMap<String, Option<FaultKind>> {
            let mut faults = Faults::new(FaultPlan::seeded(3, 300));
            keys.iter().map(|key| (key.clone(), faults.cloud(&ensure(&aws, key)))).collect()
        };
        let mut keys: Vec<String> = (0..200).map(|number| format!("machine/w-{number}")).collect();
        let forth = run(&keys);
        keys.reverse();
        assert_eq!(forth, run(&keys));
        assert!(forth.values().any(Option::is_some) && forth.values().any(Option::is_none));
    }

    #[test]
    fn every_kind_strikes_by_chance_and_no_thing_is_struck_more_than_three_times() {
        let (mut faults, aws) = (Faults::new(FaultPlan::seeded(1, 1_000)), aws());
        let mut seen = BTreeSet::new();
        for number in 0..400 {
            let key = format!("machine/w-{number}");
            let struck: Vec<_> = (0..9).filter_map(|_| faults.cloud(&ensure(&aws, &key))).collect();
            assert_eq!(struck.len(), 3);
            seen.extend(struck);
        }
        assert_eq!(seen.len(), CLOUD_WEIGHTS.len());
    }

    #[test]
    fn by_chance_a_delete_meets_only_what_a_retry_helps_against() {
        let (mut faults, aws) = (Faults::new(FaultPlan::seeded(1, 1_000).at_most(u32::MAX)), aws());
        let call = CloudCall { verb: Verb::Delete, kind: None, ..ensure(&aws, "machine/w-1") };
        let seen: BTreeSet<_> = (0..500).filter_map(|_| faults.cloud(&call)).collect();
        let curable = [FaultKind::TransientBefore, FaultKind::LostAnswer, FaultKind::RateLimited, FaultKind::Delay];
        assert_eq!(seen, BTreeSet::from(curable));
    }

    #[test]
    fn a_host_is_struck_by_its_name_and_only_once_it_is_known() {
        let plan = FaultPlan::none().at_host("demo-w-", HostVerb::Run, 1, HostFault::Reboot);
        let (mut faults, host) = (Faults::new(plan), HostId::new("i-1"));
        assert_eq!(faults.host(&host, HostVerb::Run), None);
        faults.meet(host.clone(), NodeName::new("demo-w-1").unwrap());
        assert_eq!(faults.host(&host, HostVerb::Connect), None);
        assert_eq!(faults.host(&host, HostVerb::Run), Some(HostFault::Reboot));
        assert_eq!(faults.host(&host, HostVerb::Run), None);
        assert_eq!(faults.struck(), BTreeMap::from([("HostReboot".to_owned(), 1)]));
    }
}
