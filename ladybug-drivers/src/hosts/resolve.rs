//! Which machines fit wishes, and which of them are free.

use ladybug_core::{
    Error, ErrorKind, Result,
    cloud::{MachineChoice, MachineQuery, Offer},
    spec::Arch,
};

use super::{
    driver::HostsDriver,
    fault,
    inventory::Host,
    record::{AS_IT_IS, Survey},
    remote::said,
};

impl HostsDriver {
    /// Offers every free machine that fits, the smallest first.
    pub(super) async fn choose(&self, query: &MachineQuery) -> Result<MachineChoice> {
        let fitting = self.fitting(query)?;
        let (mut free, mut others, mut right) = (Vec::new(), Vec::new(), false);
        for (host, answer) in self.reach.surveys(fitting).await {
            right |= answer.as_ref().map_or(true, |survey| survey.runs_image(&image(query)));
            match answer.map_or_else(|error| Some(said(&error)), |survey| obstacle(host, &survey, query)) {
                None => free.push(host),
                Some(why) => others.push(format!("{}: {why}", host.name)),
            }
        }
        if !right {
            return Err(Error::new(ErrorKind::NotFound, name(query))
                .with_message(format!("none of the machines that fit has the image: {}", others.join("; ")))
                .with_remedy(format!("name the system that they run, or the image id {AS_IT_IS}")));
        }
        if free.len() < wanted(query) {
            return Err(Error::new(ErrorKind::NoCapacity, name(query))
                .with_message(format!("{} of the machines that fit are free: {}", free.len(), others.join("; ")))
                .with_remedy("ask for fewer, free some, or add machines to the inventory"));
        }
        free.sort_by_key(|host| (host.gpu, host.vcpu, host.memory_gib));
        let offers = free.into_iter().map(|host| Offer::new(host.name.as_str(), None, host.price)).collect();
        Ok(MachineChoice::new(image(query), query.machine.arch, offers))
    }

    fn fitting(&self, query: &MachineQuery) -> Result<Vec<&Host>> {
        let here: Vec<&Host> = self.reach.inventory.of_region(&query.region);
        let refuse = |kind, message: String| Err(Error::new(kind, name(query)).with_message(message));
        if here.is_empty() {
            let regions = self.reach.inventory.hosts().iter().map(|host| host.region.as_str());
            let regions: std::collections::BTreeSet<_> = regions.collect();
            let regions = regions.into_iter().collect::<Vec<_>>().join(", ");
            return refuse(ErrorKind::NotFound, format!("the inventory has no machine there, but in: {regions}"));
        }
        if !query.zones.is_empty() {
            return refuse(ErrorKind::Unsupported, "machines of an inventory have no zones".to_owned());
        }
        let all = here.len();
        let fitting: Vec<&Host> = here.into_iter().filter(|host| fits(host, query)).collect();
        if fitting.is_empty() {
            return refuse(ErrorKind::NotFound, format!("none of the {all} machines there fits"));
        }
        if fitting.len() < wanted(query) {
            return refuse(ErrorKind::QuotaExceeded, format!("the inventory has {} that fit", names(&fitting)));
        }
        Ok(fitting)
    }
}

fn wanted(query: &MachineQuery) -> usize {
    usize::try_from(query.count).unwrap_or(usize::MAX).max(1)
}

fn names(hosts: &[&Host]) -> String {
    let names: Vec<_> = hosts.iter().map(|host| host.name.as_str()).collect();
    format!("{} machines ({})", hosts.len(), names.join(", "))
}

fn name(query: &MachineQuery) -> String {
    let wish = &query.machine;
    let least = || format!("{} vCPU, {} GiB, {} GPU, {:?}", wish.vcpu, wish.memory_gib, wish.gpu, wish.arch);
    let what = wish.machine_type.clone().unwrap_or_else(least);
    format!("choose {} of {what} in {}", wanted(query), query.region)
}

fn fits(host: &Host, query: &MachineQuery) -> bool {
    let wish = &query.machine;
    let enough = |has: Option<u32>, wanted: u32| has.is_none_or(|has| has >= wanted);
    let size = || enough(host.vcpu, wish.vcpu) && enough(host.memory_gib, wish.memory_gib) && host.gpu >= wish.gpu;
    host.arch == wish.arch && wish.machine_type.as_ref().map_or_else(size, |name| host.name.as_str() == name)
}

/// Why a machine cannot be had.
fn obstacle(host: &Host, survey: &Survey, query: &MachineQuery) -> Option<String> {
    if let Some((claim, _)) = &survey.claim {
        return Some(format!("it is {}", fault::whose(&claim.owner)));
    }
    let [machine, ..] = &survey.system;
    if *machine != machine_name(host.arch) {
        return Some(format!("it says that it is {machine}, not {}", machine_name(host.arch)));
    }
    let image = image(query);
    (!survey.runs_image(&image)).then(|| format!("it runs {}, not {image}", survey.image()))
}

/// The image that a query is for.
fn image(query: &MachineQuery) -> String {
    let image = &query.image;
    image.id.clone().unwrap_or_else(|| format!("{}-{}", image.family, image.version))
}

/// What `uname -m` says.
const fn machine_name(arch: Arch) -> &'static str {
    match arch {
        Arch::Arm64 => "aarch64",
        Arch::Amd64 => "x86_64",
        _ => "",
    }
}
