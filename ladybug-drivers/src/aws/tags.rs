//! The owner as tags, and back.

use ladybug_core::{ClusterName, ClusterUid, ResourceKey, cloud::Owner};

use super::xml::Element;

/// The cluster's name.
const NAME_TAG: &str = "ladybug-name";
/// The generation, when it is not 0.
const GENERATION_TAG: &str = "ladybug-generation";

/// The filter that finds everything of a cluster.
pub(super) const CLUSTER_FILTER: &str = "tag:ladybug-cluster";
/// The filter that finds what is for one key.
pub(super) const KEY_FILTER: &str = "tag:ladybug-key";

/// The tags of the owner's resource; `name` is what the console shows.
pub(super) fn of(owner: &Owner, name: &str) -> Vec<(&'static str, String)> {
    vec![
        ("Name", name.to_owned()),
        (Owner::CLUSTER_TAG, owner.cluster.to_string()),
        (Owner::KEY_TAG, owner.key.to_string()),
        (NAME_TAG, owner.cluster_name.to_string()),
        (GENERATION_TAG, owner.generation.to_string()),
    ]
}

/// The owner of an element of EC2's answers; `None` when it has not our tags.
pub(super) fn owner(element: &Element) -> Option<Owner> {
    read(|key| element.items("tagSet").find(|tag| tag.word("key") == Some(key)).and_then(|tag| tag.word("value")))
}

/// The owner of an element of the load balancers' `DescribeTags`.
pub(super) fn owner_of_balancer(element: &Element) -> Option<Owner> {
    read(|key| element.items("Tags").find(|tag| tag.word("Key") == Some(key)).and_then(|tag| tag.word("Value")))
}

fn read<'a>(tag: impl Fn(&str) -> Option<&'a str>) -> Option<Owner> {
    let cluster: ClusterUid = tag(Owner::CLUSTER_TAG)?.parse().ok()?;
    let key = ResourceKey::new(tag(Owner::KEY_TAG)?).ok()?;
    let name = ClusterName::new(tag(NAME_TAG)?).ok()?;
    let generation = tag(GENERATION_TAG).and_then(|generation| generation.parse().ok()).unwrap_or_default();
    Some(Owner::new(cluster, name, key).with_generation(generation))
}
