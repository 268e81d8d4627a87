//! Random bytes that the seed decides.

use std::sync::{Arc, Mutex, PoisonError};

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

use crate::{error::Result, time::Entropy};

/// Random bytes that the seed decides. Clones draw from one stream, so no two of them give the same bytes.
#[derive(Clone, Debug)]
pub struct SimEntropy(Arc<Mutex<ChaCha20Rng>>);

impl SimEntropy {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }
}

impl Entropy for SimEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(entropy: &SimEntropy) -> [u8; 32] {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn equal_seeds_give_equal_bytes_and_clones_share_one_stream() {
        let (one, other) = (SimEntropy::new(7), SimEntropy::new(7));
        let first = draw(&one);
        assert_eq!(first, draw(&other));
        assert_ne!(first, draw(&one.clone()));
        assert_eq!(draw(&one), {
            draw(&other);
            draw(&other)
        });
        assert_ne!(first, draw(&SimEntropy::new(8)));
    }
}
