//! What the simulated clouds sell: machine types, prices and images.

use super::cloud::CloudStyle;
use crate::mix::mix;
use crate::{cloud::Price, spec::Arch};

/// A machine type.
#[derive(Debug)]
pub(in crate::sim) struct MachineType {
    pub(in crate::sim) name: &'static str,
    pub(in crate::sim) vcpu: u32,
    pub(in crate::sim) memory_gib: u32,
    pub(in crate::sim) arch: Arch,
    pub(in crate::sim) gpu: u32,
    micros: u64,
}

impl MachineType {
    /// The price of an hour; a machine that the cloud may take back costs three tenths.
    pub(in crate::sim) const fn price(&self, spot: bool) -> Price {
        Price::from_micros(if spot { self.micros * 3 / 10 } else { self.micros })
    }

    /// Whether kubeadm takes it for a control plane (2 CPUs, 2 GiB).
    pub(in crate::sim) const fn fits_control_plane(&self) -> bool {
        self.vcpu >= 2 && self.memory_gib >= 2
    }
}

const fn amd(name: &'static str, vcpu: u32, memory_gib: u32, micros: u64) -> MachineType {
    MachineType { name, vcpu, memory_gib, arch: Arch::Amd64, gpu: 0, micros }
}

const fn arm(name: &'static str, vcpu: u32, memory_gib: u32, micros: u64) -> MachineType {
    MachineType { name, vcpu, memory_gib, arch: Arch::Arm64, gpu: 0, micros }
}

const fn gpu(name: &'static str, vcpu: u32, memory_gib: u32, micros: u64) -> MachineType {
    MachineType { name, vcpu, memory_gib, arch: Arch::Amd64, gpu: 1, micros }
}

/// Each table is sorted by price.
const AWS: &[MachineType] = &[
    amd("t3.micro", 2, 1, 13_000),
    amd("t3.small", 2, 2, 26_000),
    arm("t4g.medium", 2, 4, 41_600),
    amd("t3.medium", 2, 4, 52_000),
    arm("m6g.large", 2, 8, 94_000),
    amd("t3.large", 2, 8, 104_000),
    amd("m6i.large", 2, 8, 118_000),
    arm("m6g.xlarge", 4, 16, 188_000),
    amd("c6i.xlarge", 4, 8, 192_000),
    amd("m6i.xlarge", 4, 16, 236_000),
    amd("m6i.2xlarge", 8, 32, 472_000),
    gpu("g4dn.xlarge", 4, 16, 647_000),
];

const GCP: &[MachineType] = &[
    amd("e2-micro", 2, 1, 10_700),
    amd("e2-small", 2, 2, 21_500),
    amd("e2-medium", 2, 4, 43_000),
    amd("e2-standard-2", 2, 8, 86_000),
    arm("t2a-standard-2", 2, 8, 98_000),
    amd("n2-standard-2", 2, 8, 124_600),
    amd("e2-standard-4", 4, 16, 172_000),
    arm("t2a-standard-4", 4, 16, 196_000),
    amd("n2-standard-4", 4, 16, 249_200),
    amd("n2-standard-8", 8, 32, 498_400),
    gpu("n1-standard-4-t4", 4, 15, 620_000),
];

const AZURE: &[MachineType] = &[
    amd("Standard_B1s", 1, 1, 13_000),
    amd("Standard_B2s", 2, 4, 52_000),
    arm("Standard_D2ps_v5", 2, 8, 90_000),
    amd("Standard_B2ms", 2, 8, 104_000),
    amd("Standard_D2s_v5", 2, 8, 118_000),
    arm("Standard_D4ps_v5", 4, 16, 180_000),
    amd("Standard_B4ms", 4, 16, 208_000),
    amd("Standard_D4s_v5", 4, 16, 236_000),
    amd("Standard_D8s_v5", 8, 32, 472_000),
    gpu("Standard_NC4as_T4_v3", 4, 28, 675_000),
];

const IMAGES: &[(&str, &str)] =
    &[("debian", "12"), ("debian", "13"), ("rhel", "9"), ("rocky", "9"), ("ubuntu", "22.04"), ("ubuntu", "24.04")];

/// The machine types of a cloud, cheapest first.
pub(in crate::sim) const fn machine_types(style: CloudStyle) -> &'static [MachineType] {
    match style {
        CloudStyle::Aws => AWS,
        CloudStyle::Gcp => GCP,
        CloudStyle::Azure => AZURE,
    }
}

/// The machine type of that name.
pub(in crate::sim) fn machine_type(style: CloudStyle, name: &str) -> Option<&'static MachineType> {
    machine_types(style).iter().find(|kind| kind.name == name)
}

/// The id of the image of a family, version and architecture.
pub(in crate::sim) fn image(style: CloudStyle, family: &str, version: &str, arch: Arch) -> Option<String> {
    let known = IMAGES.contains(&(family, version));
    known.then(|| image_id(style, family, version, arch))
}

/// The architecture of the image of that id.
pub(in crate::sim) fn image_arch(style: CloudStyle, id: &str) -> Option<Arch> {
    let is = |arch: &Arch| IMAGES.iter().any(|(family, version)| image_id(style, family, version, *arch) == id);
    [Arch::Amd64, Arch::Arm64].into_iter().find(is)
}

fn image_id(style: CloudStyle, family: &str, version: &str, arch: Arch) -> String {
    let arch = match arch {
        Arch::Amd64 => "amd64",
        Arch::Arm64 => "arm64",
    };
    match style {
        CloudStyle::Aws => format!("ami-{:016x}", mix(0, &["image", family, version, arch])),
        CloudStyle::Gcp => format!("projects/{family}-cloud/global/images/{family}-{version}-{arch}"),
        CloudStyle::Azure => format!("{family}:server:{version}-{arch}:latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLES: [CloudStyle; 3] = [CloudStyle::Aws, CloudStyle::Gcp, CloudStyle::Azure];

    #[test]
    fn every_cloud_sells_its_types_cheapest_first() {
        for style in STYLES {
            assert!(machine_types(style).is_sorted_by_key(|kind| kind.price(false)), "{style:?}");
        }
    }

    #[test]
    fn an_image_is_found_again_by_its_id_with_its_architecture() {
        for style in STYLES {
            for arch in [Arch::Amd64, Arch::Arm64] {
                let id = image(style, "ubuntu", "24.04", arch).unwrap();
                assert_eq!(image_arch(style, &id), Some(arch));
            }
            assert_eq!(image(style, "ubuntu", "4.10", Arch::Amd64), None);
        }
    }
}
