//! A call to a driver as data.

use std::fmt;

use crate::{
    cloud::{Action, Call, Location, MachineQuery, Owner, ResourceKind, ResourceRef, ResourceSpec},
    id::{ClusterUid, ProviderName, Region},
};

/// Which method of a driver is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verb {
    /// [`resolve`](crate::cloud::CloudDriver::resolve).
    Resolve,
    /// [`ensure`](crate::cloud::CloudDriver::ensure).
    Ensure,
    /// [`get`](crate::cloud::CloudDriver::get).
    Get,
    /// [`delete`](crate::cloud::CloudDriver::delete).
    Delete,
    /// [`act`](crate::cloud::CloudDriver::act).
    Act,
    /// [`list_owned`](crate::cloud::CloudDriver::list_owned), as one call.
    ListOwned,
}

impl Verb {
    /// Whether it may change something in the cloud.
    #[must_use]
    pub const fn is_mutation(self) -> bool {
        match self {
            Self::Ensure | Self::Delete | Self::Act => true,
            Self::Resolve | Self::Get | Self::ListOwned => false,
        }
    }

    /// The method's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Ensure => "ensure",
            Self::Get => "get",
            Self::Delete => "delete",
            Self::Act => "act",
            Self::ListOwned => "list_owned",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a method of a driver is given. `Debug` shows no secret.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are the arguments of the methods of CloudDriver")]
pub enum Request<'a> {
    /// To `resolve`.
    Resolve { query: &'a MachineQuery },
    /// To `ensure`.
    Ensure { owner: &'a Owner, at: &'a Location, spec: &'a ResourceSpec },
    /// To `get`.
    Get { resource: &'a ResourceRef },
    /// To `delete`.
    Delete { resource: &'a ResourceRef },
    /// To `act`.
    Act { resource: &'a ResourceRef, action: &'a Action },
    /// To `list_owned`.
    ListOwned { cluster: &'a ClusterUid, at: &'a Location },
}

impl Request<'_> {
    /// Which method it is for.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Resolve { .. } => Verb::Resolve,
            Self::Ensure { .. } => Verb::Ensure,
            Self::Get { .. } => Verb::Get,
            Self::Delete { .. } => Verb::Delete,
            Self::Act { .. } => Verb::Act,
            Self::ListOwned { .. } => Verb::ListOwned,
        }
    }

    /// What it is about: a resource's key before it has an id, then its id; else the region.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Ensure { owner, .. } => owner.key.as_str(),
            Self::Get { resource } | Self::Delete { resource } | Self::Act { resource, .. } => resource.id.as_str(),
            Self::Resolve { .. } | Self::ListOwned { .. } => self.region().as_str(),
        }
    }

    /// The kind of resource, if it is about one.
    #[must_use]
    pub const fn kind(&self) -> Option<ResourceKind> {
        match self {
            Self::Ensure { spec, .. } => Some(spec.kind()),
            Self::Get { resource } | Self::Delete { resource } | Self::Act { resource, .. } => Some(resource.kind),
            Self::Resolve { .. } | Self::ListOwned { .. } => None,
        }
    }

    /// Where.
    #[must_use]
    pub const fn region(&self) -> &Region {
        match self {
            Self::Resolve { query } => &query.region,
            Self::Ensure { at, .. } | Self::ListOwned { at, .. } => &at.region,
            Self::Get { resource } | Self::Delete { resource } | Self::Act { resource, .. } => {
                &resource.location.region
            }
        }
    }
}

/// One call to a driver. `Display` fits after "failed to".
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ask<'a> {
    /// Whose account.
    pub provider: ProviderName,
    /// What every call carries.
    pub call: Call,
    /// What is asked.
    pub request: Request<'a>,
}

impl<'a> Ask<'a> {
    /// Makes a call to the driver of `provider`.
    #[must_use]
    pub const fn new(provider: ProviderName, call: Call, request: Request<'a>) -> Self {
        Self { provider, call, request }
    }

    /// Which method is called.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        self.request.verb()
    }
}

impl fmt::Display for Ask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider = &self.provider;
        match &self.request {
            Request::Resolve { query } => write!(f, "resolve machines in {provider} {}", query.region),
            Request::Ensure { owner, at, spec } => {
                write!(f, "ensure {} {} in {provider} {at}", spec.kind(), owner.key)
            }
            Request::Get { resource } => write!(f, "get {resource}"),
            Request::Delete { resource } => write!(f, "delete {resource}"),
            Request::Act { resource, action } => write!(f, "{} {resource}", action_word(**action)),
            Request::ListOwned { cluster, at } => {
                write!(f, "list resources of cluster {cluster} in {provider} {at}")
            }
        }
    }
}

const fn action_word(action: Action) -> &'static str {
    match action {
        Action::Start => "start",
        Action::Stop => "stop",
        Action::Reboot => "reboot",
    }
}
