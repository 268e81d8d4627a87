//! The owner as tags, and back.

use ladybug_core::{ClusterName, ClusterUid, ResourceKey, cloud::Owner};
use serde_json::{Map, Value};

/// The cluster's name.
const NAME_TAG: &str = "ladybug-name";
/// The generation, when it is not 0.
const GENERATION_TAG: &str = "ladybug-generation";
/// The network that something belongs to without standing in it.
pub(super) const NETWORK_TAG: &str = "ladybug-network";
/// What people see.
const SHOWN_TAG: &str = "Name";

/// The tags of the owner's resource; `name` is what people see.
pub(super) fn of(owner: &Owner, name: &str) -> Map<String, Value> {
    let tags = [
        (SHOWN_TAG, name.to_owned()),
        (Owner::CLUSTER_TAG, owner.cluster.to_string()),
        (Owner::KEY_TAG, owner.key.to_string()),
        (NAME_TAG, owner.cluster_name.to_string()),
        (GENERATION_TAG, owner.generation.to_string()),
    ];
    tags.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}

/// The value of a tag of an answer. Azure does not tell the case of their names apart.
pub(super) fn value<'a>(thing: &'a Value, name: &str) -> Option<&'a str> {
    let mut tags = thing.get("tags")?.as_object()?.iter();
    tags.find(|(known, _)| known.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
}

/// The owner of a thing of Azure's answers; `None` when it has not our tags.
pub(super) fn owner(thing: &Value) -> Option<Owner> {
    let cluster: ClusterUid = value(thing, Owner::CLUSTER_TAG)?.parse().ok()?;
    let key = ResourceKey::new(value(thing, Owner::KEY_TAG)?).ok()?;
    let name = ClusterName::new(value(thing, NAME_TAG)?).ok()?;
    let generation = value(thing, GENERATION_TAG).and_then(|generation| generation.parse().ok()).unwrap_or_default();
    Some(Owner::new(cluster, name, key).with_generation(generation))
}

/// Whether it is this owner's, of any generation.
pub(super) fn is_of(thing: &Value, owner: &Owner) -> bool {
    self::owner(thing).is_some_and(|tagged| (tagged.cluster, &tagged.key) == (owner.cluster, &owner.key))
}
