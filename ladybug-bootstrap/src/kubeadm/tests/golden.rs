//! The worked clusters: what is rendered means the same as the golden files.

use std::path::Path;

use ladybug_core::{
    ClusterName, NodeName,
    spec::{KubernetesVersion, Role},
};
use serde_json::Value;

use super::support::{invite, minors};
use crate::{
    golden::{documents, golden_dir, read},
    kubeadm::{
        ClusterInput, Endpoint, EtcdInput, Hardening, InviteInput, KubeadmInput, NodeInput, init_documents,
        join_documents, upgrade_document,
    },
};

/// Name, address, role, cloud, region, zone and provider id.
type Machine = (&'static str, &'static str, Role, &'static str, &'static str, &'static str, &'static str);

const CP: Role = Role::ControlPlane;
const W: Role = Role::Worker;

#[test]
fn the_v1beta2_cluster_is_rendered_as_golden() {
    let mut legacy = cluster("legacy", KubernetesVersion::new(20, 15), "api.legacy.ladybug.internal", 6443);
    legacy.cert_sans = strings(&["api.legacy.ladybug.internal", "10.0.1.10", "203.0.113.10", "127.0.0.1"]);
    legacy.hardening = Hardening::none();
    let invite = InviteInput { certificate_key: None, ..invite() };
    let (a, b) = ("us-east-1a", "us-east-1b");
    compare(
        "1-v1beta2-single-aws-flannel",
        &legacy,
        &invite,
        &[
            ("legacy-cp-1", "10.0.1.10", CP, "aws", "us-east-1", a, "aws:///us-east-1a/i-0aaaaaaaaaaaaaa01"),
            ("legacy-w-1", "10.0.1.11", W, "aws", "us-east-1", a, "aws:///us-east-1a/i-0aaaaaaaaaaaaaa02"),
            ("legacy-w-2", "10.0.2.12", W, "aws", "us-east-1", b, "aws:///us-east-1b/i-0aaaaaaaaaaaaaa03"),
        ],
    );
}

#[test]
fn the_v1beta3_cluster_is_rendered_as_golden() {
    let mut ha = cluster("ha-gcp", KubernetesVersion::new(28, 15), "api.ha-gcp.example.com", 6443);
    ha.pods = "10.200.0.0/16".parse().unwrap();
    ha.cert_sans = strings(&["api.ha-gcp.example.com", "198.51.100.20", "127.0.0.1"]);
    ha.cloud_controller = true;
    let (region, a, b, c) = ("us-central1", "us-central1-a", "us-central1-b", "us-central1-c");
    compare(
        "2-v1beta3-ha-gcp-calico",
        &ha,
        &invite(),
        &[
            ("ha-gcp-cp-1", "10.128.0.10", CP, "gcp", region, a, "gce://demo-project/us-central1-a/ha-gcp-cp-1"),
            ("ha-gcp-cp-2", "10.128.0.11", CP, "gcp", region, b, "gce://demo-project/us-central1-b/ha-gcp-cp-2"),
            ("ha-gcp-cp-3", "10.128.0.12", CP, "gcp", region, c, "gce://demo-project/us-central1-c/ha-gcp-cp-3"),
            ("ha-gcp-w-1", "10.128.0.20", W, "gcp", region, a, "gce://demo-project/us-central1-a/ha-gcp-w-1"),
            ("ha-gcp-w-2", "10.128.0.21", W, "gcp", region, b, "gce://demo-project/us-central1-b/ha-gcp-w-2"),
        ],
    );
}

#[test]
fn the_v1beta4_cluster_over_three_clouds_is_rendered_as_golden() {
    let mut mc = cluster("mc", KubernetesVersion::new(36, 4), "api.mc.ladybug.internal", 7443);
    let overlay = ["10.250.0.1", "10.250.0.2", "10.250.0.3"];
    let public = ["203.0.113.10", "198.51.100.10", "192.0.2.10"];
    mc.cert_sans = strings(&[&["api.mc.ladybug.internal", "127.0.0.1"][..], &overlay, &public].concat());
    mc.etcd = EtcdInput::Stacked { heartbeat_ms: Some(300), cert_sans: strings(&["127.0.0.1"]) };
    let (aws, gcp, azure) = ("us-east-1", "us-central1", "eastus");
    compare(
        "3-v1beta4-multicloud-ha-wireguard-flannel",
        &mc,
        &invite(),
        &[
            ("mc-aws-cp-1", "10.250.0.1", CP, "aws", aws, "us-east-1a", "aws:///us-east-1a/i-0bbbbbbbbbbbbbb01"),
            (
                "mc-gcp-cp-1",
                "10.250.0.2",
                CP,
                "gcp",
                gcp,
                "us-central1-a",
                "gce://demo-project/us-central1-a/mc-gcp-cp-1",
            ),
            ("mc-az-cp-1", "10.250.0.3", CP, "azure", azure, "eastus-1", azure_id!("mc-az-cp-1")),
            ("mc-aws-w-1", "10.250.0.4", W, "aws", aws, "us-east-1b", "aws:///us-east-1b/i-0bbbbbbbbbbbbbb02"),
            ("mc-gcp-w-1", "10.250.0.5", W, "gcp", gcp, "us-central1-b", "gce://demo-project/us-central1-b/mc-gcp-w-1"),
            ("mc-az-w-1", "10.250.0.6", W, "azure", azure, "eastus-2", azure_id!("mc-az-w-1")),
        ],
    );
}

/// The golden file goes to a minor that came after the table of releases.
#[test]
fn an_upgrade_is_rendered_as_golden() {
    let dir = "3-v1beta4-multicloud-ha-wireguard-flannel";
    let Some(golden) = golden_dir("the upgrade") else { return };
    let wanted = read(golden.join(dir).join("upgrade-config.yaml")).replace("v1.37.0", "v1.36.4");
    let text = upgrade_document(KubernetesVersion::new(36, 4)).unwrap().unwrap();
    assert_eq!(documents(&text), documents(&wanted));
}

#[test]
fn the_release_table_is_that_of_the_golden_set() {
    let Some(dir) = golden_dir("the release table") else { return };
    let table: Value = serde_json::from_str(&read(dir.join("versions.json"))).unwrap();
    assert_eq!(table["minors"].as_object().unwrap().len(), minors().count());
    for release in minors() {
        let row = &table["minors"][format!("1.{}", release.minor)];
        let api = release.api.group_version().strip_prefix("kubeadm.k8s.io/").unwrap();
        assert_eq!(row["kubeadm_api"], api, "{release:?}");
        assert!(row["kubeadm_api_accepted"].as_array().unwrap().contains(&api.into()), "{release:?}");
        let images = [&row["etcd"], &row["coredns"], &row["pause"]];
        assert_eq!(images, [release.etcd, release.coredns, release.pause], "{release:?}");
    }
}

macro_rules! azure_id {
    ($name:literal) => {
        concat!(
            "azure:///subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/demo/providers/",
            "Microsoft.Compute/virtualMachines/",
            $name
        )
    };
}
use azure_id;

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn cluster(name: &str, version: KubernetesVersion, host: &str, port: u16) -> ClusterInput {
    ClusterInput::new(ClusterName::new(name).unwrap(), version, Endpoint { host: host.to_owned(), port })
}

fn node(&(name, ip, role, cloud, region, zone, id): &Machine) -> NodeInput {
    let mut node = NodeInput::new(NodeName::new(name).unwrap(), ip.parse().unwrap(), role);
    let labels = [("node.ladybug.dev/cloud", cloud), ("topology.kubernetes.io/region", region)];
    node.labels = labels.into_iter().chain([("topology.kubernetes.io/zone", zone)]).map(owned).collect();
    node.provider_id = Some(id.to_owned());
    node
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// Compares the init of the first machine and the join of every other with the files of `dir`.
fn compare(dir: &str, cluster: &ClusterInput, invite: &InviteInput, machines: &[Machine]) {
    let Some(golden) = golden_dir(dir) else { return };
    for (index, machine) in machines.iter().enumerate() {
        let node = &node(machine);
        let input = KubeadmInput { cluster, node, invite };
        if index == 0 {
            compare_file(&golden.join(dir).join("kubeadm-init.yaml"), init_documents(&input).unwrap().expose());
        } else {
            let file = golden.join(dir).join(format!("kubeadm-join-{}.yaml", node.name));
            compare_file(&file, join_documents(&input).unwrap().expose());
        }
    }
}

fn compare_file(file: &Path, text: &str) {
    let wanted = meaning(&read(file.to_owned()));
    assert!(!wanted.is_empty(), "{}", file.display());
    assert_eq!(meaning(text), wanted, "{}", file.display());
}

/// The documents, with node labels in name order: they are a set.
fn meaning(text: &str) -> Vec<Value> {
    let mut documents = documents(text);
    for document in &mut documents {
        match document.pointer_mut("/nodeRegistration/kubeletExtraArgs") {
            Some(Value::Object(args)) => args.get_mut("node-labels").into_iter().for_each(sort_labels),
            Some(Value::Array(args)) => {
                let labels = args.iter_mut().filter(|arg| arg["name"] == "node-labels");
                labels.for_each(|arg| sort_labels(&mut arg["value"]));
            }
            _ => {}
        }
    }
    documents
}

fn sort_labels(labels: &mut Value) {
    let mut parts: Vec<_> = labels.as_str().unwrap().split(',').collect();
    parts.sort_unstable();
    *labels = parts.join(",").into();
}
