//! Many looks at machines as one question, so that a cluster of a hundred asks no hundred times: whoever asks while an
//! answer is on its way shares the next question.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::{Either, select};
use ladybug_core::{ClusterUid, Disposition, Error, ErrorKind, Region, Result, cloud::Owner};
use tokio::{
    sync::{
        Mutex as Gate, OwnedMutexGuard,
        oneshot::{self, error::TryRecvError},
    },
    time::timeout_at,
};

use super::{client::Api, query::Form, shelf::MACHINES, tags, xml::Element};

/// A filter takes so many values (Amazon EC2 API Reference, `Filter`).
const MOST_VALUES: usize = 200;

/// What can be asked for together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    /// Machines by id.
    Ids(Region),
    /// Machines by their keys in one cluster.
    Keys(Region, ClusterUid),
}

impl Topic {
    fn form(&self, words: &BTreeSet<&str>) -> Form {
        match self {
            Self::Ids(_) => Form::new().filter("instance-id", words),
            Self::Keys(_, cluster) => {
                MACHINES.alive(Form::new()).filter(tags::CLUSTER_FILTER, [cluster]).filter(tags::KEY_FILTER, words)
            }
        }
    }
}

/// What everybody who shared a question is told.
type Told = Result<Arc<Vec<Element>>, Failure>;

/// Those who wait for the next question on one topic.
#[derive(Debug, Default)]
struct Line {
    gate: Arc<Gate<()>>,
    waiting: Vec<(String, oneshot::Sender<Told>)>,
}

/// Where questions are gathered.
#[derive(Debug, Default)]
pub(super) struct Desk(Mutex<BTreeMap<Topic, Line>>);

impl Desk {
    fn line<R>(&self, topic: &Topic, work: impl FnOnce(&mut Line) -> R) -> R {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|_, line| !line.waiting.is_empty() || Arc::strong_count(&line.gate) > 1);
        work(lines.entry(topic.clone()).or_default())
    }

    fn queue(&self, topic: &Topic, word: &str) -> (Arc<Gate<()>>, oneshot::Receiver<Told>) {
        let (tell, told) = oneshot::channel();
        self.line(topic, |line| {
            line.waiting.push((word.to_owned(), tell));
            (Arc::clone(&line.gate), told)
        })
    }

    /// Those of one question; whoever was cut off asks no more.
    fn take(&self, topic: &Topic) -> Vec<(String, oneshot::Sender<Told>)> {
        self.line(topic, |line| {
            line.waiting.retain(|(_, tell)| !tell.is_closed());
            let most = line.waiting.len().min(MOST_VALUES);
            line.waiting.drain(..most).collect()
        })
    }
}

/// A failure that is told to many.
#[derive(Clone, Debug)]
struct Failure {
    kind: ErrorKind,
    disposition: Disposition,
    message: Option<String>,
    remedy: Option<String>,
    context: Vec<(&'static str, String)>,
}

impl Failure {
    fn of(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            disposition: error.disposition(),
            message: error.message().map(str::to_owned),
            remedy: error.remedy().map(str::to_owned),
            context: error.context().map(|(name, value)| (name, value.to_owned())).collect(),
        }
    }

    fn into_error(self, what: &str) -> Error {
        let error = Error::new(self.kind, what.to_owned()).with_disposition(self.disposition);
        let error = self.message.into_iter().fold(error, Error::with_message);
        let error = self.remedy.into_iter().fold(error, Error::with_remedy);
        self.context.into_iter().fold(error, |error, (name, value)| error.with_context(name, value))
    }
}

/// The machine of that id; `None` when EC2 shows none.
pub(super) async fn machine(api: Api<'_>, id: &str) -> Result<Option<Element>> {
    let found = ask(api, &Topic::Ids(api.region.clone()), id).await?;
    Ok(found.iter().find(|machine| machine.word("instanceId") == Some(id)).cloned())
}

/// The owner's machines that are not gone.
pub(super) async fn machines_of(api: Api<'_>, owner: &Owner) -> Result<Vec<Element>> {
    let found = ask(api, &Topic::Keys(api.region.clone(), owner.cluster), owner.key.as_str()).await?;
    let theirs = |machine: &&Element| tags::owner(machine).is_some_and(|tagged| tagged.key == owner.key);
    Ok(found.iter().filter(theirs).cloned().collect())
}

/// Asks about `word`, by oneself or by somebody else who asks for many.
async fn ask(api: Api<'_>, topic: &Topic, word: &str) -> Result<Arc<Vec<Element>>> {
    loop {
        let (gate, told) = api.wire.desk().queue(topic, word);
        if let Some(told) = be_told(api, topic, &gate, told).await? {
            return Ok(told);
        }
    }
}

/// Waits to be told, and asks when it is one's turn; `None` when whoever asked was cut off before the answer.
async fn be_told(
    api: Api<'_>,
    topic: &Topic,
    gate: &Arc<Gate<()>>,
    mut told: oneshot::Receiver<Told>,
) -> Result<Option<Arc<Vec<Element>>>> {
    loop {
        let (said, own) = match within(api, select(&mut told, Box::pin(Arc::clone(gate).lock_owned()))).await? {
            Either::Left((said, _)) => (said.map_err(|_| TryRecvError::Closed), None),
            Either::Right((turn, _)) => match told.try_recv() {
                Err(TryRecvError::Empty) => {
                    let own = lead(api, topic, turn).await;
                    (told.try_recv(), own)
                }
                said => (said, None),
            },
        };
        match said {
            Ok(Ok(found)) => return Ok(Some(found)),
            Ok(Err(failure)) => return Err(own.unwrap_or_else(|| failure.into_error(api.what))),
            Err(TryRecvError::Closed) => return Ok(None),
            // Too many were before.
            Err(TryRecvError::Empty) => {}
        }
    }
}

/// Asks for those who wait, and tells them; the error, if there is one, is also given whole.
async fn lead(api: Api<'_>, topic: &Topic, _turn: OwnedMutexGuard<()>) -> Option<Error> {
    let party = api.wire.desk().take(topic);
    let words = party.iter().map(|(word, _)| word.as_str()).collect();
    let found = MACHINES.asked(api, topic.form(&words)).await.map(Arc::new);
    let told = found.as_ref().map(Arc::clone).map_err(Failure::of);
    for (_, tell) in party {
        // Whoever was cut off meanwhile does not listen.
        drop(tell.send(told.clone()));
    }
    found.err()
}

/// Waits for a turn, to the call's deadline.
async fn within<T>(api: Api<'_>, turn: impl Future<Output = T>) -> Result<T> {
    let Some(deadline) = api.cx.deadline else { return Ok(turn.await) };
    timeout_at(deadline, turn).await.map_err(|_| {
        api.error(ErrorKind::Timeout)
            .with_disposition(Disposition::Transient { after: None })
            .with_message("the deadline came while others were asking")
            .with_remedy("allow more time, or check the network")
    })
}
