//! What the drivers' price tables share: how large machine types are, which fit a wish, and tables with a row a type.

mod size;
#[cfg(any(feature = "aws", feature = "azure"))]
mod table;

pub(crate) use size::{Size, arch, cheapest_first};
#[cfg(any(feature = "aws", feature = "azure"))]
pub(crate) use table::Table;
