//! A store in one file, on [redb](::redb).

mod failure;
mod file;
mod handle;
mod overlay;
mod store;
mod tables;
#[cfg(test)]
mod tests;

pub use store::RedbStore;
