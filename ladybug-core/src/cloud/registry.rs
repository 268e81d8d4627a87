//! The drivers by name.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::CloudDriver;
use crate::{
    error::{Error, ErrorKind, Result},
    id::ProviderName,
};

/// The drivers by the name of their account. Clones share the drivers.
#[derive(Clone, Default)]
pub struct DriverRegistry(BTreeMap<ProviderName, Arc<dyn CloudDriver>>);

impl DriverRegistry {
    /// Makes a registry without drivers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a driver under its own name and returns the one that it replaces.
    pub fn insert(&mut self, driver: Arc<dyn CloudDriver>) -> Option<Arc<dyn CloudDriver>> {
        self.0.insert(driver.provider(), driver)
    }

    /// The registry with one more driver.
    #[must_use]
    pub fn with(mut self, driver: Arc<dyn CloudDriver>) -> Self {
        self.insert(driver);
        self
    }

    /// The driver of that name.
    ///
    /// # Errors
    /// `NotFound`, with the names that are known.
    pub fn get(&self, name: &ProviderName) -> Result<&Arc<dyn CloudDriver>> {
        self.0.get(name).ok_or_else(|| self.unknown(name))
    }

    /// Every driver with its name, in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&ProviderName, &Arc<dyn CloudDriver>)> {
        self.0.iter()
    }

    fn unknown(&self, name: &ProviderName) -> Error {
        let known: Vec<_> = self.0.keys().map(ProviderName::as_str).collect();
        let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
        Error::new(ErrorKind::NotFound, format!("find the driver of provider {name}"))
            .with_message(format!("no driver has this name; the names are: {known}"))
            .with_remedy("correct the provider in the spec, or register its driver")
    }
}

impl fmt::Debug for DriverRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
