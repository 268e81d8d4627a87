//! The types of resources: one table.

/// How the provider tells of a change that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// 201 or 200 with the final state and no header.
    AtOnce,
    /// 201 `Updating` with `Azure-AsyncOperation`; a change is 200 `Succeeded` with the header.
    Later,
    /// 201 or 200 `Succeeded`, and the header all the same.
    AtOnceWithHeader,
    /// 202 `Updating` with both headers, to make and to change.
    Accepted,
}

/// How it tells of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// 200 without header.
    AtOnce,
    /// 202 with both headers.
    Accepted,
    /// 200 with both headers, or 202 once it has been attached.
    Odd,
}

/// A type of resources.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) provider: &'static str,
    pub(super) collection: &'static str,
    /// The oldest version of the API that this face speaks.
    pub(super) version: &'static str,
    /// The beginning of its operations' names in the official documents.
    pub(super) group: &'static str,
    pub(super) schema: &'static str,
    pub(super) pace: Pace,
    pub(super) end: End,
}

const NETWORK: &str = "2024-01-01";

/// What every body may have; what Azure alone writes is passed over, as clients send back what they were given.
macro_rules! resource {
    ($rest:literal) => {
        concat!("id name type etag kind location! tags{} zones[] extendedLocation{} sku{name tier} properties{ provisioningState resourceGuid ", $rest, " }")
    };
}

const fn network(collection: &'static str, group: &'static str, schema: &'static str) -> Kind {
    Kind {
        provider: "Microsoft.Network",
        collection,
        version: NETWORK,
        group,
        schema,
        pace: Pace::Later,
        end: End::Accepted,
    }
}

pub(super) static KINDS: [Kind; 10] = [
    network(
        "virtualNetworks",
        "VirtualNetworks",
        resource!(
            "addressSpace!{addressPrefixes![]} subnets[id etag type name! properties{provisioningState addressPrefix addressPrefixes[] networkSecurityGroup{id} routeTable{id} natGateway{id} serviceEndpoints[] delegations[] privateEndpointNetworkPolicies privateLinkServiceNetworkPolicies defaultOutboundAccess ipConfigurations[] serviceEndpointPolicies[]}] dhcpOptions{} virtualNetworkPeerings[] enableDdosProtection enableVmProtection encryption{} flowTimeoutInMinutes privateEndpointVNetPolicies"
        ),
    ),
    network(
        "networkSecurityGroups",
        "NetworkSecurityGroups",
        resource!(
            "flushConnection securityRules[id etag type name! properties!{provisioningState description protocol! sourcePortRange sourcePortRanges[] destinationPortRange destinationPortRanges[] sourceAddressPrefix sourceAddressPrefixes[] destinationAddressPrefix destinationAddressPrefixes[] sourceApplicationSecurityGroups[] destinationApplicationSecurityGroups[] access! priority! direction!}] defaultSecurityRules[] networkInterfaces[] subnets[]"
        ),
    ),
    network(
        "publicIPAddresses",
        "PublicIPAddresses",
        resource!(
            "publicIPAllocationMethod publicIPAddressVersion ipAddress idleTimeoutInMinutes deleteOption dnsSettings{} ddosSettings{} ipTags[] publicIPPrefix{id} natGateway{id} migrationPhase ipConfiguration{}"
        ),
    ),
    Kind {
        pace: Pace::AtOnce,
        end: End::Odd,
        ..network(
            "networkInterfaces",
            "NetworkInterfaces",
            resource!(
                "enableIPForwarding enableAcceleratedNetworking disableTcpStateTracking networkSecurityGroup{id} dnsSettings{} nicType auxiliaryMode auxiliarySku workloadType migrationPhase macAddress primary virtualMachine{} hostedWorkloads[] tapConfigurations[] vnetEncryptionSupported allowPort25Out defaultOutboundConnectivityEnabled ipConfigurations![id etag type name properties{provisioningState primary privateIPAddress privateIPAddressVersion privateIPAllocationMethod subnet{} publicIPAddress{} loadBalancerBackendAddressPools[] loadBalancerInboundNatRules[] applicationSecurityGroups[] applicationGatewayBackendAddressPools[] gatewayLoadBalancer{} virtualNetworkTaps[]}]"
            ),
        )
    },
    Kind {
        pace: Pace::AtOnceWithHeader,
        ..network(
            "loadBalancers",
            "LoadBalancers",
            resource!(
                "frontendIPConfigurations[id etag type name zones[] properties{provisioningState publicIPAddress{} subnet{} privateIPAddress privateIPAllocationMethod privateIPAddressVersion loadBalancingRules[] inboundNatRules[] outboundRules[] publicIPPrefix{} gatewayLoadBalancer{}}] backendAddressPools[id etag type name properties{provisioningState location loadBalancerBackendAddresses[name properties{ipAddress virtualNetwork{id} subnet{id} adminState loadBalancerFrontendIPConfiguration{id}}] backendIPConfigurations[] loadBalancingRules[] syncMode drainPeriodInSeconds virtualNetwork{id} tunnelInterfaces[] outboundRules[] inboundNatRules[]}] probes[id etag type name properties{provisioningState protocol! port! intervalInSeconds numberOfProbes probeThreshold requestPath loadBalancingRules[]}] loadBalancingRules[id etag type name properties{provisioningState frontendIPConfiguration{id} backendAddressPool{id} backendAddressPools[] probe{id} protocol! loadDistribution frontendPort! backendPort idleTimeoutInMinutes enableFloatingIP enableTcpReset disableOutboundSnat}] inboundNatRules[] inboundNatPools[] outboundRules[]"
            ),
        )
    },
    network("routeTables", "RouteTables", resource!("disableBgpRoutePropagation routes[] subnets[]")),
    Kind {
        provider: "Microsoft.Compute",
        collection: "virtualMachines",
        version: "2024-03-01",
        group: "VirtualMachines",
        schema: "id name type etag location! tags{} zones[] identity{type userAssignedIdentities{}} plan{} extendedLocation{} properties{ provisioningState vmId timeCreated instanceView{} hardwareProfile{vmSize vmSizeProperties{}} storageProfile{imageReference{publisher offer sku version exactVersion id communityGalleryImageId sharedGalleryImageId} osDisk{osType name createOption! caching diskSizeGB deleteOption writeAcceleratorEnabled diffDiskSettings{} encryptionSettings{} image{} vhd{} managedDisk{storageAccountType id diskEncryptionSet{} securityProfile{}}} dataDisks[] diskControllerType} osProfile{computerName adminUsername adminPassword customData allowExtensionOperations requireGuestProvisionSignal secrets[] windowsConfiguration{} linuxConfiguration{disablePasswordAuthentication provisionVMAgent enableVMAgentPlatformUpdates patchSettings{} ssh{publicKeys[path keyData]}}} networkProfile{networkApiVersion networkInterfaces[id properties{primary deleteOption}] networkInterfaceConfigurations[]} diagnosticsProfile{bootDiagnostics{enabled storageUri}} securityProfile{} priority evictionPolicy billingProfile{maxPrice} userData licenseType additionalCapabilities{} availabilitySet{id} scheduledEventsProfile{} applicationProfile{} virtualMachineScaleSet{id} proximityPlacementGroup{id} host{id} hostGroup{id} extensionsTimeBudget platformFaultDomain capacityReservation{} }",
        pace: Pace::Later,
        end: End::Accepted,
    },
    Kind {
        provider: "Microsoft.Compute",
        collection: "disks",
        version: "2023-10-02",
        group: "Disks",
        schema: "id name type location! tags{} zones[] sku{name tier} extendedLocation{} managedBy managedByExtended[] properties{ provisioningState creationData!{createOption! imageReference{} sourceResourceId sourceUri storageAccountId} diskSizeGB osType hyperVGeneration encryption{} networkAccessPolicy publicNetworkAccess tier burstingEnabled maxShares diskIOPSReadWrite diskMBpsReadWrite diskSizeBytes diskState timeCreated uniqueId }",
        pace: Pace::Accepted,
        end: End::Accepted,
    },
    Kind {
        provider: "Microsoft.Compute",
        collection: "sshPublicKeys",
        version: "2024-03-01",
        group: "SshPublicKeys",
        schema: "id name type location! tags{} properties{publicKey}",
        pace: Pace::AtOnce,
        end: End::AtOnce,
    },
    Kind {
        provider: "Microsoft.Compute",
        collection: "availabilitySets",
        version: "2024-03-01",
        group: "AvailabilitySets",
        schema: "id name type location! tags{} sku{name} properties{platformUpdateDomainCount platformFaultDomainCount virtualMachines[] proximityPlacementGroup{id}}",
        pace: Pace::AtOnce,
        end: End::AtOnce,
    },
];

/// The body of a resource group.
pub(super) const GROUP: &str = "id name type location! managedBy tags{} properties{provisioningState}";
/// The body of a child that the network provider keeps inside of a resource.
pub(super) const CHILD: &str = "id name type etag properties{}";

impl Kind {
    /// The type as Azure writes it.
    pub(super) fn full(&self) -> String {
        format!("{}/{}", self.provider, self.collection)
    }

    pub(super) fn find(provider: &str, collection: &str) -> Option<&'static Self> {
        let fits = |kind: &&Self| {
            kind.provider.eq_ignore_ascii_case(provider) && kind.collection.eq_ignore_ascii_case(collection)
        };
        KINDS.iter().find(fits)
    }

    /// The type of a resource of the ledger.
    pub(super) fn of(collection: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.collection == collection)
    }
}
