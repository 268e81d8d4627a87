//! Files, which outlive a reboot.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

/// The files of one host by absolute path.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::sim) struct Disk(BTreeMap<String, File>);

#[derive(Clone, PartialEq, Eq)]
struct File {
    mode: u32,
    content: Vec<u8>,
}

impl Disk {
    /// Writes a whole file.
    pub(in crate::sim) fn write(&mut self, path: &str, mode: u32, content: impl Into<Vec<u8>>) {
        self.0.insert(path.to_owned(), File { mode, content: content.into() });
    }

    /// The text of a file; `None` when it does not exist or is not text.
    pub(in crate::sim) fn read(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(&self.0.get(path)?.content).ok()
    }

    /// The JSON document in a file; `None` when it does not exist or does not fit.
    pub(in crate::sim) fn json<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        serde_json::from_str(self.read(path)?).ok()
    }

    /// Whether the file exists.
    pub(in crate::sim) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Whether others than its owner may read the file.
    #[cfg(test)]
    pub(in crate::sim) fn is_open(&self, path: &str) -> bool {
        self.0.get(path).is_some_and(|file| file.mode & 0o077 != 0)
    }

    /// Deletes a file, if it exists.
    pub(in crate::sim) fn remove(&mut self, path: &str) {
        self.0.remove(path);
    }

    /// Deletes every file whose path starts so.
    pub(in crate::sim) fn remove_under(&mut self, prefix: &str) {
        self.0.retain(|path, _| !path.starts_with(prefix));
    }

    /// The names directly under `folder`, which ends with a slash.
    pub(in crate::sim) fn names<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        let from = self.0.range(folder.to_owned()..);
        from.map_while(move |(path, _)| path.strip_prefix(folder)).filter(|name| !name.contains('/'))
    }
}
