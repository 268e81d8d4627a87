//! What Google has: regions, zones, types, images.

use serde_json::{Value, json};

use super::names::{link, region_of};

/// Regions with the letters of their zones.
pub(super) const REGIONS: &[(&str, &[&str])] = &[
    ("us-central1", &["a", "b", "c", "f"]),
    ("europe-west1", &["b", "c", "d"]),
    ("asia-northeast3", &["a", "b", "c"]),
];

pub(super) fn zones() -> impl Iterator<Item = String> {
    REGIONS.iter().flat_map(|(region, letters)| letters.iter().map(move |letter| format!("{region}-{letter}")))
}

pub(super) fn has_region(region: &str) -> bool {
    REGIONS.iter().any(|(known, _)| *known == region)
}

pub(super) fn has_zone(zone: &str) -> bool {
    zones().any(|known| known == zone)
}

/// A machine type.
#[derive(Clone, Copy, Debug)]
pub(super) struct MachineType {
    pub(super) name: &'static str,
    pub(super) processors: u64,
    pub(super) memory: u64,
    pub(super) arch: &'static str,
    /// Its quota, beside the common one.
    pub(super) metric: &'static str,
}

const TYPES: &[MachineType] = &[
    of("e2-micro", 2, 1_024, "X86_64", "E2_CPUS"),
    of("e2-small", 2, 2_048, "X86_64", "E2_CPUS"),
    of("e2-medium", 2, 4_096, "X86_64", "E2_CPUS"),
    of("e2-standard-2", 2, 8_192, "X86_64", "E2_CPUS"),
    of("e2-standard-4", 4, 16_384, "X86_64", "E2_CPUS"),
    of("e2-highcpu-4", 4, 4_096, "X86_64", "E2_CPUS"),
    of("n1-standard-1", 1, 3_840, "X86_64", "CPUS"),
    of("n1-standard-2", 2, 7_680, "X86_64", "CPUS"),
    of("n1-standard-4", 4, 15_360, "X86_64", "CPUS"),
    of("n2-standard-2", 2, 8_192, "X86_64", "N2_CPUS"),
    of("n2-standard-4", 4, 16_384, "X86_64", "N2_CPUS"),
    of("t2a-standard-1", 1, 4_096, "ARM64", "T2A_CPUS"),
    of("t2a-standard-2", 2, 8_192, "ARM64", "T2A_CPUS"),
    of("t2a-standard-4", 4, 16_384, "ARM64", "T2A_CPUS"),
];

const fn of(name: &'static str, processors: u64, memory: u64, arch: &'static str, metric: &'static str) -> MachineType {
    MachineType { name, processors, memory, arch, metric }
}

/// The type of that name; Arm is in the first two zones of a region only.
pub(super) fn type_in(zone: &str, name: &str) -> Option<&'static MachineType> {
    let kind = TYPES.iter().find(|kind| kind.name == name)?;
    (kind.arch == "X86_64" || zone.ends_with(['a', 'b', 'c'])).then_some(kind)
}

/// The types of a zone as they are shown.
pub(super) fn types(project: &str, zone: &str) -> Vec<Value> {
    TYPES.iter().filter_map(|kind| type_in(zone, kind.name)).map(|kind| show_type(project, zone, kind)).collect()
}

pub(super) fn show_type(project: &str, zone: &str, kind: &MachineType) -> Value {
    let number = TYPES.iter().position(|known| known.name == kind.name).unwrap_or_default();
    json!({
        "kind": "compute#machineType", "id": (801_000 + number).to_string(), "name": kind.name,
        "creationTimestamp": "1969-12-31T16:00:00.000-08:00", "zone": zone, "guestCpus": kind.processors,
        "memoryMb": kind.memory, "architecture": kind.arch, "isSharedCpu": kind.memory < 8_192 && kind.processors == 2,
        "description": format!("{} vCPU", kind.processors), "maximumPersistentDisks": 128,
        "maximumPersistentDisksSizeGb": "263168", "imageSpaceGb": 0,
        "selfLink": link(&format!("projects/{project}/zones/{zone}/machineTypes/{}", kind.name)),
    })
}

/// Public images: project, family, name, architecture, size.
const IMAGES: &[(&str, &str, &str, &str, u64)] = &[
    ("ubuntu-os-cloud", "ubuntu-2404-lts-amd64", "ubuntu-2404-noble-amd64-v20261101", "X86_64", 10),
    ("ubuntu-os-cloud", "ubuntu-2404-lts-arm64", "ubuntu-2404-noble-arm64-v20261101", "ARM64", 10),
    ("ubuntu-os-cloud", "ubuntu-2204-lts", "ubuntu-2204-jammy-v20261101", "X86_64", 10),
    ("ubuntu-os-cloud", "ubuntu-2204-lts-arm64", "ubuntu-2204-jammy-arm64-v20261101", "ARM64", 10),
    ("debian-cloud", "debian-11", "debian-11-bullseye-v20231010", "X86_64", 10),
    ("debian-cloud", "debian-12", "debian-12-bookworm-v20261101", "X86_64", 10),
    ("debian-cloud", "debian-12-arm64", "debian-12-bookworm-arm64-v20261101", "ARM64", 10),
];

/// The public image of a path, by its name or as the newest of its family.
pub(super) fn image(path: &str) -> Option<Value> {
    let words: Vec<&str> = path.split('/').collect();
    let of = |project: &str, fits: &dyn Fn(&str, &str) -> bool| {
        IMAGES.iter().find(|(owner, family, name, ..)| *owner == project && fits(family, name))
    };
    let found = match words.as_slice() {
        ["projects", project, "global", "images", "family", wanted] => of(project, &|family, _| family == *wanted),
        ["projects", project, "global", "images", wanted] => of(project, &|_, name| name == *wanted),
        _ => None,
    };
    found.map(|(project, family, name, arch, size)| {
        json!({
            "kind": "compute#image", "id": "5555000111222333", "name": name, "family": family, "architecture": arch,
            "status": "READY", "diskSizeGb": size.to_string(), "archiveSizeBytes": "1000000000", "sourceType": "RAW",
            "creationTimestamp": "2026-11-01T00:00:00.000-07:00",
            "selfLink": link(&format!("projects/{project}/global/images/{name}")),
        })
    })
}

pub(super) const DISK_TYPES: [&str; 3] = ["pd-balanced", "pd-ssd", "pd-standard"];

pub(super) fn show_zone(project: &str, zone: &str) -> Value {
    json!({
        "kind": "compute#zone", "id": "2221", "name": zone, "status": "UP", "description": zone,
        "region": link(&format!("projects/{project}/regions/{}", region_of(zone))),
        "selfLink": link(&format!("projects/{project}/zones/{zone}")),
    })
}
