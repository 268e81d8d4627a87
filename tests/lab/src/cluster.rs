//! Ladybug over the lab.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use ladybug::{
    Error, ErrorKind, Ladybug, LadybugBuilder, Result,
    kubeadm::{Confinement, Install, KubeadmBootstrapper, Options},
    ssh::SshConnector,
};

use crate::Lab;

/// The manifest of the lab's network between pods.
const CNI: &str = include_str!("../cni.yaml");

impl Lab {
    /// Ladybug with these clouds of the lab, the connector over SSH, and kubeadm from the lab's own mirror.
    ///
    /// # Errors
    /// As [`options`](Self::options) and [`driver`](Self::driver).
    pub fn ladybug(&self, providers: &[&str]) -> Result<LadybugBuilder> {
        let tool = KubeadmBootstrapper::new().with_options(self.options()?);
        let builder = Ladybug::builder().connector(Arc::new(SshConnector::new())).bootstrapper(Arc::new(tool));
        providers.iter().try_fold(builder, |builder, provider| Ok(builder.driver(Arc::new(self.driver(provider)?))))
    }

    /// How machines without the Internet that are containers are made nodes.
    ///
    /// # Errors
    /// When the mirror's list of checksums cannot be read.
    pub fn options(&self) -> Result<Options> {
        let mut options = Options::default();
        options.install = Install::Binaries;
        options.mirror = Some("file:///opt/lab/mirror".to_owned());
        options.images_dir = Some("/opt/lab/images".to_owned());
        options.checksums = checksums(&self.cache().join("mirror/SHA256SUMS"))?;
        options.confinement = Confinement::container();
        options.cni_manifest = Some(CNI.to_owned());
        options.min_disk_gib = 4;
        Ok(options)
    }
}

fn checksums(list: &Path) -> Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(list)
        .map_err(|cause| Error::new(ErrorKind::NotFound, format!("read {}", list.display())).with_source(cause))?;
    let pairs = text.lines().filter_map(|line| line.split_once("  "));
    Ok(pairs.map(|(sum, path)| (path.to_owned(), sum.to_owned())).collect())
}
