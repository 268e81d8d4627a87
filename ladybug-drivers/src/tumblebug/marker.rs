//! Whose a resource is, written where Tumblebug keeps it: in the description, in the same call that makes it.

use ladybug_core::{ClusterName, ClusterUid, ResourceKey, cloud::Owner};

/// The label by which an infra's cluster is looked up; labels of other kinds can only be set by a second call, which
/// may be lost, so their descriptions alone count.
pub(super) const CLUSTER_LABEL: &str = Owner::CLUSTER_TAG;

const NAME: &str = "ladybug-name";
const GENERATION: &str = "ladybug-generation";
const PUBLIC_KEY: &str = "ladybug-public-key";

/// The description of a resource of this owner.
pub(super) fn description(owner: &Owner) -> String {
    format!(
        "{}={} {NAME}={} {}={} {GENERATION}={}",
        Owner::CLUSTER_TAG,
        owner.cluster,
        owner.cluster_name,
        Owner::KEY_TAG,
        owner.key,
        owner.generation
    )
}

/// The description of an SSH key: the server makes a pair of its own, so ours has to be remembered beside it.
pub(super) fn key_description(owner: &Owner, public_key: &str) -> String {
    format!("{} {PUBLIC_KEY}={public_key}", description(owner))
}

/// The owner that a description names; `None` for what is not ours.
pub(super) fn owner(description: &str) -> Option<Owner> {
    let uid: ClusterUid = word(description, Owner::CLUSTER_TAG)?.parse().ok()?;
    let name = ClusterName::new(word(description, NAME)?).ok()?;
    let key = ResourceKey::new(word(description, Owner::KEY_TAG)?).ok()?;
    Some(Owner::new(uid, name, key).with_generation(word(description, GENERATION)?.parse().ok()?))
}

/// Our public key in the description of an SSH key.
pub(super) fn public_key(description: &str) -> Option<&str> {
    let (_, key) = description.split_once(&format!(" {PUBLIC_KEY}="))?;
    Some(key.trim())
}

fn word<'a>(description: &'a str, name: &str) -> Option<&'a str> {
    description.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner_of(key: &str) -> Owner {
        let uid = "0192f0c1-2345-7abc-8def-0123456789ab".parse().unwrap();
        Owner::new(uid, ClusterName::new("demo").unwrap(), ResourceKey::new(key).unwrap()).with_generation(3)
    }

    #[test]
    fn an_owner_comes_back_from_its_description() {
        let owner_in = owner_of("machine/demo-w-1");
        assert_eq!(owner(&description(&owner_in)), Some(owner_in));
    }

    #[test]
    fn a_key_is_found_behind_its_owner() {
        let owner_in = owner_of("ssh-key/tb.aws-ap-northeast-2");
        let text = key_description(&owner_in, "ssh-ed25519 AAAA= some one");
        assert_eq!(owner(&text), Some(owner_in));
        assert_eq!(public_key(&text), Some("ssh-ed25519 AAAA= some one"));
    }

    #[test]
    fn what_others_describe_has_no_owner() {
        for text in ["", "my network", "ladybug-cluster=x ladybug-name=demo", "xladybug-cluster=1"] {
            assert_eq!(owner(text), None, "{text:?}");
            assert_eq!(public_key(text), None, "{text:?}");
        }
    }
}
