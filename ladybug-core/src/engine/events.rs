//! What happened and happens to one cluster, from a cursor on.

use std::{collections::VecDeque, sync::Arc};

use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::client::Shared;
use crate::{
    error::{Error, Result},
    event::{Event, EventKind, PER_ENTRY, number, transient_seq},
    id::ClusterUid,
    state::ClusterState,
};

/// Reads the log first and then listens; reads the log again when it was too slow.
#[derive(Debug)]
struct Reader {
    shared: Arc<Shared>,
    uid: ClusterUid,
    heard: Receiver<Event>,
    backlog: VecDeque<Event>,
    last: u64,
    behind: bool,
}

/// The events of the cluster with a greater `seq` than `after`; ends after an error.
pub(super) fn follow(shared: Arc<Shared>, uid: ClusterUid, after: u64) -> BoxStream<'static, Result<Event>> {
    let heard = shared.bus.listen();
    let reader = Reader { shared, uid, heard, backlog: VecDeque::new(), last: after, behind: true };
    stream::unfold(Some(reader), |reader| async move {
        let mut reader = reader?;
        match reader.next().await? {
            Ok(event) => Some((Ok(event), Some(reader))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

/// Whether it is not in the log; its number is that of the entry before it, which may have caused several events.
fn is_passing(event: &Event) -> bool {
    matches!(event.kind, EventKind::Progress { .. } | EventKind::Retry { .. })
}

impl Reader {
    async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if let Some(event) = self.backlog.pop_front() {
                if !is_passing(&event) {
                    self.last = event.seq;
                }
                return Some(Ok(event));
            }
            if self.behind {
                self.behind = false;
                match self.read().await {
                    Ok(backlog) => self.backlog = backlog,
                    Err(error) => return Some(Err(error)),
                }
                continue;
            }
            match self.heard.recv().await {
                Ok(event) if self.is_new(&event) => self.backlog.push_back(event),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn is_new(&self, event: &Event) -> bool {
        let of_last_entry = || is_passing(event) && event.seq >= transient_seq(self.last / PER_ENTRY);
        event.cluster == self.uid && (event.seq > self.last || of_last_entry())
    }

    async fn read(&self) -> Result<VecDeque<Event>> {
        let record = self.shared.store.get(&self.uid).await?;
        let Some((record, _)) = record else { return Ok(VecDeque::new()) };
        let mut state = ClusterState::new(self.uid, Arc::new(record.spec));
        let mut events = VecDeque::new();
        let see = |entry, kinds| events.extend(number(self.uid, &entry, kinds).filter(|event| event.seq > self.last));
        self.shared.replay(&mut state, see).await?;
        Ok(events)
    }
}
