//! A tiny cloud with an API of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    future::pending,
    net::Ipv4Addr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

/// How long a new thing may stay invisible.
pub const SETTLE: Duration = Duration::from_secs(2);
/// The sizes of machines: name, CPUs, GiB, price of an hour in millionths of a dollar.
pub const SIZES: [(&str, u32, u32, u64); 2] = [("frog", 2, 4, 20_000), ("toad", 4, 8, 40_000)];
/// The regions; each has two zones.
pub const REGIONS: [&str; 2] = ["north", "south"];
/// The only image.
pub const IMAGE: &str = "ubuntu-24.04-amd64";

const HALF_A_CALL: Duration = Duration::from_millis(20);
const BOOT: Duration = Duration::from_secs(5);
const PAGE: usize = 20;

/// What is allowed in: protocol, ports, from where.
pub type Rule = (String, Option<(u16, u16)>, String);

/// What makes a thing what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Body {
    Network { first: u32 },
    Filter { network: String, rules: Vec<Rule> },
    Key { line: String },
    Machine { uses: [String; 3], size: String, zone: String, image: String, data: String },
}

/// A thing in the pond.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Item {
    pub id: String,
    pub region: String,
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub body: Body,
    pub ready: Instant,
    pub stopped: bool,
    pub gone: Option<Instant>,
    pub addresses: Option<(Ipv4Addr, Ipv4Addr)>,
    visible: Instant,
}

/// Why the pond does not do it; `Lost` is what the caller sees when no answer comes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Refusal {
    TooMany,
    Down,
    Lost,
    InUse,
    Dying,
    NoKey,
    Forbidden,
    Full,
    SoldOut,
    NoSuch(&'static str),
}

/// The cloud. Its fields below `items` are for tests that let things go wrong.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct State {
    pub items: BTreeMap<String, Item>,
    pub every: Option<Refusal>,
    pub hangs: bool,
    pub lose_after: Option<u32>,
    pub sold_out: BTreeSet<(String, String)>,
    pub most_machines: Option<usize>,
    pub requests: u64,
    pub changes: u64,
    made: u32,
}

/// The cloud behind its API. `Debug` shows nothing: first-boot data is secret.
#[derive(Default)]
pub struct Pond(Mutex<State>);

impl fmt::Debug for Pond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pond")
    }
}

impl Pond {
    /// The cloud itself, as it is now.
    pub fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        state.items.retain(|_, item| item.gone.is_none_or(|gone| gone > now));
        state
    }

    async fn call<R>(&self, change: bool, work: impl FnOnce(&mut State) -> Result<R, Refusal>) -> Result<R, Refusal> {
        if self.state().begin(change) {
            pending::<()>().await;
        }
        sleep(HALF_A_CALL).await;
        let answer = self.state().answer(change, work);
        sleep(HALF_A_CALL).await;
        answer
    }

    /// Puts a thing under a name. What has the name already is the answer, unchanged.
    ///
    /// # Errors
    /// When something is missing, sold out, full or dying.
    pub async fn put(&self, new: Item) -> Result<Item, Refusal> {
        self.call(true, |state| state.put(new)).await
    }

    /// Gives a packet filter these rules.
    ///
    /// # Errors
    /// When there is none.
    pub async fn set_rules(&self, id: &str, wanted: Vec<Rule>) -> Result<(), Refusal> {
        let set = |state: &mut State| match state.items.get_mut(id).map(|item| &mut item.body) {
            Some(Body::Filter { rules, .. }) => {
                *rules = wanted;
                Ok(())
            }
            Some(Body::Network { .. } | Body::Key { .. } | Body::Machine { .. }) | None => {
                Err(Refusal::NoSuch("filter"))
            }
        };
        self.call(true, set).await
    }

    /// The thing of that id, if it shows already.
    ///
    /// # Errors
    /// Only when the pond does not answer.
    pub async fn find(&self, id: &str) -> Result<Option<Item>, Refusal> {
        let shown = |item: &&Item| item.visible <= Instant::now();
        self.call(false, |state| Ok(state.items.get(id).filter(shown).cloned())).await
    }

    /// A page of the things with this label after the id `after`, and where the next page begins.
    ///
    /// # Errors
    /// Only when the pond does not answer.
    pub async fn list(
        &self,
        region: &str,
        label: (&str, &str),
        after: &str,
    ) -> Result<(Vec<Item>, Option<String>), Refusal> {
        let wanted = |item: &&Item| {
            let labelled = item.labels.get(label.0).is_some_and(|value| value == label.1);
            item.region == region && labelled && item.visible <= Instant::now() && item.id.as_str() > after
        };
        let page: Vec<_> =
            self.call(false, |state| Ok(state.items.values().filter(wanted).take(PAGE).cloned().collect())).await?;
        let next = (page.len() == PAGE).then(|| page.last().map(|item: &Item| item.id.clone())).flatten();
        Ok((page, next))
    }

    /// Begins to delete a thing; false when there is none.
    ///
    /// # Errors
    /// When something uses it.
    pub async fn delete(&self, id: &str) -> Result<bool, Refusal> {
        self.call(true, |state| state.delete(id)).await
    }

    /// Switches a machine on or off.
    ///
    /// # Errors
    /// When there is none.
    pub async fn power(&self, id: &str, on: bool) -> Result<Item, Refusal> {
        let switch = |state: &mut State| {
            let item = state.items.get_mut(id).filter(|item| item.gone.is_none());
            let item = item.ok_or(Refusal::NoSuch("machine"))?;
            if item.stopped == on {
                item.ready = Instant::now() + BOOT;
            }
            item.stopped = !on;
            Ok(item.clone())
        };
        self.call(true, switch).await
    }

    /// How many machines the account may have more.
    ///
    /// # Errors
    /// Only when the pond does not answer.
    pub async fn room(&self) -> Result<usize, Refusal> {
        self.call(false, |state| Ok(state.room())).await
    }
}

impl State {
    /// Counts a request; whether it is never answered.
    fn begin(&mut self, change: bool) -> bool {
        self.requests += 1;
        self.changes += u64::from(change);
        self.hangs
    }

    fn answer<R>(&mut self, change: bool, work: impl FnOnce(&mut Self) -> Result<R, Refusal>) -> Result<R, Refusal> {
        if let Some(refusal) = self.every.clone() {
            return Err(refusal);
        }
        let lost = change && self.lose_after == Some(0);
        self.lose_after = self.lose_after.map(|left| left.saturating_sub(u32::from(change))).filter(|_| !lost);
        let answer = work(self);
        if lost { Err(Refusal::Lost) } else { answer }
    }

    fn room(&self) -> usize {
        let used = self.items.values().filter(|item| matches!(item.body, Body::Machine { .. })).count();
        self.most_machines.map_or(usize::MAX, |most| most.saturating_sub(used))
    }

    fn put(&mut self, new: Item) -> Result<Item, Refusal> {
        let kind = std::mem::discriminant(&new.body);
        let taken = self.items.values().find(|item| {
            item.region == new.region && item.name == new.name && std::mem::discriminant(&item.body) == kind
        });
        match taken {
            Some(taken) if taken.gone.is_some() => return Err(Refusal::Dying),
            Some(taken) => return Ok(taken.clone()),
            None => self.check(&new)?,
        }
        self.made += 1;
        let (now, machine) = (Instant::now(), matches!(new.body, Body::Machine { .. }));
        let late = SETTLE.mul_f64(f64::from(self.made % 4) / 4.0);
        let ready = if machine { now + BOOT } else { now };
        let addresses = self.addresses(&new.body);
        let made = Item { id: format!("item-{:06}", self.made), visible: now + late, ready, addresses, ..new };
        self.items.insert(made.id.clone(), made.clone());
        Ok(made)
    }

    fn addresses(&self, body: &Body) -> Option<(Ipv4Addr, Ipv4Addr)> {
        let Body::Machine { uses: [network, ..], .. } = body else { return None };
        let Body::Network { first } = self.items.get(network)?.body else { return None };
        let public = u32::from(Ipv4Addr::new(198, 18, 0, 0)) + self.made;
        Some((Ipv4Addr::from(first + 3 + self.made % 4_000), Ipv4Addr::from(public)))
    }

    fn check(&self, new: &Item) -> Result<(), Refusal> {
        let here =
            |id: &String| self.items.get(id).is_some_and(|item| item.gone.is_none() && item.region == new.region);
        uses(&new.body).iter().all(here).then_some(()).ok_or(Refusal::NoSuch("thing to put it on"))?;
        let Body::Machine { size, zone, image, .. } = &new.body else { return Ok(()) };
        SIZES.iter().any(|(name, ..)| name == size).then_some(()).ok_or(Refusal::NoSuch("size"))?;
        (image == IMAGE).then_some(()).ok_or(Refusal::NoSuch("image"))?;
        let sold_out = self.sold_out.contains(&(zone.clone(), size.clone()));
        (!sold_out).then_some(()).ok_or(Refusal::SoldOut)?;
        (self.room() > 0).then_some(()).ok_or(Refusal::Full)
    }

    fn delete(&mut self, id: &str) -> Result<bool, Refusal> {
        if self.items.values().any(|item| uses(&item.body).iter().any(|used| used == id)) {
            return Err(Refusal::InUse);
        }
        let Some(item) = self.items.get_mut(id) else { return Ok(false) };
        let time = if matches!(item.body, Body::Machine { .. }) { BOOT } else { Duration::ZERO };
        item.gone.get_or_insert(Instant::now() + time);
        Ok(true)
    }
}

fn uses(body: &Body) -> Vec<String> {
    match body {
        Body::Network { .. } | Body::Key { .. } => Vec::new(),
        Body::Filter { network, .. } => vec![network.clone()],
        Body::Machine { uses, .. } => uses.to_vec(),
    }
}

impl Item {
    /// A thing to [`Pond::put`].
    #[must_use]
    pub fn new(region: &str, name: String, labels: BTreeMap<String, String>, body: Body) -> Self {
        let now = Instant::now();
        let (id, region) = (String::new(), region.to_owned());
        Self { id, region, name, labels, body, ready: now, stopped: false, gone: None, addresses: None, visible: now }
    }
}
