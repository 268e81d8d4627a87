//! Ids and chances that the seed decides.

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

/// A seeded source of ids.
#[derive(Clone, Debug)]
pub(crate) struct Chance(ChaCha20Rng);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    /// `length` hexadecimal digits.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        let mut text = String::new();
        while text.len() < length {
            text.push_str(&format!("{:016x}", self.0.next_u64()));
        }
        text.truncate(length);
        text
    }

    /// A UUID in its usual form.
    pub(crate) fn uuid(&mut self) -> String {
        [8, 4, 4, 4, 12].map(|length| self.hex(length)).join("-")
    }

    /// Whether something of that chance, in thousandths, happens.
    pub(crate) fn per_mille(&mut self, chance: u32) -> bool {
        self.0.next_u64() % 1_000 < u64::from(chance)
    }
}
