//! The kinds of things that Resource Manager keeps, and where.

use ladybug_core::{
    Disposition, Error, ErrorKind, ProviderName, ResourceId, Result, Zone,
    cloud::{Location, Owner, ResourceKind, ResourceRef, ResourceStatus},
};
use serde_json::Value;

use super::{client::Api, tags};

/// What the public address of a machine is called beside the machine's own name.
const OF_MACHINE: &str = "-machine";
/// What the public address of a load balancer is called beside its own name.
const OF_BALANCER: &str = "-balancer";

/// Where one kind of thing is kept, and the version of its API that this driver speaks.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) provider: &'static str,
    pub(super) collection: &'static str,
    pub(super) version: &'static str,
}

const fn network(collection: &'static str) -> Shelf {
    Shelf { provider: "Microsoft.Network", collection, version: NETWORK }
}

const fn compute(collection: &'static str) -> Shelf {
    Shelf { provider: "Microsoft.Compute", collection, version: COMPUTE }
}

/// The version of the network provider's API.
pub(super) const NETWORK: &str = "2024-01-01";
/// The version of the compute provider's API.
pub(super) const COMPUTE: &str = "2024-03-01";
/// The version of Resource Manager's own API.
pub(super) const RESOURCES: &str = "2024-03-01";

pub(super) static NETWORKS: Shelf = network("virtualNetworks");
pub(super) static FIREWALLS: Shelf = network("networkSecurityGroups");
pub(super) static ADDRESSES: Shelf = network("publicIPAddresses");
pub(super) static INTERFACES: Shelf = network("networkInterfaces");
pub(super) static BALANCERS: Shelf = network("loadBalancers");
pub(super) static MACHINES: Shelf = compute("virtualMachines");
pub(super) static KEYS: Shelf = compute("sshPublicKeys");
pub(super) static DISKS: Shelf = Shelf { provider: "Microsoft.Compute", collection: "disks", version: "2023-10-02" };

/// Every shelf.
pub(super) static ALL: [&Shelf; 8] =
    [&NETWORKS, &FIREWALLS, &ADDRESSES, &INTERFACES, &BALANCERS, &MACHINES, &KEYS, &DISKS];

/// A place on a shelf: a resource group, and a name in it. Both are in lower case, since Azure does not tell cases apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) group: String,
    pub(super) name: String,
}

impl Place {
    pub(super) fn new(group: &str, name: &str) -> Self {
        Self { group: group.to_ascii_lowercase(), name: name.to_ascii_lowercase() }
    }

    /// The place of the public address of the machine at this place.
    pub(super) fn machine_address(&self) -> Self {
        Self::new(&self.group, &format!("{}{OF_MACHINE}", self.name))
    }

    /// The place of the public address of the load balancer at this place.
    pub(super) fn balancer_address(&self) -> Self {
        Self::new(&self.group, &format!("{}{OF_BALANCER}", self.name))
    }
}

/// What has a public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// Nobody: it is an address of its own.
    Nobody,
    /// A machine of that name.
    Machine,
    /// A load balancer of that name.
    Balancer,
}

/// Whose public address is called that, and how the holder is called.
pub(super) fn holder(name: &str) -> (Holder, &str) {
    match (name.strip_suffix(OF_MACHINE), name.strip_suffix(OF_BALANCER)) {
        (Some(machine), _) => (Holder::Machine, machine),
        (_, Some(balancer)) => (Holder::Balancer, balancer),
        (None, None) => (Holder::Nobody, name),
    }
}

impl Shelf {
    /// Where the resources of a kind are kept.
    pub(super) fn of(kind: ResourceKind) -> Option<&'static Self> {
        Some(match kind {
            ResourceKind::Network => &NETWORKS,
            ResourceKind::Firewall => &FIREWALLS,
            ResourceKind::SshKey => &KEYS,
            ResourceKind::Machine => &MACHINES,
            ResourceKind::Address => &ADDRESSES,
            ResourceKind::LoadBalancer => &BALANCERS,
            _ => return None,
        })
    }

    /// The path of everything on this shelf in one group.
    pub(super) fn all_in(&self, subscription: &str, group: &str) -> String {
        format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{}/{}", self.provider, self.collection)
    }

    /// The path of a place, which is also its id.
    pub(super) fn path(&self, subscription: &str, place: &Place) -> String {
        format!("{}/{}", self.all_in(subscription, &place.group), place.name)
    }

    /// The place that an id names, in whatever case; `None` when it is not of this shelf or this subscription.
    pub(super) fn place(&self, subscription: &str, id: &str) -> Option<Place> {
        let parts: Vec<&str> = id.split('/').collect();
        let [_, a, theirs, b, group, c, provider, collection, name] = parts[..] else { return None };
        let same = |pairs: [(&str, &str); 6]| pairs.iter().all(|(one, other)| one.eq_ignore_ascii_case(other));
        let fits = same([
            (a, "subscriptions"),
            (theirs, subscription),
            (b, "resourceGroups"),
            (c, "providers"),
            (provider, self.provider),
            (collection, self.collection),
        ]);
        (fits && is_name(group) && is_name(name)).then(|| Place::new(group, name))
    }

    /// The place of a thing of an answer.
    pub(super) fn place_of(&self, group: &str, thing: &Value) -> Option<Place> {
        thing.get("name").and_then(Value::as_str).map(|name| Place::new(group, name))
    }

    /// The owner's thing at that place; `None` when there is none.
    ///
    /// # Errors
    /// `AlreadyExists` when it is somebody else's; `Conflict`, transient, while it is being deleted.
    pub(super) async fn mine(&self, api: Api<'_>, place: &Place, owner: &Owner) -> Result<Option<Value>> {
        let Some(thing) = api.get(self, place, &[]).await? else { return Ok(None) };
        check_mine(api, &thing, owner)?;
        Ok(Some(thing))
    }
}

/// Refuses what is not the owner's, or is on its way out.
pub(super) fn check_mine(api: Api<'_>, thing: &Value, owner: &Owner) -> Result<()> {
    let name = thing.get("name").and_then(Value::as_str).unwrap_or_default();
    if !tags::is_of(thing, owner) {
        return Err(api
            .error(ErrorKind::AlreadyExists)
            .with_message(format!("{name} exists and is not this cluster's"))
            .with_remedy("delete or rename the other resource"));
    }
    if status(thing) == ResourceStatus::Deleting { Err(being_deleted(api, name)) } else { Ok(()) }
}

/// The error about something that is on its way out.
fn being_deleted(api: Api<'_>, name: &str) -> Error {
    let error = api.error(ErrorKind::Conflict).with_disposition(Disposition::Transient { after: None });
    error.with_message(format!("{name} is still being deleted")).with_remedy("wait until it is gone")
}

/// Names are of fewer characters than paths: what is none never becomes a part of a URL.
fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-()".contains(c);
    !text.is_empty() && text.len() <= 90 && text.chars().all(fits) && text.chars().any(|c| c != '.')
}

/// How a thing is, by its provisioning state; things without one are ready as soon as they are there.
pub(super) fn status(thing: &Value) -> ResourceStatus {
    match thing.pointer("/properties/provisioningState").and_then(Value::as_str) {
        None | Some("Succeeded") => ResourceStatus::Ready,
        Some("Deleting") => ResourceStatus::Deleting,
        Some("Failed" | "Canceled") => ResourceStatus::Failed(reason(thing)),
        Some(_) => ResourceStatus::Pending,
    }
}

/// Why it failed, as far as its instance view says.
fn reason(thing: &Value) -> String {
    let statuses = thing.pointer("/properties/instanceView/statuses").and_then(Value::as_array);
    let failed = |status: &&Value| status.get("level").and_then(Value::as_str) == Some("Error");
    let said = statuses.into_iter().flatten().find(failed);
    let text = |name: &str| said.and_then(|status| status.get(name)).and_then(Value::as_str);
    match (text("code"), text("message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => "its provisioning failed".to_owned(),
    }
}

impl Api<'_> {
    /// The reference to what is at a place of a shelf.
    ///
    /// # Errors
    /// `Unexpected` when that is no id.
    pub(super) fn reference(
        &self,
        kind: ResourceKind,
        shelf: &Shelf,
        place: &Place,
        zone: Option<Zone>,
    ) -> Result<ResourceRef> {
        self.reference_to(kind, &shelf.path(self.subscription(), place), zone)
    }

    /// The reference to what has that path.
    ///
    /// # Errors
    /// `Unexpected` when that is no id.
    pub(super) fn reference_to(&self, kind: ResourceKind, path: &str, zone: Option<Zone>) -> Result<ResourceRef> {
        let id = ResourceId::new(path).map_err(|cause| self.error(ErrorKind::Unexpected).with_source(cause))?;
        let location = Location::region(self.region.clone()).with_zone(zone);
        Ok(ResourceRef::new(self.provider(), location, kind, id))
    }

    fn provider(&self) -> ProviderName {
        self.wire.config().provider.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_understood_in_any_case_and_only_if_it_is_one() {
        let place = |id: &str| MACHINES.place("S-1", id);
        let wanted = Some(Place::new("g", "m"));
        assert_eq!(place("/subscriptions/s-1/resourcegroups/G/providers/microsoft.compute/VIRTUALMACHINES/M"), wanted);
        for bad in [
            "absent",
            "/subscriptions/s-2/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m",
            "/subscriptions/s-1/resourceGroups/g/providers/Microsoft.Compute/disks/m",
            "/subscriptions/s-1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m/x/y",
            "/subscriptions/s-1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/..",
            "/subscriptions/s-1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m?x=1",
        ] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_know_their_holders() {
        assert_eq!(holder("demo-00ff"), (Holder::Nobody, "demo-00ff"));
        assert_eq!(holder("demo-00ff-machine"), (Holder::Machine, "demo-00ff"));
        assert_eq!(holder("demo-00ff-balancer"), (Holder::Balancer, "demo-00ff"));
    }

    #[test]
    fn a_failed_machine_says_why() {
        let thing = serde_json::json!({ "properties": { "provisioningState": "Failed", "instanceView": { "statuses": [
            { "code": "ProvisioningState/failed/AllocationFailed", "level": "Error", "message": "no room" }] } } });
        let why = "ProvisioningState/failed/AllocationFailed: no room".to_owned();
        assert_eq!(status(&thing), ResourceStatus::Failed(why));
    }
}
