//! A driver that plays a script.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use ladybug_core::{
    ClusterName, ClusterUid, Disposition, Error, ErrorKind, NodeName, ProviderName, Region, ResourceId, ResourceKey,
    Result, Secret,
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, Location, MachineChoice, MachineQuery, MachineSpec, Offer,
        Owner, Resource, ResourceDetail, ResourceKind, ResourceRef, ResourceSpec, ResourceStatus,
    },
    spec::{Arch, RootDisk},
};
use tokio::time::{Instant, sleep};

pub(crate) const TRANSIENT: Disposition = Disposition::Transient { after: None };

/// What the fake does with one call: takes time, then shows a resource of that status, nothing, or an error.
#[derive(Clone, Debug)]
pub(crate) struct Play {
    takes: Duration,
    answer: Result<Option<ResourceStatus>, (ErrorKind, Disposition)>,
}

impl Play {
    pub(crate) fn takes(mut self, time: Duration) -> Self {
        self.takes = time;
        self
    }
}

pub(crate) fn shows(status: ResourceStatus) -> Play {
    Play { takes: Duration::ZERO, answer: Ok(Some(status)) }
}

pub(crate) fn ready() -> Play {
    shows(ResourceStatus::Ready)
}

pub(crate) fn nothing() -> Play {
    Play { takes: Duration::ZERO, answer: Ok(None) }
}

pub(crate) fn fails(kind: ErrorKind, disposition: Disposition) -> Play {
    Play { takes: Duration::ZERO, answer: Err((kind, disposition)) }
}

pub(crate) fn unavailable() -> Play {
    fails(ErrorKind::Unavailable, TRANSIENT)
}

pub(crate) fn unsure() -> Play {
    fails(ErrorKind::Timeout, Disposition::Ambiguous)
}

/// A call as the fake heard it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) verb: &'static str,
    pub(crate) attempt: u32,
    pub(crate) deadline: Option<Instant>,
    pub(crate) at: Instant,
}

pub(crate) struct Fake {
    script: Box<dyn Fn(usize) -> Play + Send + Sync>,
    settle: Duration,
    heard: Mutex<Vec<Heard>>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

impl Fake {
    /// Plays `script` of the number of the call, from 0.
    pub(crate) fn of(script: impl Fn(usize) -> Play + Send + Sync + 'static) -> Arc<Self> {
        Self::settling(Duration::ZERO, script)
    }

    /// Plays the list, then its last play for ever.
    pub(crate) fn list<const N: usize>(plays: [Play; N]) -> Arc<Self> {
        Self::of(move |n| plays[n.min(N - 1)].clone())
    }

    pub(crate) fn settling(settle: Duration, script: impl Fn(usize) -> Play + Send + Sync + 'static) -> Arc<Self> {
        crate::trace::listen();
        Arc::new(Self {
            script: Box::new(script),
            settle,
            heard: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        })
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.heard().len()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    pub(crate) fn most_in_flight(&self) -> usize {
        self.most_in_flight.load(Ordering::SeqCst)
    }

    /// The pauses between the calls.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.heard().windows(2).map(|pair| pair[1].at - pair[0].at).collect()
    }

    async fn play(&self, verb: &'static str, cx: &Call) -> Result<Option<ResourceStatus>> {
        let number = {
            let mut heard = self.heard.lock().unwrap();
            heard.push(Heard { verb, attempt: cx.attempt, deadline: cx.deadline, at: Instant::now() });
            heard.len() - 1
        };
        let _guard = Flight::begin(self);
        let play = (self.script)(number);
        sleep(play.takes).await;
        play.answer.map_err(|(kind, disposition)| Error::new(kind, "play").with_disposition(disposition))
    }
}

/// Counts a call for as long as it is not dropped.
struct Flight<'a>(&'a Fake);

impl<'a> Flight<'a> {
    fn begin(fake: &'a Fake) -> Self {
        let now = fake.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        fake.most_in_flight.fetch_max(now, Ordering::SeqCst);
        Self(fake)
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl CloudDriver for Fake {
    fn provider(&self) -> ProviderName {
        ProviderName::new("fake").unwrap()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::none().with_settle(self.settle)
    }

    async fn resolve(&self, cx: &Call, _: &MachineQuery) -> Result<MachineChoice> {
        self.play("resolve", cx).await?;
        Ok(MachineChoice::new("image", Arch::Amd64, vec![offer()]))
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, _: &Location, _: &ResourceSpec) -> Result<Resource> {
        let status = self.play("ensure", cx).await?.unwrap_or(ResourceStatus::Pending);
        Ok(Resource::new(reference("m-1"), owner.clone(), status, ResourceDetail::None))
    }

    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        let status = self.play("get", cx).await?;
        Ok(status.map(|status| Resource::new(resource.clone(), owner("machine/a"), status, machine_detail())))
    }

    async fn delete(&self, cx: &Call, _: &ResourceRef) -> Result<Deletion> {
        Ok(self.play("delete", cx).await?.map_or(Deletion::AlreadyAbsent, |_| Deletion::Started))
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, _: &Action) -> Result<Resource> {
        let status = self.play("act", cx).await?.unwrap_or(ResourceStatus::Pending);
        Ok(Resource::new(resource.clone(), owner("machine/a"), status, ResourceDetail::None))
    }

    /// Two resources, then what the script says.
    fn list_owned<'a>(&'a self, cx: &'a Call, _: &'a ClusterUid, _: &'a Location) -> BoxStream<'a, Result<Resource>> {
        let item =
            |id| Ok(Resource::new(reference(id), owner("machine/a"), ResourceStatus::Ready, ResourceDetail::None));
        let end = async move { self.play("list_owned", cx).await.err().map(Err) };
        stream::iter([item("m-1"), item("m-2")]).chain(stream::once(end).filter_map(async |end| end)).boxed()
    }
}

pub(crate) fn reference(id: &str) -> ResourceRef {
    let provider = ProviderName::new("fake").unwrap();
    ResourceRef::new(provider, at(), ResourceKind::Machine, ResourceId::new(id).unwrap())
}

pub(crate) fn at() -> Location {
    Location::region(Region::new("seoul").unwrap())
}

pub(crate) fn cluster() -> ClusterUid {
    "0193b3a0-0000-7000-8000-000000000001".parse().unwrap()
}

pub(crate) fn owner(key: &str) -> Owner {
    Owner::new(cluster(), ClusterName::new("demo").unwrap(), ResourceKey::new(key).unwrap())
}

pub(crate) fn query() -> MachineQuery {
    let region = Region::new("seoul").unwrap();
    MachineQuery::new(region, Default::default(), Default::default(), RootDisk::default(), 3)
}

/// A machine with this first-boot data.
pub(crate) fn machine(user_data: &str) -> ResourceSpec {
    ResourceSpec::Machine(MachineSpec {
        name: NodeName::new("demo-w-1").unwrap(),
        network: reference("n-1"),
        firewall: reference("f-1"),
        ssh_key: reference("k-1"),
        offer: offer(),
        image: "image".to_owned(),
        arch: Arch::Amd64,
        disk: RootDisk::default(),
        spot: false,
        user_data: Secret::new(user_data.to_owned()),
    })
}

fn offer() -> Offer {
    Offer::new("small", None, None)
}

fn machine_detail() -> ResourceDetail {
    ResourceDetail::Machine { private_ip: Some([10, 0, 0, 1].into()), public_ip: None, offer: offer(), access: None }
}
