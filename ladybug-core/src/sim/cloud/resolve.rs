//! From wishes to offers.

use super::state::{Cloud, refused};
use crate::{
    cloud::{MachineChoice, MachineQuery, Offer, ResourceKind},
    error::{ErrorKind, Result},
    id::Zone,
    sim::catalog::{self, MachineType},
    spec::Arch,
};

/// How many machine types are offered.
const CHOICE: usize = 3;

impl Cloud {
    /// The cheapest machine types that fit, each in every acceptable zone.
    pub(in crate::sim) fn resolve(&self, query: &MachineQuery) -> Result<MachineChoice> {
        let what = format!("choose a machine in {}", query.region);
        let zones = self.acceptable(&what, query)?;
        let types = self.fitting(&what, query)?;
        let (image, arch) = self.image(&what, query)?;
        self.check_quota(&what, &query.region, ResourceKind::Machine, query.count)?;
        let offer =
            |kind: &MachineType, zone: &Zone| Offer::new(kind.name, Some(zone.clone()), Some(kind.price(query.spot)));
        let offers = types.iter().flat_map(|kind| zones.iter().map(|zone| offer(kind, zone))).collect();
        Ok(MachineChoice::new(image, arch, offers))
    }

    fn acceptable(&self, what: &str, query: &MachineQuery) -> Result<Vec<Zone>> {
        let all = self.zones(what, &query.region)?;
        if query.zones.is_empty() {
            return Ok(all.to_vec());
        }
        match query.zones.iter().find(|zone| !all.contains(zone)) {
            Some(zone) => Err(refused(ErrorKind::NotFound, what, format!("there is no zone {zone}"))),
            None => Ok(query.zones.clone()),
        }
    }

    fn fitting(&self, what: &str, query: &MachineQuery) -> Result<Vec<&'static MachineType>> {
        let (style, wish) = (self.config.style, &query.machine);
        let fits = |kind: &&MachineType| match &wish.machine_type {
            Some(name) => kind.name == name && kind.arch == wish.arch,
            None => {
                let size = kind.vcpu >= wish.vcpu && kind.memory_gib >= wish.memory_gib && kind.gpu >= wish.gpu;
                size && kind.arch == wish.arch && (kind.gpu == 0 || wish.gpu > 0)
            }
        };
        let types: Vec<_> = catalog::machine_types(style).iter().filter(fits).take(CHOICE).collect();
        let none = || refused(ErrorKind::NotFound, what, format!("no machine type fits {}", describe(query)));
        (!types.is_empty()).then_some(types).ok_or_else(none)
    }

    fn image(&self, what: &str, query: &MachineQuery) -> Result<(String, Arch)> {
        let (style, wish, arch) = (self.config.style, &query.image, query.machine.arch);
        let id = match &wish.id {
            Some(id) => (catalog::image_arch(style, id) == Some(arch)).then(|| id.clone()),
            None => catalog::image(style, &wish.family, &wish.version, arch),
        };
        let none = || {
            let name = wish.id.clone().unwrap_or_else(|| format!("{} {}", wish.family, wish.version));
            refused(ErrorKind::NotFound, what, format!("there is no image {name} for {arch:?}"))
        };
        Ok((id.ok_or_else(none)?, arch))
    }
}

fn describe(query: &MachineQuery) -> String {
    let wish = &query.machine;
    let least = || format!("{} vCPU, {} GiB, {} GPU, {:?}", wish.vcpu, wish.memory_gib, wish.gpu, wish.arch);
    wish.machine_type.clone().unwrap_or_else(least)
}
