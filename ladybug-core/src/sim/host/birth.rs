//! What cloud-init does at the first boot.

use serde::{Deserialize, Serialize};

use super::{disk::Disk, path};

/// The first-boot data: who may log in, and which host key sshd shows.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(in crate::sim) struct FirstBoot {
    pub(in crate::sim) user: String,
    /// The public key that logs in.
    pub(in crate::sim) authorized_key: String,
    /// The private host key.
    pub(in crate::sim) host_key: String,
}

const HEADER: &str = "#cloud-config\n";

impl FirstBoot {
    /// The document that the cloud hands to the machine.
    pub(in crate::sim) fn render(&self) -> String {
        let body = serde_json::to_string(self).expect("strings become JSON");
        format!("{HEADER}{body}")
    }

    /// Applies a document; one that cannot be read leaves a machine that nobody can log in to.
    pub(super) fn apply(document: &str, disk: &mut Disk) {
        let body = document.strip_prefix(HEADER).and_then(|body| serde_json::from_str::<Self>(body).ok());
        let Some(first) = body else { return };
        disk.write(path::HOST_KEY, 0o600, first.host_key.clone());
        disk.write(path::LOGIN, 0o600, serde_json::to_string(&(first.user, first.authorized_key)).unwrap_or_default());
    }
}
