//! Writing calls down.

use super::{Answer, Ask, Cassette, Layer, Next};
use crate::error::Result;

/// Writes every call that is answered, and its answer, to a [`Cassette`].
#[derive(Clone, Debug)]
pub struct RecordLayer(Cassette);

impl RecordLayer {
    /// Makes a layer that writes to `cassette`.
    #[must_use]
    pub const fn new(cassette: Cassette) -> Self {
        Self(cassette)
    }
}

impl Layer for RecordLayer {
    async fn around<T: Answer>(&self, ask: &Ask<'_>, next: Next<'_, T>) -> Result<T> {
        let answer = next(ask.call).await;
        self.0.record(ask, &answer);
        answer
    }
}
