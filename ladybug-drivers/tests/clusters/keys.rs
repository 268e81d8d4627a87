//! Public keys in a form that AWS takes: those of the simulated world are not OpenSSH's.

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use futures::stream::BoxStream;
use ladybug_core::{
    ClusterUid, ProviderName, Result,
    cloud::{
        Action, Call, Capabilities, CloudDriver, Deletion, Location, MachineChoice, MachineQuery, Owner, Resource,
        ResourceRef, ResourceSpec, SshKeySpec,
    },
};
use sha2::{Digest, Sha256};

/// The same driver, which writes each public key as OpenSSH would.
#[derive(Debug)]
pub(crate) struct OpenSshKeys(pub(crate) Arc<dyn CloudDriver>);

fn openssh(key: &str) -> String {
    let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    blob.extend(Sha256::digest(key));
    format!("ssh-ed25519 {}", BASE64_STANDARD.encode(blob))
}

#[async_trait]
impl CloudDriver for OpenSshKeys {
    fn provider(&self) -> ProviderName {
        self.0.provider()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn resolve(&self, cx: &Call, query: &MachineQuery) -> Result<MachineChoice> {
        self.0.resolve(cx, query).await
    }

    async fn ensure(&self, cx: &Call, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Result<Resource> {
        match spec {
            ResourceSpec::SshKey(key) => {
                let spec = SshKeySpec { public_key: openssh(&key.public_key) };
                self.0.ensure(cx, owner, at, &ResourceSpec::SshKey(spec)).await
            }
            spec => self.0.ensure(cx, owner, at, spec).await,
        }
    }

    async fn get(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        self.0.get(cx, resource).await
    }

    async fn delete(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        self.0.delete(cx, resource).await
    }

    async fn act(&self, cx: &Call, resource: &ResourceRef, action: &Action) -> Result<Resource> {
        self.0.act(cx, resource, action).await
    }

    fn list_owned<'a>(
        &'a self,
        cx: &'a Call,
        cluster: &'a ClusterUid,
        at: &'a Location,
    ) -> BoxStream<'a, Result<Resource>> {
        self.0.list_owned(cx, cluster, at)
    }
}
