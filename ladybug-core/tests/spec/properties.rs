//! What holds for every input.

use std::time::Duration;

use ladybug_core::spec::{
    AddOn, ApiEndpoint, Arch, ClusterSpec, Cni, Effect, Etcd, ImageSpec, MachineSpec, NetworkSpec, OnFailure, Overlay,
    OverlayTopology, Policies, PoolSpec, PoolSpecBuilder, RootDisk, Taint,
};
use proptest::{collection, option, prelude::*, sample::select};

use crate::rules::base;

/// Label values, some of which YAML would take for numbers or booleans.
fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?",
        select(vec!["", "1e3", "0x1f", "true", "null", "1.0"]).prop_map(str::to_owned)
    ]
}

fn machine() -> impl Strategy<Value = MachineSpec> {
    let arch = select(vec![Arch::Amd64, Arch::Arm64]);
    let wishes = (2_u32..512, 2_u32..4096, arch, 0_u32..9);
    let wished =
        wishes.prop_map(|(vcpu, gib, arch, gpu)| MachineSpec::at_least(vcpu, gib).with_arch(arch).with_gpu(gpu));
    prop_oneof![wished, "[!-~]{1,40}".prop_map(MachineSpec::of_type)]
}

fn image() -> impl Strategy<Value = ImageSpec> {
    let family = select(vec!["ubuntu", "debian", "rocky", "rhel"]);
    (family, "[0-9]{1,2}(\\.[0-9]{2})?", option::of("[!-~]{1,80}")).prop_map(|(family, version, id)| {
        let image = ImageSpec::new(family, version);
        if let Some(id) = id { image.with_id(id) } else { image }
    })
}

fn disk() -> impl Strategy<Value = RootDisk> {
    prop_oneof![
        (10_u32..=16_384).prop_map(RootDisk::new),
        "[!-~]{1,20}".prop_map(|name| RootDisk::new(40).with_type(name))
    ]
}

fn pool() -> impl Strategy<Value = PoolSpecBuilder> {
    let text = ("[a-z]{1,5}", "[A-Za-z0-9_.-]{1,64}", collection::btree_set("[A-Za-z0-9_.-]{1,64}", 0..3));
    let labels = collection::btree_map("[a-z]{1,5}(\\.[a-z]/[A-Z])?", label(), 0..3);
    let effect = select(vec![Effect::NoSchedule, Effect::PreferNoSchedule, Effect::NoExecute]);
    let taint = (label(), effect).prop_map(|(value, effect)| Taint::new("example.com/taint", effect).with_value(value));
    (text, machine(), image(), disk(), labels, option::of(taint), 0_u32..9, any::<bool>()).prop_map(
        |((provider, region, zones), machine, image, disk, labels, taint, count, spot)| {
            let pool = PoolSpec::worker("w", provider, region).with_count(count).with_machine(machine).with_spot(spot);
            let pool = zones.into_iter().fold(pool.with_image(image).with_disk(disk), PoolSpecBuilder::with_zone);
            let pool = labels.into_iter().fold(pool, |pool, (key, value)| pool.with_label(key, value));
            taint.into_iter().fold(pool, PoolSpecBuilder::with_taint)
        },
    )
}

fn network() -> impl Strategy<Value = NetworkSpec> {
    let cni = select(vec![Cni::Flannel, Cni::Calico, Cni::Canal, Cni::Cilium, Cni::None]);
    let topology = select(vec![OverlayTopology::Gateways, OverlayTopology::Full]);
    (cni, topology, option::of(1280_u16..=8920), "[a-z]{1,9}(\\.[a-z0-9]{1,9}){0,2}").prop_map(
        |(cni, topology, mtu, domain)| {
            let net = |text: &str| text.parse().unwrap();
            let overlay = Overlay::Wireguard { nodes: net("192.168.0.0/20"), topology, mtu };
            let network = NetworkSpec::default().with_cni(cni).with_overlay(overlay).with_dns_domain(domain);
            network.with_pods(net("172.16.0.0/16")).with_services(net("10.64.0.0/16")).with_machines(net("11.0.0.0/8"))
        },
    )
}

fn policies() -> impl Strategy<Value = Policies> {
    (60_u64..2_592_000, 1.0_f64..1e9, select(vec![OnFailure::Keep, OnFailure::RollBack])).prop_map(
        |(seconds, budget, on_failure)| {
            let span = Duration::from_secs(seconds);
            let policies = Policies::default().with_deadline(span).with_expires_after(span);
            policies.with_budget_per_hour(budget).with_on_failure(on_failure)
        },
    )
}

fn endpoint() -> impl Strategy<Value = ApiEndpoint> {
    let host = ("[a-z]{1,20}(\\.[a-z]{1,20}){0,3}", 1_u16..).prop_map(|(host, port)| ApiEndpoint::external(host, port));
    prop_oneof![Just(ApiEndpoint::NodeLocal), Just(ApiEndpoint::LoadBalancer), host]
}

fn spec() -> impl Strategy<Value = ClusterSpec> {
    let etcd = prop_oneof![Just(Etcd::Stacked), Just(Etcd::external(["https://etcd-1:2379", "https://10.9.9.9"]))];
    let names = ("[a-z]([a-z0-9-]{0,38}[a-z0-9])?", "[a-z]{1,9}", 18_u16..=36);
    (names, network(), endpoint(), etcd, policies(), pool(), label()).prop_map(
        |((name, project, minor), network, endpoint, etcd, policies, pool, label)| {
            let builder =
                ClusterSpec::builder(name, format!("1.{minor}.3")).with_project(project).with_network(network);
            let builder = builder.with_endpoint(endpoint).with_etcd(etcd).with_policies(policies).with_pool(pool);
            let builder = builder.with_pool(PoolSpec::control_plane("cp", "aws", "r").with_count(3));
            let builder = builder.with_label("label", label).with_operator("2001:db8::/32");
            builder.with_add_on(AddOn::new("metrics-server").with_version("0.9.0")).build().unwrap()
        },
    )
}

/// JSON of the base's words in places where they may not belong.
fn misplaced() -> impl Strategy<Value = serde_json::Value> {
    let base = base();
    let mut places = Vec::new();
    collect(&base, String::new(), &mut places);
    let values: Vec<_> = places
        .iter()
        .filter_map(|place| base.pointer(place).cloned())
        .chain([
            serde_json::json!({"kind": "none"}),
            serde_json::Value::Null,
            serde_json::json!(-1),
            serde_json::json!(true),
        ])
        .collect();
    (select(places), select(values)).prop_map(move |(place, value)| {
        let mut spec = base.clone();
        *spec.pointer_mut(&place).unwrap() = value;
        spec
    })
}

fn collect(value: &serde_json::Value, at: String, places: &mut Vec<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        collect(value, format!("{at}/{name}"), places);
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        collect(value, format!("{at}/{index}"), places);
    }
    places.push(at);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn a_built_spec_comes_back_from_yaml_and_json(spec in spec()) {
        prop_assert_eq!(&ClusterSpec::parse(&spec.to_yaml()).unwrap(), &spec);
        prop_assert_eq!(&ClusterSpec::parse(&serde_json::to_string(&spec).unwrap()).unwrap(), &spec);
    }

    /// Whatever a program puts into a spec, writing it does not fail and loses nothing.
    #[test]
    fn any_text_survives_yaml(key: String, value: String) {
        let mut spec = ClusterSpec::parse(&base().to_string()).unwrap();
        spec.labels.insert(key, value.clone());
        spec.network.dns_domain = value;
        let back: ClusterSpec = serde_saphyr::from_str(&spec.to_yaml()).unwrap();
        prop_assert_eq!(back, spec);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let _ = ClusterSpec::parse(&text);
    }

    #[test]
    fn no_text_of_yaml_signs_makes_the_reader_panic(text in "[a-c:,&*!|>'\"%@`#?{}\\[\\]<~0-9.\\- \n\t]{0,80}") {
        let _ = ClusterSpec::parse(&text);
    }

    /// What the reader's walk lets through, the types take: no problem comes without a path.
    #[test]
    fn every_misplaced_value_is_reported_with_its_place(spec in misplaced()) {
        if let Err(error) = ClusterSpec::parse(&spec.to_string()) {
            for problem in error.problems() {
                prop_assert!(!problem.path.is_empty() || !spec.is_object(), "{}", problem);
            }
        }
    }
}
