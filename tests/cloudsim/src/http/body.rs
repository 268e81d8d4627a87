//! Bodies that come slowly or not whole.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::time::{Sleep, sleep};

/// A body in pieces.
#[derive(Debug)]
pub(crate) struct Pieces {
    left: VecDeque<Bytes>,
    gap: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    breaks: bool,
}

/// How many pieces a slow body has.
const PIECES: u32 = 8;

/// How long the server takes at most to send what it has.
const MOMENT: Duration = Duration::from_millis(20);

impl Pieces {
    /// The first half of the body, and after a moment, in which it is sent, an error.
    pub(crate) fn truncated(whole: Bytes) -> Self {
        let half = whole.slice(..whole.len() / 2);
        Self { left: VecDeque::from([half]), gap: MOMENT, sleep: None, breaks: true }
    }

    /// The whole body, over a span.
    pub(crate) fn slow(whole: Bytes, span: Duration) -> Self {
        let size = whole.len().div_ceil(PIECES as usize).max(1);
        let starts = (0..whole.len()).step_by(size);
        let left = starts.map(|start| whole.slice(start..whole.len().min(start + size))).collect();
        Self { left, gap: span / PIECES, sleep: None, breaks: false }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !self.gap.is_zero() {
            let gap = self.gap;
            let nap = self.sleep.get_or_insert_with(|| Box::pin(sleep(gap)));
            ready!(nap.as_mut().poll(cx));
            self.sleep = None;
        }
        Poll::Ready(match self.left.pop_front() {
            Some(piece) => Some(Ok(Frame::data(piece))),
            None if self.breaks => Some(Err(io::ErrorKind::ConnectionAborted.into())),
            None => None,
        })
    }
}
