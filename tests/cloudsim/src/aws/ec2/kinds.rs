//! What each kind of EC2 resource is called, and what it is filtered by.

use super::super::fail::Fail;

/// One kind of resource.
#[derive(Debug)]
pub(in super::super) struct Kind {
    /// As tags call it.
    pub(in super::super) kind: &'static str,
    /// What its ids begin with.
    pub(in super::super) prefix: &'static str,
    /// What lists of it are called.
    pub(in super::super) set: &'static str,
    /// The parameter that names ids in its Describe call.
    pub(in super::super) ids: &'static str,
    /// The code for an id that does not exist.
    pub(in super::super) absent: &'static str,
    /// How the message calls it.
    pub(in super::super) what: &'static str,
    /// The code for what can be no id, where that is told apart.
    pub(in super::super) malformed: Option<&'static str>,
    /// Its filters, and where in what is shown their values stand; `*` is every member of a list.
    pub(in super::super) filters: &'static [(&'static str, &'static str)],
}

impl Kind {
    /// That an id does not exist, in the words that were recorded.
    pub(in super::super) fn no(&self, id: &str) -> Fail {
        if let Some(code) = self.malformed.filter(|_| !id.starts_with(self.prefix)) {
            return Fail::new(code, format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix));
        }
        let dot = if self.kind == "volume" { "." } else { "" };
        Fail::new(self.absent, format!("The {} '{id}' does not exist{dot}", self.what))
    }
}

pub(in super::super) const VPC: Kind = Kind {
    kind: "vpc",
    prefix: "vpc",
    set: "vpcSet",
    ids: "VpcId",
    absent: "InvalidVpcID.NotFound",
    what: "vpc ID",
    malformed: None,
    filters: &[
        ("vpc-id", "vpcId"),
        ("cidr", "cidrBlock"),
        ("cidr-block", "cidrBlock"),
        ("cidr-block-association.cidr-block", "cidrBlockAssociationSet/*/cidrBlock"),
        ("state", "state"),
        ("is-default", "isDefault"),
        ("isDefault", "isDefault"),
        ("owner-id", "ownerId"),
        ("dhcp-options-id", "dhcpOptionsId"),
    ],
};

pub(in super::super) const SUBNET: Kind = Kind {
    kind: "subnet",
    prefix: "subnet",
    set: "subnetSet",
    ids: "SubnetId",
    absent: "InvalidSubnetID.NotFound",
    what: "subnet ID",
    malformed: None,
    filters: &[
        ("subnet-id", "subnetId"),
        ("vpc-id", "vpcId"),
        ("availability-zone", "availabilityZone"),
        ("availabilityZone", "availabilityZone"),
        ("availability-zone-id", "availabilityZoneId"),
        ("cidr", "cidrBlock"),
        ("cidr-block", "cidrBlock"),
        ("cidrBlock", "cidrBlock"),
        ("state", "state"),
        ("default-for-az", "defaultForAz"),
        ("map-public-ip-on-launch", "mapPublicIpOnLaunch"),
        ("owner-id", "ownerId"),
    ],
};

pub(in super::super) const GATEWAY: Kind = Kind {
    kind: "internet-gateway",
    prefix: "igw",
    set: "internetGatewaySet",
    ids: "InternetGatewayId",
    absent: "InvalidInternetGatewayID.NotFound",
    what: "internetGateway ID",
    malformed: None,
    filters: &[
        ("internet-gateway-id", "internetGatewayId"),
        ("attachment.vpc-id", "attachmentSet/*/vpcId"),
        ("attachment.state", "attachmentSet/*/state"),
        ("owner-id", "ownerId"),
    ],
};

pub(in super::super) const ROUTE_TABLE: Kind = Kind {
    kind: "route-table",
    prefix: "rtb",
    set: "routeTableSet",
    ids: "RouteTableId",
    absent: "InvalidRouteTableID.NotFound",
    what: "routeTable ID",
    malformed: None,
    filters: &[
        ("route-table-id", "routeTableId"),
        ("vpc-id", "vpcId"),
        ("association.main", "associationSet/*/main"),
        ("association.subnet-id", "associationSet/*/subnetId"),
        ("association.route-table-association-id", "associationSet/*/routeTableAssociationId"),
        ("association.route-table-id", "associationSet/*/routeTableId"),
        ("route.gateway-id", "routeSet/*/gatewayId"),
        ("route.destination-cidr-block", "routeSet/*/destinationCidrBlock"),
        ("owner-id", "ownerId"),
    ],
};

pub(in super::super) const GROUP: Kind = Kind {
    kind: "security-group",
    prefix: "sg",
    set: "securityGroupInfo",
    ids: "GroupId",
    absent: "InvalidGroup.NotFound",
    what: "security group",
    malformed: Some("InvalidGroupId.Malformed"),
    filters: &[
        ("group-id", "groupId"),
        ("group-name", "groupName"),
        ("description", "groupDescription"),
        ("vpc-id", "vpcId"),
        ("owner-id", "ownerId"),
        ("ip-permission.group-id", "ipPermissions/*/groups/*/groupId"),
        ("ip-permission.cidr", "ipPermissions/*/ipRanges/*/cidrIp"),
        ("ip-permission.from-port", "ipPermissions/*/fromPort"),
        ("ip-permission.to-port", "ipPermissions/*/toPort"),
        ("ip-permission.protocol", "ipPermissions/*/ipProtocol"),
    ],
};

pub(in super::super) const RULE: Kind = Kind {
    kind: "security-group-rule",
    prefix: "sgr",
    set: "securityGroupRuleSet",
    ids: "SecurityGroupRuleId",
    absent: "InvalidSecurityGroupRuleId.NotFound",
    what: "security group rule ID",
    malformed: None,
    filters: &[("security-group-rule-id", "securityGroupRuleId"), ("group-id", "groupId")],
};

pub(in super::super) const KEY: Kind = Kind {
    kind: "key-pair",
    prefix: "key",
    set: "keySet",
    ids: "KeyPairId",
    absent: "InvalidKeyPair.NotFound",
    what: "key pair",
    malformed: None,
    filters: &[("key-pair-id", "keyPairId"), ("key-name", "keyName"), ("fingerprint", "keyFingerprint")],
};

pub(in super::super) const INSTANCE: Kind = Kind {
    kind: "instance",
    prefix: "i",
    set: "instancesSet",
    ids: "InstanceId",
    absent: "InvalidInstanceID.NotFound",
    what: "instance ID",
    malformed: Some("InvalidInstanceID.Malformed"),
    filters: &[
        ("instance-id", "instanceId"),
        ("instance-state-name", "instanceState/name"),
        ("instance-state-code", "instanceState/code"),
        ("instance-type", "instanceType"),
        ("image-id", "imageId"),
        ("vpc-id", "vpcId"),
        ("subnet-id", "subnetId"),
        ("availability-zone", "placement/availabilityZone"),
        ("key-name", "keyName"),
        ("client-token", "clientToken"),
        ("private-ip-address", "privateIpAddress"),
        ("ip-address", "ipAddress"),
        ("private-dns-name", "privateDnsName"),
        ("dns-name", "dnsName"),
        ("group-id", "groupSet/*/groupId"),
        ("instance.group-id", "groupSet/*/groupId"),
        ("architecture", "architecture"),
        ("root-device-name", "rootDeviceName"),
        ("network-interface.network-interface-id", "networkInterfaceSet/*/networkInterfaceId"),
        ("network-interface.subnet-id", "networkInterfaceSet/*/subnetId"),
        ("instance-lifecycle", "instanceLifecycle"),
        ("source-dest-check", "sourceDestCheck"),
    ],
};

pub(in super::super) const VOLUME: Kind = Kind {
    kind: "volume",
    prefix: "vol",
    set: "volumeSet",
    ids: "VolumeId",
    absent: "InvalidVolume.NotFound",
    what: "volume",
    malformed: None,
    filters: &[
        ("volume-id", "volumeId"),
        ("status", "status"),
        ("availability-zone", "availabilityZone"),
        ("volume-type", "volumeType"),
        ("size", "size"),
        ("encrypted", "encrypted"),
        ("attachment.instance-id", "attachmentSet/*/instanceId"),
        ("attachment.device", "attachmentSet/*/device"),
        ("attachment.status", "attachmentSet/*/status"),
        ("attachment.delete-on-termination", "attachmentSet/*/deleteOnTermination"),
    ],
};

pub(in super::super) const INTERFACE: Kind = Kind {
    kind: "network-interface",
    prefix: "eni",
    set: "networkInterfaceSet",
    ids: "NetworkInterfaceId",
    absent: "InvalidNetworkInterfaceID.NotFound",
    what: "networkInterface ID",
    malformed: None,
    filters: &[
        ("network-interface-id", "networkInterfaceId"),
        ("subnet-id", "subnetId"),
        ("vpc-id", "vpcId"),
        ("availability-zone", "availabilityZone"),
        ("description", "description"),
        ("status", "status"),
        ("private-ip-address", "privateIpAddress"),
        ("addresses.private-ip-address", "privateIpAddressesSet/*/privateIpAddress"),
        ("association.public-ip", "association/publicIp"),
        ("association.allocation-id", "association/allocationId"),
        ("attachment.instance-id", "attachment/instanceId"),
        ("attachment.status", "attachment/status"),
        ("group-id", "groupSet/*/groupId"),
        ("interface-type", "interfaceType"),
        ("requester-id", "requesterId"),
        ("requester-managed", "requesterManaged"),
        ("owner-id", "ownerId"),
    ],
};

pub(in super::super) const ADDRESS: Kind = Kind {
    kind: "elastic-ip",
    prefix: "eipalloc",
    set: "addressesSet",
    ids: "AllocationId",
    absent: "InvalidAllocationID.NotFound",
    what: "allocation ID",
    malformed: None,
    filters: &[
        ("allocation-id", "allocationId"),
        ("association-id", "associationId"),
        ("public-ip", "publicIp"),
        ("domain", "domain"),
        ("instance-id", "instanceId"),
        ("network-interface-id", "networkInterfaceId"),
        ("private-ip-address", "privateIpAddress"),
    ],
};

pub(in super::super) const ACL: Kind = Kind {
    kind: "network-acl",
    prefix: "acl",
    set: "networkAclSet",
    ids: "NetworkAclId",
    absent: "InvalidNetworkAclID.NotFound",
    what: "networkAcl ID",
    malformed: None,
    filters: &[
        ("network-acl-id", "networkAclId"),
        ("vpc-id", "vpcId"),
        ("default", "default"),
        ("association.subnet-id", "associationSet/*/subnetId"),
    ],
};

/// All kinds that can bear tags and are found by their ids.
pub(in super::super) const TAGGED: [&Kind; 12] =
    [&VPC, &SUBNET, &GATEWAY, &ROUTE_TABLE, &GROUP, &RULE, &KEY, &INSTANCE, &VOLUME, &INTERFACE, &ADDRESS, &ACL];
