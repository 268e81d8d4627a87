//! The world with its faces.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc, watch},
    task::AbortHandle,
};

use crate::{
    aws::{Aws, AwsFace},
    azure::{Azure, AzureFace},
    clock::{Clock, SimTime},
    config::Config,
    counters::Counters,
    fault::{Effect, FaultPlan, Faults},
    gcp::{Gcp, GcpFace},
    herald::herald,
    http::{Called, Deed, Face, Front, Reply, Request, serve},
    transcript::Exchange,
    tumblebug::{Tumblebug, TumblebugFace},
    world::{Cloud, Ledger, Resource},
};

/// What all faces share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    faces: BTreeMap<Cloud, Arc<dyn Face>>,
    ledger: Mutex<Ledger>,
    faults: Mutex<Faults>,
    record: Mutex<Record>,
    calls: watch::Sender<u64>,
    /// Told when the next planned thing is sooner than before.
    sooner: Notify,
    deeds: mpsc::UnboundedSender<Deed>,
}

#[derive(Debug, Default)]
struct Record {
    counters: Counters,
    in_flight: BTreeMap<Cloud, u64>,
    exchanges: Vec<Exchange>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn record(&self) -> MutexGuard<'_, Record> {
        locked(&self.record)
    }

    pub(crate) fn connected(&self, cloud: Cloud) {
        *self.record().counters.connections.entry(cloud).or_default() += 1;
    }

    /// Counts a call, and says which one of all it is and what goes wrong with it.
    pub(crate) fn arrived(&self, cloud: Cloud, operation: &str) -> (u64, Option<Effect>) {
        let fault = locked(&self.faults).strike(cloud, operation);
        let mut record = self.record();
        *record.counters.calls.entry((cloud, operation.to_owned())).or_default() += 1;
        if let Some(effect) = &fault {
            *record.counters.faults.entry((cloud, operation.to_owned(), effect.name())).or_default() += 1;
        }
        let now = record.in_flight.entry(cloud).or_default();
        *now += 1;
        let now = *now;
        let most = record.counters.max_in_flight.entry(cloud).or_default();
        *most = (*most).max(now);
        drop(record);
        let mut number = 0;
        self.calls.send_modify(|calls| {
            *calls += 1;
            number = *calls;
        });
        (number, fault)
    }

    pub(crate) fn ended(&self, cloud: Cloud) {
        self.record().in_flight.entry(cloud).and_modify(|now| *now = now.saturating_sub(1));
    }

    pub(crate) fn keep(&self, exchange: Exchange) {
        let mut record = self.record();
        if let Some(status) = exchange.response.as_ref().and_then(|said| said.status).filter(|status| *status >= 400) {
            let key = (exchange.cloud, exchange.operation.clone(), status);
            *record.counters.refusals.entry(key).or_default() += 1;
        }
        record.exchanges.push(exchange);
    }

    /// The date of the clouds' wall clock, as HTTP writes it.
    pub(crate) fn http_date(&self) -> String {
        self.clock.wall().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// Answers a call at one moment of the world.
    pub(crate) fn answer(&self, face: &dyn Face, request: &Request, called: &Called, fault: Option<&Effect>) -> Reply {
        let unseen = match fault {
            Some(Effect::Unseen(span)) => *span,
            Some(_) | None => self.config.consistency,
        };
        self.moment(|ledger| {
            (ledger.unseen, ledger.doomed) = (unseen, fault == Some(&Effect::FailsLater));
            let reply = face.answer(ledger, request, called);
            (ledger.unseen, ledger.doomed) = (Duration::ZERO, false);
            reply
        })
    }

    /// Refuses a call in the cloud's own words.
    pub(crate) fn refuse(&self, face: &dyn Face, request: &Request, called: &Called, effect: &Effect) -> Reply {
        self.moment(|ledger| face.refuse(ledger, request, called, effect))
    }

    /// Tells a machine's face what its hook said of its boot.
    pub(crate) fn booted(&self, cloud: Cloud, id: &str, presence: Result<crate::hook::Presence, String>) {
        if let Some(face) = self.faces.get(&cloud) {
            self.moment(|ledger| face.booted(ledger, id, presence));
        }
    }

    /// Lets all that is due happen, then works on the ledger, then passes on what hooks are to be told.
    pub(crate) fn moment<R>(&self, work: impl FnOnce(&mut Ledger) -> R) -> R {
        let mut ledger = locked(&self.ledger);
        let (now, before) = (self.clock.now(), ledger.next());
        while let Some(happening) = ledger.due(now) {
            if let Some(face) = self.faces.get(&happening.cloud) {
                face.happen(&mut ledger, &happening);
            }
        }
        ledger.now = ledger.now.max(now);
        let result = work(&mut ledger);
        for deed in ledger.deeds.drain(..) {
            // Nobody is left to tell once the world is being dropped.
            drop(self.deeds.send(deed));
        }
        let after = ledger.next();
        drop(ledger);
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.sooner.notify_one();
        }
        result
    }

    /// Lets planned things happen in time also while nobody calls.
    async fn tick(self: Arc<Self>) {
        loop {
            let next = self.moment(|ledger| ledger.next());
            tokio::select! {
                () = self.until(next) => {}
                () = self.sooner.notified() => {}
            }
        }
    }

    async fn until(&self, at: Option<SimTime>) {
        match at {
            Some(at) => tokio::time::sleep_until(self.clock.instant(at)).await,
            None => std::future::pending().await,
        }
    }
}

/// One world with a face for each cloud, until it is dropped.
///
/// The world outlives its callers: a client that crashes finds everything again. Everything that it runs ends with it.
#[derive(Debug)]
pub struct CloudSim {
    shared: Arc<Shared>,
    aws: AwsFace,
    azure: AzureFace,
    gcp: GcpFace,
    tumblebug: TumblebugFace,
    tasks: Vec<AbortHandle>,
}

impl Drop for CloudSim {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl CloudSim {
    /// Makes a world and opens its faces on free ports of 127.0.0.1. Needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(config: Config) -> io::Result<Self> {
        let clock = Clock::new(config.pace, config.skew);
        let aws = Arc::new(Aws::new(&config, clock.clone()));
        let azure = Arc::new(Azure::new(&config));
        let gcp = Arc::new(Gcp::new(&config, clock.clone()));
        let tumblebug = Arc::new(Tumblebug::new(&config));
        let faces: BTreeMap<Cloud, Arc<dyn Face>> = BTreeMap::from([
            (Cloud::Aws, Arc::clone(&aws) as Arc<dyn Face>),
            (Cloud::Azure, Arc::clone(&azure) as Arc<dyn Face>),
            (Cloud::Gcp, Arc::clone(&gcp) as Arc<dyn Face>),
            (Cloud::Tumblebug, Arc::clone(&tumblebug) as Arc<dyn Face>),
        ]);
        let (shared, deeds) = Shared::new(config, clock, faces);
        let mut tasks = vec![
            tokio::spawn(Arc::clone(&shared).tick()).abort_handle(),
            tokio::spawn(herald(Arc::clone(&shared), deeds)).abort_handle(),
        ];
        let address = shared.open(Cloud::Aws, &mut tasks).await?;
        let aws = AwsFace::new(aws, address);
        let azure = AzureFace::new(azure, shared.open(Cloud::Azure, &mut tasks).await?);
        let gcp = GcpFace::new(gcp, shared.open(Cloud::Gcp, &mut tasks).await?);
        let tumblebug = TumblebugFace::new(tumblebug, shared.open(Cloud::Tumblebug, &mut tasks).await?);
        Ok(Self { aws, azure, gcp, tumblebug, shared, tasks })
    }

    /// The AWS face: EC2, Elastic Load Balancing v2, STS, Systems Manager, Service Quotas.
    #[must_use]
    pub const fn aws(&self) -> &AwsFace {
        &self.aws
    }

    /// The Azure face.
    #[must_use]
    pub const fn azure(&self) -> &AzureFace {
        &self.azure
    }

    /// The Google Cloud face: Compute Engine.
    #[must_use]
    pub const fn gcp(&self) -> &GcpFace {
        &self.gcp
    }

    /// The CB-Tumblebug face.
    #[must_use]
    pub const fn tumblebug(&self) -> &TumblebugFace {
        &self.tumblebug
    }

    /// Every resource that exists, except what came with the accounts and what tests planted.
    #[must_use]
    pub fn everything(&self) -> Vec<Resource> {
        self.filtered(|resource, _| !resource.builtin && !resource.foreign && resource.ended.is_none())
    }

    /// Every resource that exists and bears a cluster's mark in a tag, its name or its description, or needs one that
    /// does; what tests planted is left out.
    #[must_use]
    pub fn leaks(&self, mark: &str) -> Vec<Resource> {
        self.filtered(|resource, all| {
            let bears = |id: &str| all.get(&(resource.cloud, id.to_owned())).is_some_and(|other| other.bears(mark));
            let marked = resource.bears(mark) || resource.edges.iter().any(|edge| bears(&edge.to));
            marked && !resource.builtin && !resource.foreign && resource.ended.is_none()
        })
    }

    /// What tests planted and is still as it was planted.
    #[must_use]
    pub fn foreign(&self) -> Vec<Resource> {
        self.filtered(|resource, _| resource.foreign && resource.ended.is_none())
    }

    /// Every resource that the ledger holds, ended ones and what came with the accounts included.
    #[must_use]
    pub fn ledger(&self) -> Vec<Resource> {
        self.filtered(|_, _| true)
    }

    fn filtered(&self, keep: impl Fn(&Resource, &BTreeMap<(Cloud, String), Resource>) -> bool) -> Vec<Resource> {
        self.shared.moment(|ledger| {
            let all = ledger.everything();
            all.values().filter(|resource| keep(resource, all)).cloned().collect()
        })
    }

    /// Marks everything that exists now as someone else's, and gives it: whoever cleans up later must not touch it.
    #[must_use]
    pub fn plant_foreign(&self) -> Vec<Resource> {
        self.shared.moment(|ledger| {
            ledger.disown();
            ledger.everything().values().filter(|resource| resource.foreign).cloned().collect()
        })
    }

    /// Changes a resource behind its owner's back, as someone with the console would. `false` when there is none.
    pub fn tamper(&self, cloud: Cloud, id: &str, change: impl FnOnce(&mut Resource)) -> bool {
        self.shared.moment(|ledger| ledger.get_mut(cloud, id).map(change).is_some())
    }

    /// Follows another fault plan from now on.
    pub fn follow(&self, plan: FaultPlan) {
        locked(&self.shared.faults).follow(plan);
    }

    /// What was called how often.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.record().counters.clone()
    }

    /// The number of calls that have arrived, as it grows: whoever wants to kill a client at its nth call waits here.
    #[must_use]
    pub fn calls(&self) -> watch::Receiver<u64> {
        self.shared.calls.subscribe()
    }

    /// All exchanges so far as JSON lines, in the order of their ends, without secrets.
    #[must_use]
    pub fn transcript(&self) -> String {
        let record = self.shared.record();
        let lines = record.exchanges.iter().filter_map(|exchange| serde_json::to_string(exchange).ok());
        lines.fold(String::new(), |text, line| text + &line + "\n")
    }

    /// The world's simulated time.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.shared.clock.now()
    }
}

impl Shared {
    fn new(
        config: Config,
        clock: Clock,
        faces: BTreeMap<Cloud, Arc<dyn Face>>,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Deed>) {
        let mut ledger = Ledger::new(clock.clone(), config.seed, config.hook.clone());
        for face in faces.values() {
            face.settle(&mut ledger);
        }
        let (deeds, told) = mpsc::unbounded_channel();
        let faults = Faults::new(config.faults.clone(), config.seed);
        let shared = Self {
            config,
            clock,
            faces,
            ledger: Mutex::new(ledger),
            faults: Mutex::new(faults),
            record: Mutex::default(),
            calls: watch::Sender::new(0),
            sooner: Notify::new(),
            deeds,
        };
        (Arc::new(shared), told)
    }

    async fn open(self: &Arc<Self>, cloud: Cloud, tasks: &mut Vec<AbortHandle>) -> io::Result<SocketAddr> {
        let face = self.faces.get(&cloud).ok_or_else(|| io::Error::other(format!("{cloud} has no face")))?;
        let (address, task) = serve(Arc::new(Front::new(Arc::clone(face), Arc::clone(self)))).await?;
        tasks.push(task);
        Ok(address)
    }
}
