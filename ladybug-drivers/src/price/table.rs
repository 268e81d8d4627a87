//! A table with a row a machine type: its size, and its price in each region.

use std::collections::BTreeMap;

use ladybug_core::{
    Region,
    cloud::Price,
    spec::{MachineSpec, Problem},
};

use super::{Size, arch, cheapest_first};

/// Millionths of a dollar in one unit of the table.
const UNIT: u64 = 10;

/// Machine types by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table(BTreeMap<String, Row>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    size: Size,
    prices: BTreeMap<String, Price>,
}

impl Table {
    /// Reads comma-separated text: a line of names (`type,vcpu,mib,arch,gpu` and the regions), then one line a type whose
    /// name passes `is_type`; prices in 100,000ths of a dollar an hour, nothing where the region does not have the type.
    /// Lines that begin with `#` are notes.
    ///
    /// # Errors
    /// Every line that does not fit, by its number.
    pub(crate) fn parse(text: &str, is_type: impl Fn(&str) -> bool) -> Result<Self, Vec<Problem>> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
        let header: Vec<&str> = lines.next().map(|(_, line)| line.split(',').collect()).unwrap_or_default();
        let regions = header.get(5..).unwrap_or_default();
        let (mut rows, mut problems) = (BTreeMap::new(), Vec::new());
        for (index, line) in lines {
            match row(line, regions).filter(|(name, _)| is_type(name)) {
                Some((name, row)) => _ = rows.insert(name, row),
                None => problems.push(Problem::new(format!("line {}", index + 1), "is not a line of prices")),
            }
        }
        if rows.is_empty() && problems.is_empty() {
            problems.push(Problem::new("line 1", "the table has no prices"));
        }
        if problems.is_empty() { Ok(Self(rows)) } else { Err(problems) }
    }

    /// What a type costs an hour in `region`, if known.
    pub(crate) fn price(&self, machine_type: &str, region: &Region) -> Option<Price> {
        self.0.get(machine_type)?.prices.get(region.as_str()).copied()
    }

    /// The types that fit a wish, cheapest in `region` first, those without a price there last.
    pub(crate) fn fitting(&self, wish: &MachineSpec, region: &Region) -> Vec<&str> {
        let here = |row: &Row| row.prices.get(region.as_str()).copied();
        cheapest_first(self.0.iter().map(|(name, row)| (name.as_str(), row.size, here(row))), wish)
    }

    /// How many types there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

fn row(line: &str, regions: &[&str]) -> Option<(String, Row)> {
    let mut words = line.split(',');
    let name = words.next()?.to_owned();
    let (vcpu, mib) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let (arch, gpu) = (arch(words.next()?)?, words.next()?.parse().ok()?);
    let mut prices = BTreeMap::new();
    for (region, price) in regions.iter().zip(words).filter(|(_, price)| !price.is_empty()) {
        prices.insert((*region).to_owned(), Price::from_micros(price.parse::<u64>().ok()?.checked_mul(UNIT)?));
    }
    Some((name, Row { size: Size { vcpu, mib, arch, gpu }, prices }))
}
