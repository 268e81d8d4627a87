//! What changed from minor to minor and broke somebody, one row each.

use std::ops::RangeBounds;

use serde_json::{Value, json};

use super::{
    schema::shapes,
    support::{Case, minors},
};

/// The documents of one cluster.
struct Documents {
    minor: u16,
    init: Value,
    cluster: Value,
    kubelet: Value,
    proxy: Value,
    join: Value,
    worker: Value,
    text: String,
}

impl Documents {
    fn new(case: &Case) -> Self {
        let [init, cluster, kubelet, proxy] = case.init();
        let (join, worker) = (case.join(), case.clone().worker().join());
        let text = format!("{}{join}{worker}", case.init_text());
        Self { minor: case.cluster.version.minor(), init, cluster, kubelet, proxy, join, worker, text }
    }

    /// Whether the documents have what only these minors have.
    fn only(&self, minors: impl RangeBounds<u16>, there: bool) -> bool {
        there == minors.contains(&self.minor)
    }

    fn nodes(&self) -> [&Value; 3] {
        [&self.init, &self.join, &self.worker]
    }

    fn lacks(&self, words: &[&str]) -> bool {
        words.iter().all(|word| !self.text.contains(word))
    }
}

/// A flag in either form of a document.
fn flag<'a>(component: &'a Value, name: &str) -> Option<&'a str> {
    let args = &component["extraArgs"];
    let listed = || args.as_array()?.iter().find(|arg| arg["name"] == name)?.get("value");
    args.get(name).or_else(listed)?.as_str()
}

fn role(taint: &Value) -> String {
    taint["key"].to_string().replace("node-role.kubernetes.io/", "")
}

/// What kubeadm or a component would not forgive, and whether the documents keep to it.
type Trap = (&'static str, fn(&Documents) -> bool);

const TRAPS: &[Trap] = &[
    ("v1beta2 is gone with 1.27, v1beta3 with 1.37, v1beta4 came with 1.31", |all| {
        let api = match all.minor {
            ..=21 => "v1beta2",
            22..=30 => "v1beta3",
            31.. => "v1beta4",
        };
        [&all.init, &all.cluster, &all.join].iter().all(|it| it["apiVersion"] == format!("kubeadm.k8s.io/{api}"))
    }),
    ("dns.type is gone with v1beta3", |all| all.only(..=21, all.cluster.pointer("/dns/type").is_some())),
    ("useHyperKubeImage and ClusterStatus are gone with v1beta3", |all| {
        all.lacks(&["useHyperKubeImage", "ClusterStatus"])
    }),
    ("imagePullPolicy came with v1beta3", |all| {
        all.nodes().iter().all(|it| all.only(22.., it["nodeRegistration"].get("imagePullPolicy").is_some()))
    }),
    ("flags are a map before v1beta4 and a list since", |all| {
        all.nodes().iter().all(|it| all.only(31.., it["nodeRegistration"]["kubeletExtraArgs"].is_array()))
            && ["controllerManager", "scheduler"]
                .iter()
                .all(|it| all.only(31.., all.cluster[it]["extraArgs"].is_array()))
    }),
    ("timeouts moved with v1beta4", |all| {
        all.only(..=30, all.cluster["apiServer"].get("timeoutForControlPlane").is_some())
            && all.only(..=30, all.join["discovery"].get("timeout").is_some())
            && all.nodes().iter().all(|it| all.only(31.., it.get("timeouts").is_some()))
    }),
    ("certificates are chosen from v1beta4 on", |all| {
        all.only(31.., all.cluster.get("encryptionAlgorithm").is_some())
            && all.only(31.., all.cluster.get("certificateValidityPeriod").is_some())
    }),
    ("a version without patch makes kubeadm go online", |all| {
        all.cluster["kubernetesVersion"] == format!("v1.{}.3", all.minor)
    }),
    ("an endpoint cannot be added later", |all| {
        all.cluster["controlPlaneEndpoint"] == "api.demo.ladybug.internal:7443"
    }),
    ("kubeadm wants 6443 free on control planes, so the local proxy has another port", |all| {
        all.init["localAPIEndpoint"]["bindPort"] == 6443
            && all.join["controlPlane"]["localAPIEndpoint"]["bindPort"] == 6443
    }),
    ("the kubelet's own cgroup driver is cgroupfs", |all| all.kubelet["cgroupDriver"] == "systemd"),
    ("the DNS server is the tenth address", |all| all.kubelet["clusterDNS"] == json!(["10.96.0.10"])),
    ("kube-proxy must know the pods", |all| all.proxy["clusterCIDR"] == all.cluster["networking"]["podSubnet"]),
    ("ipvs goes from 1.35 on, nftables came with 1.29", |all| all.proxy["mode"] == "iptables"),
    ("udpIdleTimeout is gone with 1.26", |all| all.lacks(&["udpIdleTimeout"])),
    ("the controller manager and the scheduler listen to the node alone", |all| {
        ["controllerManager", "scheduler"].iter().all(|it| flag(&all.cluster[it], "bind-address") == Some("127.0.0.1"))
    }),
    ("kubelet flags that are gone stop it", |all| {
        all.lacks(&[
            "network-plugin",
            "cni-bin-dir",
            "cni-conf-dir",
            "container-runtime\"",
            "pod-infra-container-image",
        ])
    }),
    ("etcd 3.7 has no experimental flags any more", |all| all.lacks(&["experimental-"])),
    ("a control plane's taint was renamed in 1.24", |all| {
        let wanted: &[&str] = match all.minor {
            ..=23 => &["\"master\""],
            24 => &["\"master\"", "\"control-plane\""],
            25.. => &["\"control-plane\""],
        };
        [&all.init, &all.join].iter().all(|it| {
            let taints = it["nodeRegistration"]["taints"].as_array().unwrap();
            taints.iter().map(role).take(wanted.len()).eq(wanted.iter().copied())
        })
    }),
    ("a kubelet may not give itself a role", |all| {
        all.nodes().iter().all(|it| !it["nodeRegistration"]["kubeletExtraArgs"].to_string().contains("node-role"))
    }),
    ("an unknown feature gate is an error", |all| {
        let gates = all.cluster.get("featureGates").and_then(Value::as_object).cloned().unwrap_or_default();
        gates.keys().all(|gate| match gate.as_str() {
            "EtcdLearnerMode" => (27..=31).contains(&all.minor),
            "ControlPlaneKubeletLocalMode" => (31..=35).contains(&all.minor),
            _ => false,
        })
    }),
    ("a kubelet of 1.31 breaks on an older API server without local mode", |all| {
        all.only(31..=35, all.cluster["featureGates"].get("ControlPlaneKubeletLocalMode").is_some())
    }),
    ("fields of the kubelet that its minor lacks are ignored with a warning", |all| {
        let late = ["containerRuntimeEndpoint", "memorySwap", "registerWithTaints", "tracing", "imageMaximumGCAge"];
        (all.minor >= 27 || all.kubelet.get("seccompDefault").is_none())
            && all.only(35.., all.kubelet.get("failCgroupV1").is_some())
            && late.iter().all(|field| all.kubelet.get(field).is_none())
    }),
    ("k8s.gcr.io is frozen, and kubeadm's default until 1.24", |all| {
        all.lacks(&["k8s.gcr.io"]) && (all.minor >= 25 || all.cluster.get("imageRepository").is_some())
    }),
    ("a registry that is not kubeadm's default has CoreDNS one level deeper from 1.21 on", |all| {
        let own = all.cluster["imageRepository"].as_str().filter(|_| all.minor >= 21);
        let dns = all.cluster.pointer("/dns/imageRepository").and_then(Value::as_str);
        dns.map(str::to_owned) == own.map(|own| format!("{own}/coredns"))
    }),
    ("the controller manager takes no cloud-provider from 1.29 on", |all| {
        let external = flag(&all.cluster["controllerManager"], "cloud-provider").is_some();
        all.minor <= 28 || !external
    }),
    ("a join that does not check the CA can be led astray", |all| {
        let pinned = |it: &Value| it.pointer("/discovery/bootstrapToken/caCertHashes/0").is_some();
        all.lacks(&["unsafeSkipCAVerification"]) && pinned(&all.join) && pinned(&all.worker)
    }),
    ("a token lives a day if nobody says", |all| all.init["bootstrapTokens"][0]["ttl"] == "1h0m0s"),
    ("a worker has no use for the control plane's certificates", |all| {
        all.join.pointer("/controlPlane/certificateKey").is_some() && all.worker.get("controlPlane").is_none()
    }),
    ("anonymous requests carry the discovery of joins and the health checks", |all| {
        flag(&all.cluster["apiServer"], "anonymous-auth") != Some("false")
    }),
    ("1.18 calls ChaCha20 otherwise, and an unknown cipher stops the server", |all| {
        all.minor >= 19 || all.lacks(&["CHACHA20"])
    }),
    ("a socket without scheme is refused from 1.24 on", |all| {
        all.nodes().iter().all(|it| it["nodeRegistration"]["criSocket"].as_str().unwrap().starts_with("unix:///"))
    }),
    ("httpEndpoints of etcd came with 1.35", |all| all.lacks(&["httpEndpoints"])),
];

#[test]
fn no_minor_falls_into_a_known_trap() {
    for release in minors() {
        for case in shapes(release.minor) {
            let documents = Documents::new(&case);
            for (name, kept) in TRAPS {
                assert!(kept(&documents), "1.{}: {name}\n{}", release.minor, documents.text);
            }
        }
    }
}
