//! Secrets that cannot be printed, logged or serialised by accident.

use std::{collections::BTreeMap, fmt};

use secrecy::{ExposeSecret, SecretBox};
use zeroize::Zeroize;

use crate::id::SecretName;

/// A value that is wiped on drop and shows nothing in `Debug`.
///
/// It has no `Display` and no `Serialize`: it leaves only through [`Secret::expose`].
///
/// ```
/// use ladybug_core::Secret;
/// let key = Secret::new("hunter2".to_owned());
/// assert_eq!(format!("{key:?}"), "Secret(..)");
/// assert_eq!(key.expose(), "hunter2");
/// ```
pub struct Secret<T: Zeroize>(SecretBox<T>);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(SecretBox::new(Box::new(value)))
    }

    /// Shows the value. Keep the reference short and out of messages.
    #[must_use]
    pub fn expose(&self) -> &T {
        self.0.expose_secret()
    }
}

impl<T: Zeroize + Clone> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self::new(self.expose().clone())
    }
}

impl<T: Zeroize + PartialEq> PartialEq for Secret<T> {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl<T: Zeroize + Eq> Eq for Secret<T> {}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The secrets of one cluster, by what they are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<SecretName, Secret<Vec<u8>>>);

impl Secrets {
    /// The secret of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Secret<Vec<u8>>> {
        self.0.get(name)
    }

    /// Adds or replaces a secret.
    pub fn insert(&mut self, name: SecretName, secret: Secret<Vec<u8>>) {
        self.0.insert(name, secret);
    }

    /// Takes over every secret of `other`.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every secret with its name, in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&SecretName, &Secret<Vec<u8>>)> {
        self.0.iter()
    }
}

impl FromIterator<(SecretName, Secret<Vec<u8>>)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (SecretName, Secret<Vec<u8>>)>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}
