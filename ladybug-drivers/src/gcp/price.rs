//! Machine types with their size and price, as a table that comes with the driver and can be replaced.

use std::{collections::BTreeMap, sync::Arc};

use ladybug_core::{
    Region,
    cloud::Price,
    spec::{MachineSpec, Problem},
};

use crate::price::{self, Size, cheapest_first};

const EMBEDDED: &str = include_str!("prices.csv");
/// Memory has its price by the GiB.
const GIB: u64 = 1024;

/// Machine types with their size, and what they cost on demand in each region. Clones share the table.
///
/// Google sells processors and memory, so the table has a price for one of each by family and region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTable(Arc<Table>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Table {
    types: BTreeMap<String, Row>,
    /// Millionths of a dollar an hour, by family and region.
    processors: BTreeMap<(String, String), u64>,
    memory: BTreeMap<(String, String), u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    family: String,
    size: Size,
    /// Processors that are paid for, in thousandths: shared ones cost less.
    paid: u64,
}

impl PriceTable {
    /// The table that comes with the driver: common types of the E2, N1, N2, N2D, C2, T2A, C4A, A2 and G2 families; prices
    /// on demand, Linux, in 22 regions, from apache-libcloud 3.9.1, which dates its data 2023-08-06. The last four
    /// families have no price there.
    #[must_use]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("a test parses the embedded table")
    }

    /// Reads a table as comma-separated text: a line of names (`family,part` and the regions); lines with the price of one
    /// processor (`FAMILY,cpu,…`) or one GiB of memory (`FAMILY,ram,…`) in millionths of a dollar an hour, nothing where
    /// the region does not have the family; lines of types (name, family, processors, thousandths of a processor that are
    /// paid for, MiB, `amd64` or `arm64`, GPUs). Lines that begin with `#` are notes.
    ///
    /// # Errors
    /// Every line that does not fit, by its number.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
        let header: Vec<&str> = lines.next().map(|(_, line)| line.split(',').collect()).unwrap_or_default();
        let regions = header.get(2..).unwrap_or_default();
        let (mut table, mut problems) = (Table::default(), Vec::new());
        for (index, line) in lines {
            if table.read(line, regions).is_none() {
                problems.push(Problem::new(format!("line {}", index + 1), "is not a line of prices or of a type"));
            }
        }
        if table.types.is_empty() && problems.is_empty() {
            problems.push(Problem::new("line 1", "the table has no types"));
        }
        if problems.is_empty() { Ok(Self(Arc::new(table))) } else { Err(problems) }
    }

    /// What a type costs an hour in `region`, if known.
    #[must_use]
    pub fn price(&self, machine_type: &str, region: &Region) -> Option<Price> {
        let row = self.0.types.get(machine_type)?;
        let place = (row.family.clone(), region.to_string());
        let (processor, memory) = (self.0.processors.get(&place)?, self.0.memory.get(&place)?);
        Some(Price::from_micros((processor * row.paid).div_ceil(1000) + (memory * row.size.mib).div_ceil(GIB)))
    }

    /// The types that fit a wish, cheapest in `region` first, those without a price there last.
    pub(super) fn fitting(&self, wish: &MachineSpec, region: &Region) -> Vec<&str> {
        let types = self.0.types.iter().map(|(name, row)| (name.as_str(), row.size, self.price(name, region)));
        cheapest_first(types, wish)
    }
}

impl Table {
    fn read(&mut self, line: &str, regions: &[&str]) -> Option<()> {
        let words: Vec<&str> = line.split(',').collect();
        match words.as_slice() {
            [family, "cpu", prices @ ..] => rates(&mut self.processors, family, regions, prices),
            [family, "ram", prices @ ..] => rates(&mut self.memory, family, regions, prices),
            [name, family, vcpu, paid, mib, arch, gpu] => {
                let arch = price::arch(arch)?;
                let size = Size { vcpu: vcpu.parse().ok()?, mib: mib.parse().ok()?, arch, gpu: gpu.parse().ok()? };
                let row = Row { family: (*family).to_owned(), size, paid: u64::from(paid.parse::<u32>().ok()?) };
                self.types.insert((*name).to_owned(), row);
                Some(())
            }
            _ => None,
        }
    }
}

fn rates(table: &mut BTreeMap<(String, String), u64>, family: &str, regions: &[&str], prices: &[&str]) -> Option<()> {
    for (region, price) in regions.iter().zip(prices).filter(|(_, price)| !price.is_empty()) {
        table.insert((family.to_owned(), (*region).to_owned()), u64::from(price.parse::<u32>().ok()?));
    }
    (prices.len() == regions.len()).then_some(())
}

#[cfg(test)]
mod tests {
    use ladybug_core::spec::Arch;

    use super::*;

    fn region(name: &str) -> Region {
        Region::new(name).unwrap()
    }

    #[test]
    fn the_embedded_table_is_whole_and_small() {
        let table = PriceTable::parse(EMBEDDED).unwrap();
        assert!(EMBEDDED.len() < 10_000, "{}", EMBEDDED.len());
        assert!(table.0.types.len() > 100, "{}", table.0.types.len());
        // 2 processors at $0.021812 and 8 GiB at $0.002924.
        assert_eq!(table.price("e2-standard-2", &region("us-central1")).unwrap().micros(), 67_016);
        // Shared processors: 2, of which one is paid for.
        assert_eq!(table.price("e2-medium", &region("us-central1")).unwrap().micros(), 21_812 + 4 * 2_924);
        assert_eq!(table.price("e2-medium", &region("moon-1")), None);
        assert_eq!(table.price("t2a-standard-1", &region("us-central1")), None);
    }

    #[test]
    fn the_cheapest_that_fits_comes_first() {
        let (table, here) = (PriceTable::embedded(), region("us-central1"));
        let mut wish = MachineSpec::default();
        assert_eq!(table.fitting(&wish, &here)[0], "e2-medium");
        wish.memory_gib = 8;
        assert_eq!(table.fitting(&wish, &here)[0], "e2-standard-2");
        wish.arch = Arch::Arm64;
        assert_eq!(table.fitting(&wish, &here)[0], "c4a-standard-2");
        (wish.gpu, wish.arch) = (1, Arch::Amd64);
        assert_eq!(table.fitting(&wish, &here)[0], "g2-standard-4");
        assert!(!table.fitting(&wish, &region("moon-1")).is_empty());
    }

    #[test]
    fn every_bad_line_is_named() {
        let text = "family,part,r-1\ne2,cpu,5,6\ne2,ram,x\ne2-x,e2,2,2000,4096,sparc,0\ne2-y,e2,2,2000,4096,amd64,0";
        assert_eq!(PriceTable::parse(text).unwrap_err().len(), 3);
        assert!(PriceTable::parse("").is_err());
    }
}
