//! What differs from minor to minor.

use serde_json::{Value, json};

use super::support::{Case, minors};
use crate::kubeadm::{EtcdInput, Hardening, KubeadmApi, kubelet_may_set, release};
use ladybug_core::{
    ErrorKind,
    spec::{KubernetesVersion, Role},
};

#[test]
fn every_minor_gets_the_api_that_its_own_kubeadm_writes() {
    for release in minors() {
        let wanted = match release.minor {
            18..=21 => KubeadmApi::V1Beta2,
            22..=30 => KubeadmApi::V1Beta3,
            31.. => KubeadmApi::V1Beta4,
            0..=17 => panic!("{release:?}"),
        };
        assert_eq!(release.api, wanted, "{release:?}");
        let [init, cluster, ..] = Case::new(release.minor).init();
        assert_eq!([&init["apiVersion"], &cluster["apiVersion"]], [wanted.group_version(); 2]);
    }
}

#[test]
fn an_unknown_minor_is_refused() {
    for minor in [0, 17, 37, 100] {
        assert_eq!(release(KubernetesVersion::new(minor, 0)).unwrap_err().kind(), ErrorKind::Unsupported);
        assert!(Case::new(minor).input().problems().iter().any(|problem| problem.path == "cluster.version"));
    }
}

#[test]
fn flags_are_a_map_before_v1beta4_and_a_list_since() {
    let flags = |minor| Case::new(minor).init()[0]["nodeRegistration"]["kubeletExtraArgs"].clone();
    assert_eq!(flags(30), json!({ "node-ip": "10.250.0.1" }));
    assert_eq!(flags(31), json!([{ "name": "node-ip", "value": "10.250.0.1" }]));
}

#[test]
fn timeouts_move_out_of_the_api_server_with_v1beta4() {
    let [old_init, old_cluster, ..] = Case::new(30).init();
    let [new_init, new_cluster, ..] = Case::new(31).init();
    assert_eq!(old_cluster["apiServer"]["timeoutForControlPlane"], "5m0s");
    assert_eq!(new_cluster["apiServer"].get("timeoutForControlPlane"), None);
    assert_eq!(old_init.get("timeouts"), None);
    assert_eq!(new_init["timeouts"]["controlPlaneComponentHealthCheck"], "5m0s");
    assert_eq!(Case::new(30).join()["discovery"]["timeout"], "5m0s");
    assert_eq!(Case::new(31).join()["discovery"].get("timeout"), None);
}

#[test]
fn control_planes_get_the_taint_of_their_minor_and_workers_none() {
    let keys = |join: Value| -> Vec<String> {
        let taints = join["nodeRegistration"]["taints"].as_array().cloned().unwrap_or_default();
        taints.iter().map(|taint| taint["key"].as_str().unwrap().replace("node-role.kubernetes.io/", "")).collect()
    };
    assert_eq!(keys(Case::new(23).join()), ["master"]);
    assert_eq!(keys(Case::new(24).join()), ["master", "control-plane"]);
    assert_eq!(keys(Case::new(25).join()), ["control-plane"]);
    assert_eq!(keys(Case::new(25).worker().join()), [""; 0]);
}

#[test]
fn images_come_from_a_registry_that_lives_and_has_coredns_where_kubeadm_looks() {
    let images = |minor, mirror: Option<&str>| {
        let mut case = Case::new(minor);
        case.cluster.image_repository = mirror.map(str::to_owned);
        let [_, cluster, ..] = case.init();
        let text = |pointer| cluster.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        (text("/imageRepository"), text("/dns/imageRepository"))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(images(20, None), (some("registry.k8s.io"), None));
    assert_eq!(images(24, None), (some("registry.k8s.io"), some("registry.k8s.io/coredns")));
    assert_eq!(images(25, None), (None, None));
    assert_eq!(
        images(36, Some("mirror.example/k8s")),
        (some("mirror.example/k8s"), some("mirror.example/k8s/coredns"))
    );
}

#[test]
fn only_gates_and_fields_that_a_minor_knows_are_set() {
    for release in minors() {
        let [_, cluster, kubelet, _] = Case::new(release.minor).init();
        let gate = |name: &str| cluster.pointer(&format!("/featureGates/{name}")).is_some();
        assert_eq!(gate("EtcdLearnerMode"), (27..=31).contains(&release.minor), "{release:?}");
        assert_eq!(gate("ControlPlaneKubeletLocalMode"), (31..=35).contains(&release.minor), "{release:?}");
        assert_eq!(kubelet.get("seccompDefault").is_some(), release.minor >= 27, "{release:?}");
        assert_eq!(kubelet.get("failCgroupV1").is_some(), release.minor >= 35, "{release:?}");
        let chacha = kubelet["tlsCipherSuites"].to_string().contains("CHACHA20");
        assert_eq!(chacha, release.minor >= 19, "{release:?}");
    }
}

/// One default, the flag that it sets and the volume that it mounts.
type Switch = (fn(&mut Hardening) -> &mut bool, &'static str, &'static str);

#[test]
fn every_secure_default_is_on_and_can_be_switched_off_alone() {
    let switches: [Switch; 4] = [
        (|on| &mut on.audit, "audit-policy-file", "audit-policy"),
        (|on| &mut on.encryption, "encryption-provider-config", "encryption"),
        (|on| &mut on.pod_security, "admission-control-config-file", "admission"),
        (|on| &mut on.kubelet_serving, "kubelet-certificate-authority", ""),
    ];
    let has = |case: &Case| {
        let [_, cluster, ..] = case.init();
        let volume = |name: &str| cluster["apiServer"]["extraVolumes"].to_string().contains(&format!("\"{name}\""));
        let flags = cluster["apiServer"]["extraArgs"].as_object().unwrap().clone();
        switches.map(|(_, flag, name)| (flags.contains_key(flag), name.is_empty() || volume(name)))
    };
    assert_eq!(has(&Case::new(28)), [(true, true); 4]);
    for (index, (switch, _, name)) in switches.iter().enumerate() {
        let mut case = Case::new(28);
        *switch(&mut case.cluster.hardening) = false;
        let mut wanted = [(true, true); 4];
        wanted[index] = (false, name.is_empty());
        assert_eq!(has(&case), wanted, "{name}");
    }
}

#[test]
fn kubelets_ask_for_serving_certificates_only_when_the_api_server_wants_them() {
    let mut case = Case::new(36);
    assert_eq!(case.init()[2]["serverTLSBootstrap"], true);
    case.cluster.hardening.kubelet_serving = false;
    assert_eq!(case.init()[2].get("serverTLSBootstrap"), None);
}

#[test]
fn pod_security_is_refused_where_it_does_not_exist_instead_of_dropped() {
    let mut case = Case::new(22);
    case.cluster.hardening.pod_security = true;
    assert_eq!(case.input().problems()[0].path, "cluster.hardening.pod_security");
}

#[test]
fn external_etcd_takes_the_place_of_the_local_one() {
    let mut case = Case::new(28);
    case.cluster.etcd = EtcdInput::External { endpoints: vec!["https://10.0.0.5:2379".to_owned()] };
    let [_, cluster, ..] = case.init();
    assert_eq!(cluster["etcd"].as_object().unwrap().len(), 1);
    assert_eq!(cluster["etcd"]["external"]["endpoints"], json!(["https://10.0.0.5:2379"]));
    assert_eq!(cluster.get("featureGates"), None);
}

#[test]
fn the_dns_server_is_the_tenth_address_of_the_services() {
    let mut case = Case::new(36);
    case.cluster.services = "10.32.7.240/28".parse().unwrap();
    assert_eq!(case.init()[2]["clusterDNS"], json!(["10.32.7.250"]));
}

#[test]
fn an_ipv6_endpoint_is_put_in_brackets() {
    let mut case = Case::new(36);
    case.cluster.endpoint.host = "fd00::1".to_owned();
    assert_eq!(case.init()[1]["controlPlaneEndpoint"], "[fd00::1]:7443");
}

#[test]
fn the_kubelet_sets_its_own_labels_but_no_role() {
    let free = ["a", "node.ladybug.dev/cloud", "topology.kubernetes.io/zone", "node.kubernetes.io/x", "notk8s.io/x"];
    let reserved =
        ["node-role.kubernetes.io/worker", "kubernetes.io/x", "node-restriction.kubernetes.io/x", "x.k8s.io/x"];
    assert_eq!(free.map(kubelet_may_set), [true; 5]);
    assert_eq!(reserved.map(kubelet_may_set), [false; 4]);
}

#[test]
fn only_a_control_plane_starts_a_cluster_and_joins_with_its_key() {
    let mut case = Case::new(36);
    assert_eq!(case.join()["controlPlane"]["certificateKey"], super::support::CERTIFICATE_KEY);
    case.invite.certificate_key = None;
    let error = crate::kubeadm::join_documents(&case.input()).unwrap_err();
    assert_eq!(error.problems()[0].path, "invite.certificate_key");
    case.node.role = Role::Worker;
    assert_eq!(case.join().get("controlPlane"), None);
    let error = crate::kubeadm::init_documents(&case.input()).unwrap_err();
    assert_eq!(error.problems()[0].path, "node.role");
}
