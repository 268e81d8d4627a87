//! Which machine type, zone and image: our own choice from what the server offers, pure.

use ladybug_core::{
    Zone,
    cloud::{MachineQuery, Offer, Price},
    spec::Arch,
};
use serde_json::{Value, json};

use super::model::{Connection, Image, Spec};

/// How many machine types are offered at most, best first.
const TYPES: usize = 3;
/// How many the server is asked for, to choose from.
const CANDIDATES: u32 = 100;

/// The question for specs. Weights are ignored by the server and it knows only lower bounds of these two, so the rest
/// is looked at here.
pub(super) fn spec_request(connection: &Connection, query: &MachineQuery) -> Value {
    let at_least = |metric: &str, least: u32| bound(metric, ">=", &least.to_string());
    let place = [("providerName", &connection.provider_name), ("regionName", &connection.region_detail.region_name)];
    let mut policy = vec![at_least("vCPU", query.machine.vcpu), at_least("memoryGiB", query.machine.memory_gib)];
    policy.extend(place.map(|(metric, value)| bound(metric, "==", value)));
    json!({
        "filter": { "policy": policy },
        "priority": { "policy": [{ "metric": "cost", "weight": 1.0 }] },
        "limit": CANDIDATES,
    })
}

fn bound(metric: &str, operator: &str, operand: &str) -> Value {
    json!({ "metric": metric, "condition": [{ "operator": operator, "operand": operand }] })
}

/// The server's id of a machine type: as it is given, or made of the cloud's own name.
pub(super) fn spec_id(connection: &Connection, machine_type: &str) -> String {
    if machine_type.contains('+') {
        return machine_type.to_owned();
    }
    format!("{}+{}+{machine_type}", connection.provider_name, connection.region_detail.region_name)
}

/// Those that fulfil the wishes, best first: cheapest, then smallest. An unknown price is worse than any known one.
pub(super) fn fitting(connection: &Connection, query: &MachineQuery, candidates: Vec<Spec>) -> Vec<Spec> {
    let wish = &query.machine;
    let fits = |spec: &Spec| {
        spec.connection_name == connection.config_name
            && spec.vcpu >= wish.vcpu
            && spec.memory_gib >= f64::from(wish.memory_gib)
            && (if wish.gpu == 0 { spec.accelerator_count == 0 } else { spec.accelerator_count >= wish.gpu })
            && arch(&spec.architecture) == Some(wish.arch)
    };
    let mut fitting: Vec<_> = candidates.into_iter().filter(fits).collect();
    fitting.sort_by(|a, b| rank(a).cmp(&rank(b)));
    fitting.dedup_by(|a, b| a.id == b.id);
    fitting.truncate(TYPES);
    fitting
}

fn rank(spec: &Spec) -> (bool, Option<Price>, u32, u64, &str) {
    let price = price(spec.cost_per_hour);
    let mebibytes = Price::from_micros((spec.memory_gib.max(0.0) * 1_024.0) as u64).micros();
    (price.is_none(), price, spec.vcpu, mebibytes, &spec.id)
}

/// The price, if it is known: the server says -1 where it is not, and 0 where nobody looked.
pub(super) fn price(cost_per_hour: f64) -> Option<Price> {
    (cost_per_hour > 0.0).then(|| Price::from_micros((cost_per_hour * 1_000_000.0).round() as u64))
}

/// An architecture in the server's words, which vary by cloud.
pub(super) fn arch(text: &str) -> Option<Arch> {
    match text.to_ascii_lowercase().as_str() {
        "x86_64" | "amd64" | "x64" => Some(Arch::Amd64),
        "arm64" | "aarch64" => Some(Arch::Arm64),
        _ => None,
    }
}

/// The same in the words of an image search.
pub(super) const fn arch_word(arch: Arch) -> &'static str {
    match arch {
        Arch::Arm64 => "arm64",
        _ => "x86_64",
    }
}

/// The question for images of a spec.
pub(super) fn image_request(connection: &Connection, query: &MachineQuery, spec: &str) -> Value {
    json!({
        "matchedSpecId": spec,
        "providerName": connection.provider_name,
        "regionName": connection.region_detail.region_name,
        "osType": os(query),
        "osArchitecture": arch_word(query.machine.arch),
        "includeBasicImageOnly": true,
        "isGPUImage": false,
        "isKubernetesImage": false,
    })
}

/// What the image is to hold, as the server writes it.
pub(super) fn os(query: &MachineQuery) -> String {
    format!("{} {}", query.image.family, query.image.version)
}

/// The newest plain image that holds what is wanted.
pub(super) fn newest(query: &MachineQuery, images: Vec<Image>) -> Option<Image> {
    let wanted = os(query);
    let fits = |image: &Image| {
        image.os_type.eq_ignore_ascii_case(&wanted)
            && arch(&image.os_architecture) == Some(query.machine.arch)
            && !image.is_gpu_image
            && !image.is_kubernetes_image
            && matches!(image.image_status.as_str(), "" | "Available" | "NA")
    };
    let rank = |image: &Image| (image.is_basic_image, image.creation_date.clone(), image.id.clone());
    images.into_iter().filter(fits).max_by_key(rank)
}

/// Every type in every wanted zone that has it: the best type in all zones comes before the next.
pub(super) fn offers(query: &MachineQuery, specs: &[(Spec, Vec<Zone>)]) -> Vec<Offer> {
    let offer = |spec: &Spec, zone: Option<Zone>| Offer::new(spec.id.clone(), zone, price(spec.cost_per_hour));
    let mut offers = Vec::new();
    for (spec, zones) in specs {
        match (zones.is_empty(), query.zones.is_empty()) {
            (true, true) => offers.push(offer(spec, None)),
            (true, false) => {}
            (false, true) => offers.extend(zones.iter().map(|zone| offer(spec, Some(zone.clone())))),
            (false, false) => {
                let wanted = query.zones.iter().filter(|zone| zones.contains(zone));
                offers.extend(wanted.map(|zone| offer(spec, Some(zone.clone()))));
            }
        }
    }
    offers
}

#[cfg(test)]
mod tests {
    use ladybug_core::{
        Region,
        spec::{ImageSpec, MachineSpec, RootDisk},
    };

    use super::*;

    fn query() -> MachineQuery {
        let region = Region::new("aws-ap-northeast-2").unwrap();
        MachineQuery::new(region, MachineSpec::default(), ImageSpec::default(), RootDisk::default(), 1)
    }

    fn connection() -> Connection {
        serde_json::from_value(json!({
            "configName": "aws-ap-northeast-2", "providerName": "aws", "verified": true,
            "regionDetail": { "regionName": "ap-northeast-2" },
        }))
        .unwrap()
    }

    fn spec(name: &str, vcpu: u32, memory: f64, cost: f64) -> Spec {
        serde_json::from_value(json!({
            "id": format!("aws+ap-northeast-2+{name}"), "connectionName": "aws-ap-northeast-2",
            "architecture": "x86_64", "vCPU": vcpu, "memoryGiB": memory, "costPerHour": cost,
        }))
        .unwrap()
    }

    #[test]
    fn an_unknown_price_is_never_cheap() {
        let candidates = vec![
            spec("unknown", 2, 4.0, -1.0),
            spec("dear", 2, 8.0, 0.1),
            spec("small", 1, 4.0, 0.01),
            spec("cheap", 2, 4.0, 0.05),
        ];
        let chosen = fitting(&connection(), &query(), candidates);
        let names: Vec<_> = chosen.iter().map(|spec| spec.id.rsplit('+').next().unwrap()).collect();
        assert_eq!(names, ["cheap", "dear", "unknown"]);
        assert_eq!(price(-1.0), None);
        assert_eq!(price(0.052), Some(Price::from_micros(52_000)));
    }

    #[test]
    fn specs_of_other_connections_and_with_gpus_are_left_out() {
        let mut elsewhere = spec("x", 2, 4.0, 0.05);
        elsewhere.connection_name = "aws-us-east-1".to_owned();
        let mut gpu = spec("g", 8, 32.0, 0.5);
        gpu.accelerator_count = 1;
        assert!(fitting(&connection(), &query(), vec![elsewhere, gpu.clone()]).is_empty());
        let mut wants_gpu = query();
        wants_gpu.machine.gpu = 1;
        assert_eq!(fitting(&connection(), &wants_gpu, vec![gpu]).len(), 1);
    }

    #[test]
    fn the_newest_plain_image_wins() {
        let image = |id: &str, os: &str, date: &str, kubernetes: bool| -> Image {
            serde_json::from_value(json!({
                "id": id, "osType": os, "osArchitecture": "x86_64", "imageStatus": "Available",
                "creationDate": date, "isBasicImage": true, "isKubernetesImage": kubernetes,
            }))
            .unwrap()
        };
        let images = vec![
            image("old", "Ubuntu 24.04", "2025-01-01", false),
            image("new", "Ubuntu 24.04", "2026-01-01", false),
            image("k8s", "Ubuntu 24.04", "2026-05-01", true),
            image("other", "Ubuntu 22.04", "2026-05-01", false),
        ];
        assert_eq!(newest(&query(), images).map(|image| image.id), Some("new".to_owned()));
    }

    #[test]
    fn zones_follow_the_wish_and_types_their_rank() {
        let zone = |name: &str| Zone::new(name).unwrap();
        let specs =
            [(spec("a", 2, 4.0, 0.05), vec![zone("z1"), zone("z2")]), (spec("b", 2, 4.0, 0.06), vec![zone("z2")])];
        let named = |offers: Vec<Offer>| -> Vec<_> {
            offers
                .into_iter()
                .map(|offer| (offer.machine_type.rsplit('+').next().unwrap().to_owned(), offer.zone))
                .collect()
        };
        let wanted = query().with_zones(vec![zone("z2")]);
        assert_eq!(
            named(offers(&wanted, &specs)),
            [("a".to_owned(), Some(zone("z2"))), ("b".to_owned(), Some(zone("z2")))]
        );
        assert_eq!(offers(&query(), &specs).len(), 3);
    }
}
