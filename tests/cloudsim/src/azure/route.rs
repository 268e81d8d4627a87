//! What a path names.

use super::kinds::Kind;

/// What a request is about. Paths are understood in any case; names are kept as they were sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// The authority's endpoint of a tenant.
    Token(String),
    /// The machine's own identity.
    Metadata,
    Subscriptions,
    Subscription,
    Locations,
    Groups,
    Group(String),
    /// Everything in a group, or of the subscription.
    Resources(Option<String>),
    Provider(String),
    Register(String),
    Skus,
    /// Quotas of a provider in a region.
    Usages(String, String),
    /// Versions of an image: region, publisher, offer and sku.
    Versions([String; 4]),
    Version([String; 4], String),
    /// An operation, by its number.
    Operation(String),
    /// The result of the deletion of a group.
    Result(String),
    /// All resources of a type in a group, or of the subscription.
    All(&'static str, &'static str, Option<String>),
    One(&'static str, &'static str, String, String),
    /// A verb on a resource, such as `start`.
    Verb(&'static str, String, String, String),
    /// Children of a resource, such as `subnets`.
    Children(&'static str, String, String, String),
    Child(&'static str, String, String, String, String),
    Unknown,
}

/// What the path names, and the subscription that it is in.
pub(super) fn target(path: &str) -> (Target, Option<String>) {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let lower: Vec<String> = parts.iter().map(|part| part.to_ascii_lowercase()).collect();
    let words: Vec<&str> = lower.iter().map(String::as_str).collect();
    match (words.as_slice(), parts.as_slice()) {
        (["metadata", "identity", "oauth2", "token"], _) => (Target::Metadata, None),
        ([_, "oauth2", "v2.0", "token"], [tenant, ..]) => (Target::Token((*tenant).to_owned()), None),
        (["subscriptions"], _) => (Target::Subscriptions, None),
        (["subscriptions", _, words @ ..], [_, subscription, parts @ ..]) => {
            (inside(words, parts), Some((*subscription).to_owned()))
        }
        _ => (Target::Unknown, None),
    }
}

fn inside(words: &[&str], parts: &[&str]) -> Target {
    let own = |index: usize| parts.get(index).map(|part| (*part).to_owned()).unwrap_or_default();
    match words {
        [] => Target::Subscription,
        ["locations"] => Target::Locations,
        ["resourcegroups"] => Target::Groups,
        ["resources"] => Target::Resources(None),
        ["operationresults", _] => Target::Result(own(1)),
        ["resourcegroups", _] => Target::Group(own(1)),
        ["resourcegroups", _, "resources"] => Target::Resources(Some(own(1))),
        ["resourcegroups", _, "providers", provider, rest @ ..] => in_group(&own(1), provider, rest, &parts[4..]),
        ["providers", _] => Target::Provider(own(1)),
        ["providers", _, "register"] => Target::Register(own(1)),
        ["providers", "microsoft.compute", "skus"] => Target::Skus,
        ["providers", _, "locations", _, "usages"] => Target::Usages(own(1), own(3)),
        ["providers", _, "locations", _, "operations" | "diskoperations", _] => Target::Operation(own(5)),
        [
            "providers",
            "microsoft.compute",
            "locations",
            _,
            "publishers",
            _,
            "artifacttypes",
            "vmimage",
            "offers",
            _,
            "skus",
            _,
            "versions",
        ] => Target::Versions([own(3), own(5), own(9), own(11)]),
        [
            "providers",
            "microsoft.compute",
            "locations",
            _,
            "publishers",
            _,
            "artifacttypes",
            "vmimage",
            "offers",
            _,
            "skus",
            _,
            "versions",
            _,
        ] => Target::Version([own(3), own(5), own(9), own(11)], own(13)),
        ["providers", provider, collection] => match Kind::find(provider, collection) {
            Some(kind) => Target::All(kind.provider, kind.collection, None),
            None => Target::Unknown,
        },
        _ => Target::Unknown,
    }
}

fn in_group(group: &str, provider: &str, words: &[&str], parts: &[&str]) -> Target {
    let Some(kind) = words.first().and_then(|collection| Kind::find(provider, collection)) else {
        return Target::Unknown;
    };
    let (collection, group) = (kind.collection, group.to_owned());
    let own = |index: usize| parts.get(index).map(|part| (*part).to_owned()).unwrap_or_default();
    match words {
        [_] => Target::All(kind.provider, collection, Some(group)),
        [_, _] => Target::One(kind.provider, collection, group, own(1)),
        [_, _, "subnets" | "backendaddresspools"] => Target::Children(collection, group, own(1), own(2)),
        [_, _, "subnets" | "backendaddresspools", _] => Target::Child(collection, group, own(1), own(2), own(3)),
        [_, _, _] => Target::Verb(collection, group, own(1), own(2)),
        _ => Target::Unknown,
    }
}

/// The name that the official documents give an operation; what is unknown is called so.
pub(super) fn operation(method: &str, target: &Target) -> String {
    let group = |collection: &str| Kind::of(collection).map_or("Unknown", |kind| kind.group);
    let name = match (method, target) {
        ("POST", Target::Token(_)) => "Token",
        ("GET", Target::Metadata) => "Identity",
        ("GET", Target::Subscriptions) => "Subscriptions_List",
        ("GET", Target::Subscription) => "Subscriptions_Get",
        ("GET", Target::Locations) => "Subscriptions_ListLocations",
        ("GET", Target::Groups) => "ResourceGroups_List",
        ("GET", Target::Group(_)) => "ResourceGroups_Get",
        ("HEAD", Target::Group(_)) => "ResourceGroups_CheckExistence",
        ("PUT", Target::Group(_)) => "ResourceGroups_CreateOrUpdate",
        ("DELETE", Target::Group(_)) => "ResourceGroups_Delete",
        ("GET", Target::Resources(None)) => "Resources_List",
        ("GET", Target::Resources(Some(_))) => "Resources_ListByResourceGroup",
        ("GET", Target::Provider(_)) => "Providers_Get",
        ("POST", Target::Register(_)) => "Providers_Register",
        ("GET", Target::Skus) => "ResourceSkus_List",
        ("GET", Target::Usages(provider, _)) if provider.eq_ignore_ascii_case("Microsoft.Compute") => "Usage_List",
        ("GET", Target::Usages(..)) => "Usages_List",
        ("GET", Target::Versions(_)) => "VirtualMachineImages_List",
        ("GET", Target::Version(..)) => "VirtualMachineImages_Get",
        ("GET", Target::Operation(_)) => "Operation",
        ("GET", Target::Result(_)) => "OperationResult",
        ("GET", Target::All(_, collection, of)) => {
            return format!("{}_{}", group(collection), list_name(collection, of.is_some()));
        }
        ("PUT", Target::One(_, "sshPublicKeys", ..)) => "SshPublicKeys_Create",
        ("GET" | "PUT" | "DELETE" | "PATCH", Target::One(_, collection, ..)) => {
            return format!("{}_{}", group(collection), verb(method));
        }
        ("POST" | "GET", Target::Verb(collection, _, _, verb)) => {
            let mut letters = verb.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase()).into_iter();
            return format!("{}_{}", group(collection), first.chain(letters).collect::<String>());
        }
        ("GET", Target::Children(_, _, _, kind)) => return format!("{}_List", children(kind)),
        ("GET" | "PUT" | "DELETE", Target::Child(_, _, _, kind, _)) => {
            return format!("{}_{}", children(kind), verb(method));
        }
        _ => "Unknown",
    };
    name.to_owned()
}

fn verb(method: &str) -> &'static str {
    match method {
        "GET" => "Get",
        "PUT" => "CreateOrUpdate",
        "DELETE" => "Delete",
        _ => "Update",
    }
}

fn children(kind: &str) -> &'static str {
    if kind.eq_ignore_ascii_case("subnets") { "Subnets" } else { "LoadBalancerBackendAddressPools" }
}

fn list_name(collection: &str, in_group: bool) -> &'static str {
    match (collection, in_group) {
        ("sshPublicKeys" | "disks", true) => "ListByResourceGroup",
        ("virtualMachines" | "networkInterfaces", false) => "ListAll",
        _ => "List",
    }
}

/// Whether an operation asks to change something.
pub(super) fn changes(operation: &str) -> bool {
    let looks = ["_Get", "_List", "_InstanceView", "_CheckExistence"];
    operation.contains('_') && !looks.iter().any(|look| operation.contains(look))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_understood_in_any_case() {
        let of = |path: &str| target(path).0;
        let one = Target::One("Microsoft.Network", "virtualNetworks", "G".to_owned(), "N".to_owned());
        assert_eq!(of("/SUBSCRIPTIONS/s/resourcegroups/G/providers/microsoft.network/virtualnetworks/N"), one);
        assert_eq!(operation("PUT", &one), "VirtualNetworks_CreateOrUpdate");
        let start = of("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m/powerOff");
        assert_eq!(operation("POST", &start), "VirtualMachines_PowerOff");
        assert_eq!(
            of("/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"),
            Target::Unknown
        );
        assert!(
            changes("Disks_Update") && changes("VirtualMachines_Start") && !changes("Usages_List") && !changes("Token")
        );
    }
}
