//! Machine types with their size and price, as a table that comes with the driver and can be replaced.

use std::sync::Arc;

use ladybug_core::{
    Region,
    cloud::Price,
    spec::{MachineSpec, Problem},
};

use crate::price::Table;

const EMBEDDED: &str = include_str!("prices.csv");

/// Machine types with their size, and what they cost on demand in each region. Clones share the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTable(Arc<Table>);

impl PriceTable {
    /// The table that comes with the driver: common types of the T, M, C, R, G and P families in 30 regions, on
    /// demand, Linux, from apache-libcloud 3.9.1, which dates its data 2023-08-06. Types with GPUs have no price.
    #[must_use]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("a test parses the embedded table")
    }

    /// Reads a table as comma-separated text: a line of names (`type,vcpu,mib,arch,gpu` and the regions), then one
    /// line a type; prices in 100,000ths of a dollar an hour, nothing where the region does not have the type. Lines
    /// that begin with `#` are notes.
    ///
    /// # Errors
    /// Every line that does not fit, by its number.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        Table::parse(text, |name| name.contains('.')).map(|table| Self(Arc::new(table)))
    }

    /// What a type costs an hour in `region`, if known.
    #[must_use]
    pub fn price(&self, machine_type: &str, region: &Region) -> Option<Price> {
        self.0.price(machine_type, region)
    }

    /// The types that fit a wish, cheapest in `region` first, those without a price there last.
    pub(super) fn fitting(&self, wish: &MachineSpec, region: &Region) -> Vec<&str> {
        self.0.fitting(wish, region)
    }
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
        assert!(EMBEDDED.len() < 60_000, "{}", EMBEDDED.len());
        assert!(table.0.len() > 150, "{}", table.0.len());
        let price = table.price("t3.medium", &region("ap-northeast-2")).unwrap();
        assert_eq!(price.to_string(), "$0.0520/h");
        assert_eq!(table.price("t3.medium", &region("moon-1")), None);
    }

    #[test]
    fn the_cheapest_that_fits_comes_first() {
        let table = PriceTable::embedded();
        let mut wish = MachineSpec::default();
        assert_eq!(table.fitting(&wish, &region("us-east-1"))[0], "t3a.medium");
        wish.arch = Arch::Arm64;
        assert_eq!(table.fitting(&wish, &region("us-east-1"))[0], "t4g.medium");
        wish.gpu = 1;
        assert_eq!(table.fitting(&wish, &region("us-east-1"))[0], "g5g.xlarge");
        assert!(!table.fitting(&wish, &region("moon-1")).is_empty());
    }

    #[test]
    fn every_bad_line_is_named() {
        let problems =
            PriceTable::parse("type,vcpu,mib,arch,gpu,r-1\nx.y,2,4,amd64,0,5\nbad\nx.z,2,4,sparc,0,5").unwrap_err();
        assert_eq!(problems.len(), 2);
        assert!(PriceTable::parse("").is_err());
    }
}
