//! The lab as a whole.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use ladybug::{Error, ErrorKind, ProviderName, Result, spec::Problem};
use tempfile::NamedTempFile;

use crate::{LabDriver, Left, left, shell, tag::Tags};

/// From where this computer reaches the machines: what a spec names as its operator.
pub const OPERATOR: &str = "100.64.77.1/32";

/// The network namespace that is the Internet of the lab's clouds.
pub(crate) const SPACE: &str = "ladybug-lab";

/// What [`Lab::open`] looks for in the cache.
const PARTS: [&str; 6] =
    ["rootfs", "images/control_plane", "images", "mirror/SHA256SUMS", "bin/lab-crictl", "bin/kubectl"];

/// The lab of this computer. There is one at a time; every process that opens it sees the same machines.
#[derive(Clone, Debug)]
pub struct Lab {
    cache: Arc<Path>,
    tags: Tags,
}

impl Lab {
    /// Opens the lab over what `build/all.sh` made in the folder `LADYBUG_LAB_CACHE`, and switches its Internet on.
    ///
    /// # Errors
    /// `Unsupported` with everything that this computer lacks.
    pub async fn open() -> Result<Self> {
        let cache = cache()?;
        let missing = missing(&cache);
        if !missing.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, "open the lab")
                .with_message(missing.join("; "))
                .with_remedy("run tests/lab/build/all.sh as root on Debian 12 with control groups of version 1"));
        }
        let lab = Self { tags: Tags::new(cache.join("state")), cache: cache.into() };
        shell::bash("switch on the lab's Internet", include_str!("scripts/router-up.sh"), [SPACE], b"").await?;
        Ok(lab)
    }

    /// A cloud account of the lab.
    ///
    /// # Errors
    /// `InvalidSpec` when that is no provider's name.
    pub fn driver(&self, provider: &str) -> Result<LabDriver> {
        let name = ProviderName::new(provider).map_err(|cause| {
            Error::invalid_spec("name a cloud of the lab", vec![Problem::new("provider", cause.to_string())])
        })?;
        Ok(LabDriver::new(name, Arc::clone(&self.cache), self.tags.clone()))
    }

    /// What `build/all.sh` made.
    #[must_use]
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// A file among the lab's state that only this user reads, gone when it is dropped.
    pub(crate) fn secret_file(&self, prefix: &str) -> io::Result<NamedTempFile> {
        let folder = self.cache.join("state");
        fs::create_dir_all(&folder)?;
        tempfile::Builder::new().prefix(prefix).tempfile_in(folder)
    }

    /// Everything of the lab that is on this computer, its Internet included.
    ///
    /// # Errors
    /// When it cannot be counted.
    pub async fn left(&self) -> Result<Left> {
        left::count(&self.cache.join("state")).await
    }

    /// Switches the Internet off. Machines stay, cut off from everybody, until it is opened again.
    ///
    /// # Errors
    /// When something of it remains.
    pub async fn close(&self) -> Result<()> {
        shell::bash("switch off the lab's Internet", include_str!("scripts/router-down.sh"), [SPACE], b"").await?;
        Ok(())
    }
}

fn cache() -> Result<PathBuf> {
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/lab");
    let path = env::var_os("LADYBUG_LAB_CACHE").map_or_else(usual, PathBuf::from);
    std::path::absolute(&path).and_then(|path| path.canonicalize().or(Ok(path))).map_err(|cause| {
        Error::new(ErrorKind::Unsupported, format!("find the lab's cache {}", path.display())).with_source(cause)
    })
}

/// Everything that this computer lacks.
fn missing(cache: &Path) -> Vec<String> {
    let mut missing = Vec::new();
    // Only root's processes may be looked into by nobody but root.
    if std::fs::read_dir("/proc/1/fd").is_err() {
        missing.push("this process is not root's".to_owned());
    }
    if !Path::new("/usr/bin/systemd-nspawn").exists() {
        missing.push("there is no systemd-nspawn".to_owned());
    }
    if !Path::new("/sys/fs/cgroup/pids").exists() {
        missing.push("there are no control groups of version 1".to_owned());
    }
    let parts = PARTS.iter().map(|part| cache.join(part)).filter(|part| !part.exists());
    missing.extend(parts.map(|part| format!("there is no {}", part.display())));
    missing
}
