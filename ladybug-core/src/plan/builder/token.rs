//! What a step promises to those that wait for it.

use super::Out;

macro_rules! tokens {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])* #[derive(Clone, Copy, Debug)] pub(in crate::plan) struct $name;)*
    };
}

tokens! {
    /// The site's network exists.
    NetworkMade,
    /// The cluster's SSH key is known to the site.
    KeyMade,
    /// The site's packet filter exists.
    FirewallMade,
    /// The site's packet filter lets the gateways of other sites in.
    Open,
    /// The machine has an id.
    MachineMade,
    /// The machine answers and its addresses are known.
    Booted,
    /// Where the API answers is known.
    Addressed,
    /// The host has everything that Kubernetes needs.
    Prepared,
    /// The host's public key on the overlay is known.
    Keyed,
    /// A host has the peers that it needed.
    Linked,
    /// The host knows the way to the API.
    Pointed,
    /// The API answers.
    Up,
    /// The CNI and the add-ons are installed.
    Networked,
    /// What joins need is there.
    Invited,
    /// The host is a member of the cluster.
    Joined,
    /// Nobody changes etcd's members.
    Settled,
    /// Kubernetes calls the node Ready.
    NodeReady,
    /// The join token is gone.
    Uninvited,
    /// The cluster is as wanted.
    Healthy,
    /// No pod that may move is left on the node.
    Drained,
    /// The resource is gone.
    Gone,
}

macro_rules! implies {
    ($($from:ident => $to:ident),* $(,)?) => {
        $(impl From<Out<$from>> for Out<$to> {
            fn from(out: Out<$from>) -> Self {
                out.turned()
            }
        })*
    };
}

implies! {
    Booted => Addressed,
    Pointed => Addressed,
    Up => Joined,
    Joined => Settled,
}
