//! The owner as a description, and back; names and request ids.

use ladybug_core::{
    ClusterName, ClusterUid, Region, ResourceKey,
    cloud::{Owner, ResourceKind},
};
use serde_json::Value;

/// The cluster's name.
const NAME: &str = "ladybug-name";
const GENERATION: &str = "ladybug-generation";
const KIND: &str = "ladybug-kind";
const REGION: &str = "ladybug-region";
/// What follows is somebody's public key, spaces included; always last.
const PUBLIC_KEY: &str = " ladybug-public-key=";

/// The longest name (RFC 1035).
const LONGEST: usize = 63;

/// Whose a resource is, what it is part of, and for which region: networks and rules are in none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) owner: Owner,
    pub(super) kind: ResourceKind,
    pub(super) region: Region,
}

impl Mark {
    pub(super) fn new(owner: &Owner, kind: ResourceKind, region: &Region) -> Self {
        Self { owner: owner.clone(), kind, region: region.clone() }
    }

    /// The description of the owner's resource.
    pub(super) fn write(&self) -> String {
        let Self { owner, kind, region } = self;
        let (cluster, key) = (Owner::CLUSTER_TAG, Owner::KEY_TAG);
        format!(
            "{cluster}={} {NAME}={} {key}={} {GENERATION}={} {KIND}={} {REGION}={region}",
            owner.cluster,
            owner.cluster_name,
            owner.key,
            owner.generation,
            word(*kind),
        )
    }

    /// The mark of a thing; `None` when it has not ours.
    pub(super) fn read(thing: &Value) -> Option<Self> {
        let description = thing.get("description")?.as_str()?;
        let words = description.split(PUBLIC_KEY).next()?;
        let word_of = |name: &str| words.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let cluster: ClusterUid = word_of(Owner::CLUSTER_TAG)?.parse().ok()?;
        let key = ResourceKey::new(word_of(Owner::KEY_TAG)?).ok()?;
        let name = ClusterName::new(word_of(NAME)?).ok()?;
        let generation = word_of(GENERATION)?.parse().ok()?;
        let kind = word_of(KIND)?;
        Some(Self {
            owner: Owner::new(cluster, name, key).with_generation(generation),
            kind: ResourceKind::ALL.into_iter().find(|known| word(*known) == kind)?,
            region: Region::new(word_of(REGION)?).ok()?,
        })
    }

    /// Whether both are for the same thing, of whatever generation.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        let who = |mark: &Self| (mark.owner.cluster, mark.owner.key.clone(), mark.kind, mark.region.clone());
        who(self) == who(other)
    }
}

/// A description that carries a public key, too.
pub(super) fn with_public_key(mark: &Mark, key: &str) -> String {
    format!("{}{PUBLIC_KEY}{}", mark.write(), key.trim())
}

pub(super) fn public_key(thing: &Value) -> Option<&str> {
    thing.get("description")?.as_str()?.split_once(PUBLIC_KEY).map(|(_, key)| key)
}

const fn word(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Network => "network",
        ResourceKind::Firewall => "firewall",
        ResourceKind::SshKey => "ssh-key",
        ResourceKind::Machine => "machine",
        ResourceKind::Address => "address",
        ResourceKind::LoadBalancer => "load-balancer",
        _ => "unknown",
    }
}

/// The name of a part of the owner's resource: the owner's own with something behind, the cluster's name cut off where
/// that would be too long.
pub(super) fn part(owner: &Owner, suffix: &str) -> String {
    let name = owner.resource_name();
    let (cluster, hash) = name.rsplit_once('-').unwrap_or((&name, ""));
    let room = LONGEST.saturating_sub(hash.len() + suffix.len() + 2);
    let cluster: String = cluster.chars().take(room).collect();
    format!("{}-{hash}-{suffix}", cluster.trim_end_matches('-'))
}

/// The network tag that one machine alone bears, by its name, which leaves room for it; no packet filter is called so.
pub(super) fn machine_tag(name: &str) -> String {
    format!("{name}-m")
}

/// A request id for something that `token` stands for: equal for equal input, in the form of a UUID.
pub(super) fn request_id(token: &str, what: &str) -> String {
    let token = u128::from_str_radix(token, 16).unwrap_or(1);
    let hash = what.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    // Version 8 of RFC 9562: made in a way of its own. It is never the zero UUID, which is refused.
    let id = (token ^ hash) & !(0xf << 76) & !(0x3 << 62) | (8 << 76) | (2 << 62);
    let hex = format!("{id:032x}");
    let piece = |from, to| hex.get(from..to).unwrap_or_default();
    [piece(0, 8), piece(8, 12), piece(12, 16), piece(16, 20), piece(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn owner(cluster: &str, key: &str) -> Owner {
        let uid = "0190163d-8694-739b-aea5-966c26f8ad91".parse().unwrap();
        Owner::new(uid, ClusterName::new(cluster).unwrap(), ResourceKey::new(key).unwrap()).with_generation(7)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let region = Region::new("europe-west1").unwrap();
        for kind in ResourceKind::ALL {
            let mark = Mark::new(&owner("c1", "a/b.1"), kind, &region);
            assert_eq!(Mark::read(&json!({ "description": mark.write() })), Some(mark.clone()));
            let thing = json!({ "description": with_public_key(&mark, "ssh-ed25519 AAAA ladybug-kind=machine") });
            assert_eq!(
                (Mark::read(&thing), public_key(&thing)),
                (Some(mark), Some("ssh-ed25519 AAAA ladybug-kind=machine"))
            );
        }
        assert_eq!(Mark::read(&json!({ "description": "ladybug-cluster=c1" })), None);
        assert_eq!(Mark::read(&json!({})), None);
    }

    #[test]
    fn parts_of_the_longest_names_fit() {
        let owner = owner(&"x".repeat(40), "firewall/one");
        let name = part(&owner, "tcp-30000-32767-v6");
        assert_eq!(name.len(), 63, "{name}");
        let hash = owner.resource_name();
        assert!(name.contains(hash.rsplit('-').next().unwrap()), "{name}");
    }

    #[test]
    fn request_ids_are_uuids_that_tell_things_apart() {
        let token = owner("c1", "a").token();
        let (one, two) = (request_id(&token, "networks/a"), request_id(&token, "networks/b"));
        assert_eq!((one.len(), one.matches('-').count(), one.as_bytes()[14]), (36, 4, b'8'));
        assert!(one != two && request_id(&token, "networks/a") == one);
    }
}
