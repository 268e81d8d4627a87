//! How large machine types are.

use ladybug_core::{
    cloud::Price,
    spec::{Arch, MachineSpec},
};

/// How large a machine type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) vcpu: u32,
    pub(crate) mib: u64,
    pub(crate) arch: Arch,
    pub(crate) gpu: u32,
}

impl Size {
    /// Whether it has at least what is wished for. Types with GPUs are for those who want GPUs.
    pub(crate) fn fits(&self, wish: &MachineSpec) -> bool {
        self.arch == wish.arch
            && self.vcpu >= wish.vcpu
            && self.mib >= u64::from(wish.memory_gib) * 1024
            && self.gpu >= wish.gpu
            && (self.gpu == 0 || wish.gpu > 0)
    }
}

/// An architecture as tables write it.
pub(crate) fn arch(word: &str) -> Option<Arch> {
    match word {
        "amd64" => Some(Arch::Amd64),
        "arm64" => Some(Arch::Arm64),
        _ => None,
    }
}

/// The names of the types that fit a wish, the cheapest first, those without a price last.
pub(crate) fn cheapest_first<'a>(
    types: impl Iterator<Item = (&'a str, Size, Option<Price>)>,
    wish: &MachineSpec,
) -> Vec<&'a str> {
    let fitting = types.filter(|(_, size, _)| size.fits(wish));
    let mut ranked: Vec<_> =
        fitting.map(|(name, size, price)| (price.is_none(), price, size.vcpu, size.mib, name)).collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(.., name)| name).collect()
}
