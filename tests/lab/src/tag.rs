//! What is known of each resource beside itself: a file that outlives every process.

use std::{
    fs,
    io::{self, Write},
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use ipnet::Ipv4Net;
use ladybug::{
    Error, ErrorKind, Result,
    cloud::{Offer, Owner, ResourceRef},
};
use serde::{Deserialize, Serialize};

/// A resource's tag. Written before the resource is made, removed after it is gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tag {
    pub(crate) reference: ResourceRef,
    pub(crate) owner: Owner,
    pub(crate) body: Body,
}

/// What the resource was made with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Body {
    Network { cidr: Ipv4Net },
    Firewall { network: String },
    SshKey { public_key: String },
    Machine(Machine),
}

/// What a machine was made with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) host: String,
    pub(crate) network: String,
    pub(crate) firewall: String,
    pub(crate) public_key: String,
    pub(crate) private: Ipv4Addr,
    pub(crate) prefix: u8,
    pub(crate) gateway: Ipv4Addr,
    pub(crate) public: Ipv4Addr,
    pub(crate) offer: Offer,
}

/// The tags of one lab, each in a folder of its own.
#[derive(Clone, Debug)]
pub(crate) struct Tags {
    root: PathBuf,
}

const FILE: &str = "tag.json";

impl Tags {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder of a resource.
    pub(crate) fn folder(&self, id: &str) -> PathBuf {
        self.root.join(id)
    }

    /// Runs `work` while nobody else, in whatever process, changes tags.
    pub(crate) fn locked<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let lock = fs::create_dir_all(&self.root)
            .and_then(|()| fs::File::create(self.root.join("lock")))
            .and_then(|file| file.lock().map(|()| file));
        let _lock = lock.map_err(|cause| unreadable(&self.root, cause))?;
        work()
    }

    /// The tag of a resource, if there is one.
    pub(crate) fn get(&self, id: &str) -> Result<Option<Tag>> {
        read(&self.folder(id).join(FILE))
    }

    /// Every tag.
    pub(crate) fn all(&self) -> Result<Vec<Tag>> {
        let entries = match fs::read_dir(&self.root) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|cause| unreadable(&self.root, cause))?,
        };
        let paths = entries.map(|entry| entry.map(|entry| entry.path().join(FILE)));
        let tags = paths.map(|path| read(&path.map_err(|cause| unreadable(&self.root, cause))?));
        tags.filter_map(Result::transpose).collect()
    }

    /// Writes a tag, whole or not at all.
    pub(crate) fn put(&self, tag: &Tag) -> Result<()> {
        let folder = self.folder(tag.reference.id.as_str());
        let write = || {
            fs::create_dir_all(&folder)?;
            let new = folder.join("tag.new");
            let mut file = fs::File::create(&new)?;
            file.write_all(&serde_json::to_vec(tag)?)?;
            file.sync_all()?;
            fs::rename(new, folder.join(FILE))
        };
        write().map_err(|cause: io::Error| unreadable(&folder, cause))
    }

    /// Removes a tag and its folder.
    pub(crate) fn remove(&self, id: &str) -> Result<()> {
        let folder = self.folder(id);
        match fs::remove_dir_all(&folder) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(unreadable(&folder, cause)),
            _ => Ok(()),
        }
    }
}

fn read(path: &Path) -> Result<Option<Tag>> {
    let text = match fs::read(path) {
        // A lock, or a folder whose tag is not written yet.
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        text => text.map_err(|cause| unreadable(path, cause))?,
    };
    let tag = serde_json::from_slice(&text);
    tag.map(Some).map_err(|cause| Error::new(ErrorKind::Corrupt, format!("read {}", path.display())).with_source(cause))
}

fn unreadable(path: &Path, cause: io::Error) -> Error {
    Error::new(ErrorKind::Unexpected, format!("read or write {}", path.display())).with_source(cause)
}
