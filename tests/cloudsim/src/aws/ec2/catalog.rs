//! Instance types: what there is, where, and for how much.

use serde_json::{Value, json};

use super::{
    super::{
        face::Cx,
        fail::{Answer, Fail},
        input::Input,
    },
    list, place,
};

/// One instance type.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Type {
    pub(in super::super) name: String,
    pub(in super::super) vcpus: u64,
    pub(in super::super) memory: u64,
    pub(in super::super) arch: &'static str,
    /// The letters of the zones that offer it.
    zones: &'static str,
    burstable: bool,
    /// Thousandths of a US dollar an hour.
    price: u64,
}

/// Families: name, memory in MiB for each processor, architecture, zones, price of a processor in thousandths.
const FAMILIES: [(&str, u64, &str, &str, u64); 14] = [
    ("m5", 4_096, "x86_64", "abc", 48),
    ("m5a", 4_096, "x86_64", "abc", 43),
    ("m6i", 4_096, "x86_64", "abc", 48),
    ("m6g", 4_096, "arm64", "abc", 39),
    ("m7i", 4_096, "x86_64", "ab", 51),
    ("m7g", 4_096, "arm64", "ab", 41),
    ("c5", 2_048, "x86_64", "abc", 43),
    ("c6i", 2_048, "x86_64", "abc", 43),
    ("c6g", 2_048, "arm64", "abc", 34),
    ("c7g", 2_048, "arm64", "ab", 36),
    ("r5", 8_192, "x86_64", "abc", 63),
    ("r6i", 8_192, "x86_64", "abc", 63),
    ("r6g", 8_192, "arm64", "abc", 50),
    ("r7g", 8_192, "arm64", "ab", 54),
];

/// Sizes of those families and their processors.
const SIZES: [(&str, u64); 5] = [("large", 2), ("xlarge", 4), ("2xlarge", 8), ("4xlarge", 16), ("8xlarge", 32)];

/// Burstable families: name, architecture, price of a `micro` in tenths of thousandths.
const BURSTABLE: [(&str, &str, u64); 3] = [("t3", "x86_64", 104), ("t3a", "x86_64", 94), ("t4g", "arm64", 84)];

/// Their sizes: processors and MiB.
const BURSTS: [(&str, u64, u64); 7] = [
    ("nano", 2, 512),
    ("micro", 2, 1_024),
    ("small", 2, 2_048),
    ("medium", 2, 4_096),
    ("large", 2, 8_192),
    ("xlarge", 4, 16_384),
    ("2xlarge", 8, 32_768),
];

/// All types.
pub(in super::super) fn types() -> Vec<Type> {
    let fixed = FAMILIES.iter().flat_map(|(family, memory, arch, zones, price)| {
        // There is a c5.9xlarge instead.
        SIZES.iter().filter(move |(size, _)| (*family, *size) != ("c5", "8xlarge")).map(move |(size, vcpus)| Type {
            name: format!("{family}.{size}"),
            vcpus: *vcpus,
            memory: memory * vcpus,
            arch,
            zones,
            burstable: false,
            price: price * vcpus,
        })
    });
    let bursts = BURSTABLE.iter().flat_map(|(family, arch, price)| {
        BURSTS.iter().map(move |(size, vcpus, memory)| Type {
            name: format!("{family}.{size}"),
            vcpus: *vcpus,
            memory: *memory,
            arch,
            zones: "abc",
            burstable: true,
            price: (price * memory / 1_024).div_ceil(10),
        })
    });
    fixed.chain(bursts).collect()
}

/// The type of that name.
pub(in super::super) fn named(name: &str) -> Option<Type> {
    types().into_iter().find(|of| of.name == name)
}

impl Type {
    /// Whether a zone offers it.
    pub(in super::super) fn offered(&self, zone: &str) -> bool {
        zone.chars().last().is_some_and(|letter| self.zones.contains(letter))
    }

    /// How many interfaces it may have.
    fn interfaces(&self) -> u64 {
        if self.vcpus <= 2 {
            3
        } else if self.vcpus <= 8 {
            4
        } else {
            8
        }
    }

    fn shown(&self) -> Value {
        let archs = [self.arch];
        json!({ "instanceType": self.name, "currentGeneration": true, "freeTierEligible": self.name == "t3.micro",
            "supportedUsageClasses": ["on-demand", "spot"], "supportedRootDeviceTypes": ["ebs"],
            "supportedVirtualizationTypes": ["hvm"], "bareMetal": false, "hypervisor": "nitro",
            "processorInfo": { "supportedArchitectures": archs, "sustainedClockSpeedInGhz": 2.5 },
            "vCpuInfo": { "defaultVCpus": self.vcpus, "defaultCores": self.vcpus.div_ceil(2), "defaultThreadsPerCore": 2 },
            "memoryInfo": { "sizeInMiB": self.memory }, "instanceStorageSupported": false,
            "ebsInfo": { "ebsOptimizedSupport": "default", "encryptionSupport": "supported", "nvmeSupport": "required" },
            "networkInfo": { "networkPerformance": "Up to 10 Gigabit", "maximumNetworkInterfaces": self.interfaces(),
            "maximumNetworkCards": 1, "defaultNetworkCardIndex": 0, "ipv4AddressesPerInterface": 10,
            "ipv6AddressesPerInterface": 10, "ipv6Supported": true, "enaSupport": "required", "efaSupported": false },
            "hibernationSupported": false, "burstablePerformanceSupported": self.burstable,
            "dedicatedHostsSupported": !self.burstable, "autoRecoverySupported": true })
    }
}

/// What DescribeInstanceTypes can be filtered by.
const TYPE_FILTERS: [(&str, &str); 12] = [
    ("instance-type", "instanceType"),
    ("current-generation", "currentGeneration"),
    ("bare-metal", "bareMetal"),
    ("burstable-performance-supported", "burstablePerformanceSupported"),
    ("processor-info.supported-architecture", "processorInfo/supportedArchitectures/*"),
    ("vcpu-info.default-vcpus", "vCpuInfo/defaultVCpus"),
    ("memory-info.size-in-mib", "memoryInfo/sizeInMiB"),
    ("hypervisor", "hypervisor"),
    ("supported-virtualization-type", "supportedVirtualizationTypes/*"),
    ("supported-root-device-type", "supportedRootDeviceTypes/*"),
    ("supported-usage-class", "supportedUsageClasses/*"),
    ("instance-storage-supported", "instanceStorageSupported"),
];

pub(in super::super) fn describe_types(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let asked = input.texts("InstanceType");
    let unknown: Vec<&str> = asked.iter().copied().filter(|name| named(name).is_none()).collect();
    if !unknown.is_empty() {
        let why = format!("The following supplied instance types do not exist: [{}]", unknown.join(", "));
        return Err(Fail::new("InvalidInstanceType", why));
    }
    let all = types().into_iter().filter(|of| asked.is_empty() || asked.contains(&of.name.as_str()));
    let kept = place::kept(all.map(|of| of.shown()), input, &TYPE_FILTERS)?;
    list::paged(cx, input, "InstanceType", "instanceTypeSet", kept, (5, 100))
}

pub(in super::super) fn describe_offerings(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let by = input.text("LocationType").unwrap_or("region");
    let zones = place::zones(cx.region);
    let offers = types().into_iter().flat_map(|of| {
        let offered = zones.iter().filter(|zone| of.offered(zone)).cloned();
        let places: Vec<String> = match by {
            "availability-zone" => offered.collect(),
            "availability-zone-id" => offered.map(|zone| place::zone_id(&zone)).collect(),
            _ => vec![cx.region.to_owned()],
        };
        let name = of.name;
        places.into_iter().map(move |place| json!({ "instanceType": name, "locationType": by, "location": place }))
    });
    let kept = place::kept(offers, input, &[("instance-type", "instanceType"), ("location", "location")])?;
    list::paged(cx, input, "", "instanceTypeOfferingSet", kept, (5, 1_000))
}

pub(in super::super) fn describe_spot_prices(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let asked = input.texts("InstanceType");
    let (zones, date) = (place::zones(cx.region), cx.ledger.date());
    let wanted = types().into_iter().filter(|of| asked.is_empty() || asked.contains(&of.name.as_str()));
    let prices = wanted.flat_map(|of| {
        let offered: Vec<String> = zones.iter().filter(|zone| of.offered(zone)).cloned().collect();
        let date = date.clone();
        offered.into_iter().map(move |zone| {
            let price = format!("{:.6}", f64::from(u32::try_from(of.price).unwrap_or(u32::MAX)) * 0.000_3);
            json!({ "instanceType": of.name, "availabilityZone": zone, "productDescription": "Linux/UNIX",
                "spotPrice": price, "timestamp": date })
        })
    });
    let known = [
        ("instance-type", "instanceType"),
        ("availability-zone", "availabilityZone"),
        ("product-description", "productDescription"),
    ];
    let products = input.texts("ProductDescription");
    let mut kept = place::kept(prices, input, &known)?;
    kept.retain(|price| {
        products.is_empty() || products.contains(&price.text("productDescription").unwrap_or_default())
    });
    kept.retain(|price| input.text("AvailabilityZone").is_none_or(|zone| price.text("availabilityZone") == Some(zone)));
    list::paged(cx, input, "", "spotPriceHistorySet", kept, (1, 1_000))
}
