//! Answering calls from a cassette.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};

use super::{
    Answer, Ask, Cassette, Request,
    cassette::{Head, Outcome, damaged, digest},
};
use crate::{
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, Location, MachineChoice, MachineQuery, Owner, Resource,
        ResourceRef, ResourceSpec,
    },
    error::{Error, ErrorKind, Result},
    id::{ClusterUid, ProviderName},
};

/// A driver without a cloud: gives each call the next answer that an equal call got when the [`Cassette`] was made,
/// errors with their kind and disposition, and refuses every other.
#[derive(Debug)]
pub struct ReplayDriver {
    head: Head,
    left: Mutex<BTreeMap<String, VecDeque<Outcome>>>,
}

impl ReplayDriver {
    /// Makes a driver with what the cassette holds now.
    #[must_use]
    pub fn new(cassette: &Cassette) -> Self {
        let mut left = BTreeMap::<_, VecDeque<_>>::new();
        for entry in cassette.entries().iter() {
            left.entry(entry.digest.clone()).or_default().push_back(entry.outcome.clone());
        }
        Self { head: cassette.head.clone(), left: Mutex::new(left) }
    }

    fn answer<T: Answer>(&self, cx: &Call, request: Request<'_>) -> Result<T> {
        let ask = Ask::new(self.provider(), *cx, request);
        match self.next(&digest(&request)).ok_or_else(|| refused(&ask))? {
            Outcome::Answer(value) => serde_json::from_value(value).map_err(|cause| damaged(ask.to_string(), cause)),
            Outcome::Error(report) => Err(report.into()),
        }
    }

    fn next(&self, digest: &str) -> Option<Outcome> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).get_mut(digest)?.pop_front()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CloudDriver for ReplayDriver {
    fn provider(&self) -> ProviderName {
        self.head.provider.clone()
    }

    fn capabilities(&self) -> Capabilities {
        self.head.capabilities.clone()
    }

    async fn resolve(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        self.answer(cx, Request::Resolve { query })
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        self.answer(cx, Request::Ensure { owner, at, spec })
    }

    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        self.answer(cx, Request::Get { resource })
    }

    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        self.answer(cx, Request::Delete { resource })
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        self.answer(cx, Request::Act { resource, action })
    }

    fn list_owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        match self.answer::<Vec<Resource>>(cx, Request::ListOwned { cluster, at }) {
            Ok(list) => stream::iter(list.into_iter().map(Ok)).boxed(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }
}

fn refused(ask: &Ask<'_>) -> Error {
    Error::new(ErrorKind::Unexpected, ask.to_string())
        .with_message("the cassette has no answer, or no further one, to this call")
        .with_remedy("make the calls that were recorded, or record anew")
}
