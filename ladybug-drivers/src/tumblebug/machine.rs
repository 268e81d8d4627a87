//! Machines: one infra each, with one node group of one node.
//!
//! The server lets one action at a time happen in an infra and refuses every other, so machines that share an infra
//! could only be made one after the other. An infra's name is unique, and its labels are written by the call that makes
//! it; a machine's are then too.

use ladybug_core::{
    Error, ErrorKind, Region, Result,
    cloud::{
        Access, Call, Location, MachineSpec, Offer, Owner, Resource, ResourceDetail, ResourceKind, ResourceRef,
        ResourceStatus,
    },
};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{
    TumblebugDriver,
    choose::price,
    client::{Ask, part},
    create::has_come_out,
    driver::foreign,
    marker,
    model::{Found, HostKey, Infra, Node},
    subnet,
    thing::Kind,
};

/// The node group of every infra of ours, and its only node.
const GROUP: &str = "node";
const NODE: &str = "node-1";

/// The label by which infras of one region are looked up.
pub(super) const REGION_LABEL: &str = "ladybug-region";

impl TumblebugDriver {
    pub(super) fn infra_path(&self, infra: &str) -> String {
        self.path(&format!("/infra/{}", part(infra)))
    }

    pub(super) fn control_path(&self, infra: &str, action: &str) -> String {
        self.path(&format!("/control/infra/{}?action={action}", part(infra)))
    }

    pub(super) fn command_path(&self, infra: &str) -> String {
        self.path(&format!("/cmd/infra/{}?nodeId={NODE}", part(infra)))
    }

    pub(super) async fn ensure_machine(
        &self,
        cx: &Call,
        owner: &Owner,
        at: &Location,
        spec: &MachineSpec,
    ) -> Result<Resource> {
        let name = owner.resource_name();
        if let Some(there) = self.machine(cx, &at.region, &name).await? {
            return self.as_it_is(cx, owner, &at.region, there).await;
        }
        let subnet = self.subnet(cx, spec).await?;
        let body = request(owner, &at.region, spec, &subnet);
        self.create(cx, owner, &at.region, body).await
    }

    /// The owner's machine that is there already. One that never ran holds its name and is no use: it is taken away.
    pub(super) async fn as_it_is(
        &self,
        cx: &Call,
        owner: &Owner,
        region: &Region,
        there: Resource,
    ) -> Result<Resource> {
        let name = there.reference.id.as_str();
        if there.owner.cluster != owner.cluster || there.owner.key != owner.key {
            return Err(foreign(ResourceKind::Machine, name));
        }
        let why = match &there.status {
            ResourceStatus::Failed(reason) => {
                self.terminate(cx, name).await?;
                format!("an earlier one had failed ({reason}) and was taken away")
            }
            ResourceStatus::Deleting => "an earlier one is being deleted".to_owned(),
            ResourceStatus::Pending => return self.come_out(cx, owner, region, there).await,
            _ => return Ok(there),
        };
        Err(Error::new(ErrorKind::Conflict, format!("make the machine {name}"))
            .with_disposition(ladybug_core::Disposition::Transient { after: None })
            .with_message(why)
            .with_remedy("try again"))
    }

    /// A machine that is being made by an earlier call, as soon as it has an id.
    async fn come_out(&self, cx: &Call, owner: &Owner, region: &Region, there: Resource) -> Result<Resource> {
        let name = there.reference.id.as_str();
        match self.node(cx, name).await? {
            Some(node) if has_come_out(&node) => self.made(cx, owner, region, Some(node)).await,
            Some(_) => {
                let deadline = cx.deadline.unwrap_or_else(|| Instant::now() + self.client.config().patience);
                match timeout_at(deadline, self.watch(cx, name)).await {
                    Ok(node) => self.made(cx, owner, region, Some(node)).await,
                    Err(_) => Ok(there),
                }
            }
            None => Ok(there),
        }
    }

    /// The subnet of the machine's zone.
    async fn subnet(&self, cx: &Call, spec: &MachineSpec) -> Result<String> {
        let (network, zone) = (spec.network.id.as_str(), spec.offer.zone.as_ref().map(|zone| zone.as_str()));
        let thing = self.look(cx, Kind::VNet, network).await?;
        let found = thing.as_ref().and_then(|thing| subnet::of_zone(&thing.subnet_info_list, zone));
        found.map(|subnet| subnet.id.clone()).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("find a subnet of network {network} for machine {}", spec.name))
                .with_message(format!("the network has none in zone {}", zone.unwrap_or("(any)")))
                .with_remedy("name other zones in the pool: those of the network's subnets")
        })
    }

    /// The machine as stored, with its live status; `None` at the first look.
    pub(super) async fn node(&self, cx: &Call, infra: &str) -> Result<Option<Node>> {
        let path = format!("{}/node/{NODE}", self.infra_path(infra));
        let ask = Ask::get(format!("look at the machine {infra}"), path.clone());
        let Some(stored) = self.client.find::<Node>(cx, ask).await? else { return Ok(None) };
        let what = format!("look at the status of machine {infra}");
        let live = self.client.find::<Node>(cx, Ask::get(what, format!("{path}?option=status"))).await?;
        Ok(live.map(|live| Node {
            status: live.status,
            system_message: if live.system_message.is_empty() { stored.system_message } else { live.system_message },
            public_ip: live.public_ip.or(stored.public_ip),
            private_ip: live.private_ip.or(stored.private_ip),
            ..stored
        }))
    }

    /// The infra of that name, found by its label: the call that names it is limited to 2 in a second.
    async fn infra(&self, cx: &Call, name: &str) -> Result<Option<Infra>> {
        let selector = format!("sys.id={name},sys.namespace={}", self.client.config().namespace);
        Ok(self.infras(cx, &selector).await?.into_iter().find(|infra| infra.id == name))
    }

    /// The infras that a label selector finds.
    pub(super) async fn infras(&self, cx: &Call, selector: &str) -> Result<Vec<Infra>> {
        let path = format!("/resources/infra?labelSelector={}", part(selector));
        let found: Found<Infra> =
            self.client.read(cx, Ask::get(format!("list the infras of {selector}"), path)).await?;
        Ok(found.results)
    }

    /// The machine of that name, looked for twice: by its node, and by its infra, which may have no node.
    ///
    /// # Errors
    /// `AlreadyExists` when it is somebody else's.
    pub(super) async fn machine(&self, cx: &Call, region: &Region, name: &str) -> Result<Option<Resource>> {
        if let Some(node) = self.node(cx, name).await? {
            return self.resource_of_node(region, name, &node).map(Some);
        }
        match self.infra(cx, name).await? {
            Some(infra) => self.resource_of_infra(region, &infra).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn resource_of_node(&self, region: &Region, name: &str, node: &Node) -> Result<Resource> {
        let owner = marker::owner(&node.description).ok_or_else(|| foreign(ResourceKind::Machine, name))?;
        let mut reference = self.reference(region, ResourceKind::Machine, name)?;
        reference.location.zone = node.region.zone.parse().ok();
        Ok(Resource::new(reference, owner, status(node), detail(node)))
    }

    /// An infra without a node: it is being made, or that was all.
    pub(super) fn resource_of_infra(&self, region: &Region, infra: &Infra) -> Result<Resource> {
        let owner = marker::owner(&infra.description).ok_or_else(|| foreign(ResourceKind::Machine, &infra.id))?;
        let reference = self.reference(region, ResourceKind::Machine, &infra.id)?;
        let status = match infra.status.as_str() {
            "Creating" | "Preparing" | "Prepared" | "" => ResourceStatus::Pending,
            "Terminating" | "Terminated" => ResourceStatus::Deleting,
            other => ResourceStatus::Failed(format!("its infra is {other} and has no node")),
        };
        Ok(Resource::new(reference, owner, status, detail(&Node::default())))
    }

    /// The machine; when it runs, it has let us in.
    pub(super) async fn get_machine(&self, cx: &Call, resource: &ResourceRef) -> Result<Option<Resource>> {
        let (region, name) = (&resource.location.region, resource.id.as_str());
        let Some(node) = self.node(cx, name).await? else {
            return match self.infra(cx, name).await? {
                Some(infra) => self.resource_of_infra(region, &infra).map(Some),
                None => Ok(None),
            };
        };
        let shown = self.resource_of_node(region, name, &node)?;
        if shown.status == ResourceStatus::Ready {
            return self.introduced(cx, shown, &node).await.map(Some);
        }
        Ok(Some(shown))
    }
}

fn request(owner: &Owner, region: &Region, spec: &MachineSpec, subnet: &str) -> Value {
    let description = marker::description(owner);
    let disk = spec.disk.disk_type.as_deref().unwrap_or("default");
    json!({
        "name": owner.resource_name(),
        "description": description,
        "installMonAgent": "no",
        "policyOnPartialFailure": "continue",
        "label": { marker::CLUSTER_LABEL: owner.cluster.to_string(), REGION_LABEL: region.as_str() },
        "nodeGroups": [{
            "name": GROUP,
            "description": description,
            "nodeGroupSize": 1,
            "connectionName": region.as_str(),
            "specId": spec.offer.machine_type,
            "imageId": spec.image,
            "vNetId": spec.network.id.as_str(),
            "subnetId": subnet,
            "securityGroupIds": [spec.firewall.id.as_str()],
            "sshKeyId": spec.ssh_key.id.as_str(),
            "rootDiskType": disk,
            "rootDiskSize": spec.disk.gib,
            "label": { "ladybug-node": spec.name.as_str() },
        }],
    })
}

/// How a node is. A running one without an address is not usable yet.
pub(super) fn status(node: &Node) -> ResourceStatus {
    match node.status.as_str() {
        "Running" if node.public_ip.or(node.private_ip).is_some() => ResourceStatus::Ready,
        "Suspended" => ResourceStatus::Stopped,
        "Terminating" | "Terminated" => ResourceStatus::Deleting,
        "Failed" => ResourceStatus::Failed(node.system_message.clone()),
        _ => ResourceStatus::Pending,
    }
}

fn detail(node: &Node) -> ResourceDetail {
    let zone = node.region.zone.parse().ok();
    ResourceDetail::Machine {
        private_ip: node.private_ip,
        public_ip: node.public_ip,
        offer: Offer::new(node.spec_id.clone(), zone, price(node.spec.cost_per_hour)),
        access: access(node.ssh_port, &node.ssh_host_key_info),
    }
}

/// How the machine is reached, once the server has seen its host key.
fn access(port: u16, key: &HostKey) -> Option<Access> {
    let known = !key.host_key.is_empty() && !key.key_type.is_empty();
    known.then(|| Access {
        port: if port == 0 { 22 } else { port },
        host_key: Some(format!("{} {}", key.key_type, key.host_key)),
    })
}
