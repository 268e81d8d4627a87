//! The questions of planning.

use serde::{Deserialize, Serialize};

use super::Price;
use crate::{
    id::{Region, Zone},
    spec::{Arch, ImageSpec, MachineSpec, RootDisk},
};

/// A question of planning: which machine fits these wishes?
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MachineQuery {
    /// Where.
    pub region: Region,
    /// Acceptable zones in order of preference; any when empty.
    pub zones: Vec<Zone>,
    /// The machine.
    pub machine: MachineSpec,
    /// What it boots.
    pub image: ImageSpec,
    /// Its root disk.
    pub disk: RootDisk,
    /// Whether the cloud may take it back.
    pub spot: bool,
    /// How many are wanted, for the check of quotas.
    pub count: u32,
}

impl MachineQuery {
    /// Asks for `count` machines in `region`.
    #[must_use]
    pub fn new(region: Region, machine: MachineSpec, image: ImageSpec, disk: RootDisk, count: u32) -> Self {
        Self { region, zones: Vec::new(), machine, image, disk, spot: false, count }
    }

    /// The same question for these zones only.
    #[must_use]
    pub fn with_zones(mut self, zones: Vec<Zone>) -> Self {
        self.zones = zones;
        self
    }

    /// The same question for machines that the cloud may take back.
    #[must_use]
    pub fn with_spot(mut self, spot: bool) -> Self {
        self.spot = spot;
        self
    }
}

/// The answer: exact, with no choice left but the order of offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MachineChoice {
    /// The image's id.
    pub image: String,
    /// Its architecture.
    pub arch: Arch,
    /// What to ask for, best first; the next is tried when the cloud has no capacity. Never empty.
    pub offers: Vec<Offer>,
}

impl MachineChoice {
    /// Makes an answer.
    #[must_use]
    pub fn new(image: impl Into<String>, arch: Arch, offers: Vec<Offer>) -> Self {
        Self { image: image.into(), arch, offers }
    }
}

/// One machine type in one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Offer {
    /// The cloud's name of the type.
    pub machine_type: String,
    /// The zone; `None` where the cloud has none.
    pub zone: Option<Zone>,
    /// What it costs, if known.
    pub price: Option<Price>,
}

impl Offer {
    /// Makes an offer.
    #[must_use]
    pub fn new(machine_type: impl Into<String>, zone: Option<Zone>, price: Option<Price>) -> Self {
        Self { machine_type: machine_type.into(), zone, price }
    }
}
