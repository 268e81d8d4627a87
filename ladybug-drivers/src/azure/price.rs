//! Machine types with their size and price, as a table that comes with the driver and can be replaced.

use std::{collections::BTreeMap, sync::Arc};

use ladybug_core::{
    Region,
    cloud::Price,
    spec::{Arch, MachineSpec, Problem},
};

const EMBEDDED: &str = include_str!("prices.csv");
/// Millionths of a dollar in one unit of the table.
const UNIT: u64 = 10;

/// Machine types with their size, and what they cost on demand in each region. Clones share the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTable(Arc<BTreeMap<String, Row>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    size: Size,
    prices: BTreeMap<String, Price>,
}

/// How large a machine type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) vcpu: u32,
    pub(super) mib: u64,
    pub(super) arch: Arch,
    pub(super) gpu: u32,
}

impl Size {
    /// Whether it has at least what is wished for. Types with GPUs are for those who want GPUs.
    pub(super) fn fits(&self, wish: &MachineSpec) -> bool {
        self.arch == wish.arch
            && self.vcpu >= wish.vcpu
            && self.mib >= u64::from(wish.memory_gib) * 1024
            && self.gpu >= wish.gpu
            && (self.gpu == 0 || wish.gpu > 0)
    }
}

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
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
        let header: Vec<&str> = lines.next().map(|(_, line)| line.split(',').collect()).unwrap_or_default();
        let regions = header.get(5..).unwrap_or_default();
        let (mut rows, mut problems) = (BTreeMap::new(), Vec::new());
        for (index, line) in lines {
            match row(line, regions) {
                Some((name, row)) => _ = rows.insert(name, row),
                None => problems.push(Problem::new(format!("line {}", index + 1), "is not a line of prices")),
            }
        }
        if rows.is_empty() && problems.is_empty() {
            problems.push(Problem::new("line 1", "the table has no prices"));
        }
        if problems.is_empty() { Ok(Self(Arc::new(rows))) } else { Err(problems) }
    }

    /// What a type costs an hour in `region`, if known.
    #[must_use]
    pub fn price(&self, machine_type: &str, region: &Region) -> Option<Price> {
        self.0.get(machine_type)?.prices.get(region.as_str()).copied()
    }

    /// The types that fit a wish, cheapest in `region` first, those without a price there last.
    pub(super) fn fitting(&self, wish: &MachineSpec, region: &Region) -> Vec<&str> {
        let fits = self.0.iter().filter(|(_, row)| row.size.fits(wish));
        let rank = |row: &Row| {
            let here = row.prices.get(region.as_str()).copied();
            (here.is_none(), here, row.size.vcpu, row.size.mib)
        };
        let mut ranked: Vec<_> = fits.map(|(name, row)| (rank(row), name.as_str())).collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, name)| name).collect()
    }
}

fn row(line: &str, regions: &[&str]) -> Option<(String, Row)> {
    let mut words = line.split(',');
    let name = words.next().filter(|name| name.starts_with("Standard_"))?.to_owned();
    let (vcpu, mib) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let arch = match words.next()? {
        "amd64" => Arch::Amd64,
        "arm64" => Arch::Arm64,
        _ => return None,
    };
    let gpu = words.next()?.parse().ok()?;
    let mut prices = BTreeMap::new();
    for (region, price) in regions.iter().zip(words).filter(|(_, price)| !price.is_empty()) {
        prices.insert((*region).to_owned(), Price::from_micros(price.parse::<u64>().ok()?.checked_mul(UNIT)?));
    }
    Some((name, Row { size: Size { vcpu, mib, arch, gpu }, prices }))
}

#[cfg(test)]
mod tests {
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
