//! A store in one file.
/// A store in one file.
#[derive(Debug)]
pub struct RedbStore;
