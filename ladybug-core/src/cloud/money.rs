//! Prices.

use std::{fmt, iter::Sum, ops::Add};

use serde::{Deserialize, Serialize};

/// US dollars an hour, in millionths, so that sums are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Price(u64);

impl Price {
    /// Makes a price from millionths of a dollar an hour.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Millionths of a dollar an hour.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }
}

impl Add for Price {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Price {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}.{:04}/h", self.0 / 1_000_000, self.0 % 1_000_000 / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_add_exactly_and_show_four_digits() {
        let sum: Price = [41_600, 41_600, 10_400].map(Price::from_micros).into_iter().sum();
        assert_eq!(sum.to_string(), "$0.0936/h");
    }
}
