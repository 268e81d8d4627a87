//! What a subscription comes with: regions, types of machines, images.

use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::{Answer, Fail, Said},
};

/// The regions, and whether they have zones.
const REGIONS: [(&str, bool); 5] =
    [("koreacentral", true), ("koreasouth", false), ("eastus", true), ("eastus2", true), ("westus", false)];

/// A type of machines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size {
    pub(super) name: &'static str,
    pub(super) cores: u64,
    pub(super) gib: u64,
    pub(super) arm: bool,
    zones: &'static [&'static str],
}

const EVERY: &[&str] = &["1", "2", "3"];

const fn intel(name: &'static str, cores: u64, gib: u64) -> Size {
    Size { name, cores, gib, arm: false, zones: EVERY }
}

const SIZES: [Size; 19] = [
    intel("Standard_B1ms", 1, 2),
    intel("Standard_B2s", 2, 4),
    intel("Standard_B2ms", 2, 8),
    intel("Standard_B4ms", 4, 16),
    intel("Standard_D2s_v3", 2, 8),
    intel("Standard_D4s_v3", 4, 16),
    intel("Standard_D2s_v4", 2, 8),
    intel("Standard_D4s_v4", 4, 16),
    intel("Standard_D2as_v4", 2, 8),
    intel("Standard_D2s_v5", 2, 8),
    intel("Standard_D4s_v5", 4, 16),
    intel("Standard_D8s_v5", 8, 32),
    intel("Standard_E2s_v4", 2, 16),
    intel("Standard_F4s_v2", 4, 8),
    Size { zones: &["1", "2"], ..intel("Standard_F2s_v2", 2, 4) },
    Size { zones: &["3"], ..intel("Standard_E4s_v4", 4, 32) },
    Size { arm: true, ..intel("Standard_D2ps_v5", 2, 8) },
    Size { arm: true, ..intel("Standard_D4ps_v5", 4, 16) },
    intel("Standard_D16s_v5", 16, 64),
];

impl Size {
    /// The quota that it counts for, such as `standardDSv5Family`.
    pub(super) fn family(&self) -> String {
        let short = self.name.trim_start_matches("Standard_");
        let letters: String = short.chars().filter(char::is_ascii_alphabetic).collect();
        let version = short.rsplit_once("_v").map(|(_, version)| version).unwrap_or_default();
        let features = letters.trim_end_matches('v').to_ascii_uppercase();
        let version = if version.is_empty() { String::new() } else { format!("v{version}") };
        format!("standard{features}{version}Family")
    }

    /// The zones that have it in a region.
    pub(super) fn zones(&self, region: &str) -> &'static [&'static str] {
        let zoned = REGIONS.iter().any(|(name, zoned)| *zoned && name.eq_ignore_ascii_case(region));
        if zoned { self.zones } else { &[] }
    }
}

pub(super) fn size(name: &str) -> Option<&'static Size> {
    SIZES.iter().find(|size| size.name.eq_ignore_ascii_case(name))
}

pub(super) fn families() -> Vec<String> {
    let mut families: Vec<_> = SIZES.iter().map(Size::family).collect();
    families.sort();
    families.dedup();
    families
}

pub(super) fn has_region(name: &str) -> bool {
    REGIONS.iter().any(|(region, _)| region.eq_ignore_ascii_case(name))
}

pub(super) fn locations(cx: &mut Cx<'_>) -> Answer {
    let one = |(name, _): &(&str, bool)| {
        json!({ "id": format!("/subscriptions/{}/locations/{name}", cx.face.subscription()), "subscriptionId": cx.face.subscription(),
            "name": name, "type": "Region", "displayName": name, "regionalDisplayName": name })
    };
    Ok(Said::ok(json!({ "value": REGIONS.iter().map(one).collect::<Vec<_>>() })))
}

pub(super) fn subscription(cx: &Cx<'_>) -> Value {
    json!({ "id": format!("/subscriptions/{}", cx.face.subscription()), "subscriptionId": cx.face.subscription(),
        "displayName": "simulated", "state": "Enabled", "authorizationSource": "RoleBased" })
}

/// The types in the region that the filter names, or in all of them.
pub(super) fn skus(cx: &Cx<'_>, filter: &str) -> Vec<Value> {
    let wanted = filter.strip_prefix("location eq '").and_then(|rest| rest.strip_suffix('\''));
    let regions = REGIONS.iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(name)));
    regions.flat_map(|(region, _)| SIZES.iter().map(move |size| sku(cx, region, size))).collect()
}

fn sku(cx: &Cx<'_>, region: &str, size: &Size) -> Value {
    let capability = |name: &str, value: String| json!({ "name": name, "value": value });
    let restricted = cx.config.restricted.iter().any(|name| name == size.name);
    let restrictions = match restricted {
        true => {
            json!([{ "type": "Location", "values": [region], "restrictionInfo": { "locations": [region] }, "reasonCode": "NotAvailableForSubscription" }])
        }
        false => json!([]),
    };
    json!({
        "resourceType": "virtualMachines", "name": size.name, "tier": "Standard", "family": size.family(),
        "size": size.name.trim_start_matches("Standard_"), "locations": [region],
        "locationInfo": [{ "location": region, "zones": size.zones(region), "zoneDetails": [] }],
        "capabilities": [
            capability("vCPUs", size.cores.to_string()),
            capability("MemoryGB", size.gib.to_string()),
            capability("CpuArchitectureType", if size.arm { "Arm64" } else { "x64" }.to_owned()),
            capability("HyperVGenerations", if size.arm { "V2" } else { "V1,V2" }.to_owned()),
            capability("PremiumIO", "True".to_owned()),
        ],
        "restrictions": restrictions,
    })
}

/// Images: publisher, offer, sku, versions (the oldest first), and whether they are for Arm.
type Image = (&'static str, &'static str, &'static str, &'static [&'static str], bool);

const IMAGES: [Image; 6] = [
    ("Canonical", "ubuntu-24_04-lts", "server", &["24.04.202510010", "24.04.202603120"], false),
    ("Canonical", "ubuntu-24_04-lts", "server-arm64", &["24.04.202603120"], true),
    ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", &["22.04.202602250"], false),
    ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-arm64", &["22.04.202602250"], true),
    ("Debian", "debian-12", "12-gen2", &["0.20260329.2431"], false),
    ("MicrosoftWindowsServer", "WindowsServer", "2019-Datacenter", &["17763.8276.260109"], false),
];

fn image(publisher: &str, offer: &str, sku: &str) -> Option<&'static Image> {
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    IMAGES.iter().find(|image| same(image.0, publisher) && same(image.1, offer) && same(image.2, sku))
}

/// The exact version of an image, and whether it is for Arm.
pub(super) fn version(publisher: &str, offer: &str, sku: &str, version: &str) -> Option<(&'static str, bool)> {
    let image = image(publisher, offer, sku)?;
    let found = if version == "latest" { image.3.last() } else { image.3.iter().find(|known| **known == version) };
    found.map(|version| (*version, image.4))
}

pub(super) fn no_image(name: &str) -> Fail {
    let message = format!(
        "The platform image '{name}' is not available. Verify that all fields in the storage profile are correct."
    );
    Fail::new(404, "PlatformImageNotFound", message)
}

fn image_id(cx: &Cx<'_>, [region, publisher, offer, sku]: &[String; 4], version: &str) -> String {
    format!(
        "/Subscriptions/{}/Providers/Microsoft.Compute/Locations/{region}/Publishers/{publisher}/ArtifactTypes/VMImage/Offers/{offer}/Skus/{sku}/Versions/{version}",
        cx.face.subscription()
    )
}

/// Versions of an image; `top` of them from the newest on if that is asked for.
pub(super) fn versions(cx: &Cx<'_>, of: &[String; 4], top: Option<usize>, newest_first: bool) -> Answer {
    let [region, publisher, offer, sku] = of;
    if !has_region(region) {
        return Err(no_region(region, "locations/publishers"));
    }
    let name = format!("{publisher}:{offer}:{sku}");
    let image = image(publisher, offer, sku)
        .ok_or_else(|| Fail::new(404, "NotFound", format!("Artifact: VMImage was not found. {name}")))?;
    let mut versions: Vec<&str> = image.3.to_vec();
    if newest_first {
        versions.reverse();
    }
    versions.truncate(top.unwrap_or(usize::MAX));
    let one = |version: &&str| json!({ "name": version, "location": region, "id": image_id(cx, of, version) });
    Ok(Said::ok(versions.iter().map(one).collect()))
}

pub(super) fn one_version(cx: &Cx<'_>, of: &[String; 4], name: &str) -> Answer {
    let [region, publisher, offer, sku] = of;
    let found = version(publisher, offer, sku, name).filter(|_| name != "latest");
    let (found, arm) = found.ok_or_else(|| no_image(&format!("{publisher}:{offer}:{sku}:{name}")))?;
    Ok(Said::ok(json!({ "name": found, "location": region, "id": image_id(cx, of, found),
        "properties": { "hyperVGeneration": "V2", "architecture": if arm { "Arm64" } else { "x64" },
            "osDiskImage": { "operatingSystem": "Linux" } } })))
}

pub(super) fn no_region(region: &str, kind: &str) -> Fail {
    let message = format!(
        "The provided location '{region}' is not available for resource type '{kind}'. List of available regions for the resource type is '{}'.",
        REGIONS.map(|(name, _)| name).join(",")
    );
    Fail::new(400, "LocationNotAvailableForResourceType", message)
}
