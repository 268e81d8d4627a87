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
    /// The table that comes with the driver: common types of the B, D, E, F and NC families in 46 regions, on demand,
    /// Linux, from apache-libcloud 3.9.1, which dates its data 2023-08-06. Types of the fifth generation have no price.
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
        Table::parse(text, |name| name.starts_with("Standard_")).map(|table| Self(Arc::new(table)))
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
        assert!(table.0.len() > 80, "{}", table.0.len());
        let price = table.price("Standard_B2s", &region("koreacentral")).unwrap();
        assert_eq!(price.to_string(), "$0.0520/h");
        assert_eq!(table.price("Standard_B2s", &region("moon")), None);
    }

    #[test]
    fn the_cheapest_that_fits_comes_first() {
        let table = PriceTable::embedded();
        let mut wish = MachineSpec::default();
        assert_eq!(table.fitting(&wish, &region("koreacentral"))[0], "Standard_B2s");
        wish.arch = Arch::Arm64;
        assert_eq!(table.fitting(&wish, &region("koreacentral"))[0], "Standard_D2ps_v5");
        (wish.arch, wish.gpu) = (Arch::Amd64, 1);
        assert_eq!(table.fitting(&wish, &region("eastus"))[0], "Standard_NC4as_T4_v3");
    }

    #[test]
    fn every_bad_line_is_named() {
        let text = "type,vcpu,mib,arch,gpu,r-1\nStandard_X,2,4,amd64,0,5\nbad\nStandard_Y,2,4,sparc,0,5";
        assert_eq!(PriceTable::parse(text).unwrap_err().len(), 2);
        assert!(PriceTable::parse("").is_err());
    }
}
