//! Inputs and readers that the tests share.

use ladybug_core::{
    ClusterName, NodeName, Secret,
    spec::{KubernetesVersion, Role},
};
use serde_json::Value;

use crate::{
    golden::documents,
    kubeadm::{
        ClusterInput, Endpoint, InviteInput, KubeadmInput, NodeInput, Release, init_documents, join_documents,
        release::RELEASES,
    },
};

pub(super) const TOKEN: &str = "abcdef.0123456789abcdef";
pub(super) const CERTIFICATE_KEY: &str = "e6a2eb8581237ab72a4f494f30285ec12a9694d750b9785706a83bfcbbbd2204";
pub(super) const CA_HASH: &str = "sha256:3a43251d8f074ef46bb4341fe760c185a11dbf658b3b62d503ac7231655a36d3";

/// A whole input that a test may bend.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) cluster: ClusterInput,
    pub(super) node: NodeInput,
    pub(super) invite: InviteInput,
}

impl Case {
    /// The first control-plane node of a cluster without Pod Security, which not every minor has.
    pub(super) fn new(minor: u16) -> Self {
        let endpoint = Endpoint { host: "api.demo.ladybug.internal".to_owned(), port: 7443 };
        let version = KubernetesVersion::new(minor, 3);
        let mut cluster = ClusterInput::new(ClusterName::new("demo").unwrap(), version, endpoint);
        cluster.hardening.pod_security = minor >= 23;
        let name = NodeName::new("demo-cp-1").unwrap();
        Self {
            cluster,
            node: NodeInput::new(name, "10.250.0.1".parse().unwrap(), Role::ControlPlane),
            invite: invite(),
        }
    }

    pub(super) fn worker(mut self) -> Self {
        self.node.role = Role::Worker;
        self
    }

    pub(super) fn input(&self) -> KubeadmInput<'_> {
        KubeadmInput { cluster: &self.cluster, node: &self.node, invite: &self.invite }
    }

    pub(super) fn init_text(&self) -> String {
        init_documents(&self.input()).unwrap().expose().clone()
    }

    /// The init, cluster, kubelet and kube-proxy documents.
    pub(super) fn init(&self) -> [Value; 4] {
        documents(&self.init_text()).try_into().unwrap()
    }

    pub(super) fn join(&self) -> Value {
        let [join] = documents(join_documents(&self.input()).unwrap().expose()).try_into().unwrap();
        join
    }
}

pub(super) fn invite() -> InviteInput {
    let secret = |text: &str| Secret::new(text.to_owned());
    InviteInput { token: secret(TOKEN), ca_hash: secret(CA_HASH), certificate_key: Some(secret(CERTIFICATE_KEY)) }
}

pub(super) fn minors() -> impl Iterator<Item = &'static Release> {
    RELEASES.iter()
}
