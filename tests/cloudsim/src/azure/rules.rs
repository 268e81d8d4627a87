//! What stands in the way of a deletion.

use crate::world::Rule;

const fn rule(
    target: &'static str,
    blocker: &'static str,
    role: &'static str,
    code: &'static str,
    message: &'static str,
) -> Rule {
    Rule { target, blocker, role, code, message }
}

const SUBNET: (&str, &str) = (
    "InUseSubnetCannotBeDeleted",
    "Subnet nodes is in use by {blocker} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
);
const ADDRESS: (&str, &str) = (
    "PublicIPAddressCannotBeDeleted",
    "Public IP address {target} can not be deleted since it is still allocated to resource {blocker}. In order to delete the public IP, disassociate/detach the Public IP address from the resource.",
);
const GROUP: (&str, &str) = (
    "InUseNetworkSecurityGroupCannotBeDeleted",
    "Network security group {target} cannot be deleted because it is in use by the following resources: {blocker}. In order to delete the Network security group, remove the association with the resource(s).",
);

pub(super) const RULES: [Rule; 7] = [
    rule("virtualNetworks", "networkInterfaces", "network", SUBNET.0, SUBNET.1),
    rule("virtualNetworks", "loadBalancers", "network", SUBNET.0, SUBNET.1),
    rule("networkSecurityGroups", "networkInterfaces", "filter", GROUP.0, GROUP.1),
    rule("publicIPAddresses", "networkInterfaces", "address", ADDRESS.0, ADDRESS.1),
    rule("publicIPAddresses", "loadBalancers", "address", ADDRESS.0, ADDRESS.1),
    rule(
        "networkInterfaces",
        "virtualMachines",
        "interface",
        "NicInUse",
        "Network Interface {target} is used by existing resource {blocker}. In order to delete the network interface, it must be dissociated from the resource.",
    ),
    rule("disks", "virtualMachines", "disk", "OperationNotAllowed", "Disk {target} is attached to VM {blocker}."),
];
