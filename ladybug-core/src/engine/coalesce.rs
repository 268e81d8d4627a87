//! One run for everybody who asked before it began.

use std::future::Future;

use tokio::sync::Mutex;

use crate::error::Result;

/// Answers of a repeatable question. Whoever asks gets an answer whose run began after the asking; those who wait
/// at the same time share one run.
#[derive(Debug)]
pub(super) struct Coalesced<T>(Mutex<Option<(u64, T)>>);

impl<T> Default for Coalesced<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Coalesced<T> {
    /// Answers the asker with ticket `asked`; `begin` draws the ticket of a new run, and `run` is that run.
    ///
    /// Cancel safe: an asker that is dropped in the middle of its run leaves the next one to run.
    pub(super) async fn get<F, R>(&self, asked: u64, begin: impl FnOnce() -> u64, run: R) -> Result<T>
    where
        F: Future<Output = Result<T>>,
        R: FnOnce() -> F,
    {
        let mut last = self.0.lock().await;
        if let Some((_, answer)) = last.as_ref().filter(|(began, _)| *began > asked) {
            return Ok(answer.clone());
        }
        let began = begin();
        let answer = run().await?;
        *last = Some((began, answer.clone()));
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_thousand_askers_share_two_runs() {
        let (ticket, runs, shared) = (AtomicU64::new(0), AtomicU64::new(0), Coalesced::default());
        let draw = || ticket.fetch_add(1, Ordering::Relaxed) + 1;
        let ask = || async {
            let asked = draw();
            let run = || async {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                Ok(runs.fetch_add(1, Ordering::Relaxed))
            };
            shared.get(asked, draw, run).await
        };
        let answers = join_all((0..1000).map(|_| ask())).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(runs.into_inner(), 2, "one for the first, one for all who asked while it ran");
    }
}
