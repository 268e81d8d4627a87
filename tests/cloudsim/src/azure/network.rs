//! What the network provider makes of requests.

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::{Answer, Fail, Said},
    kinds::{CHILD, Kind},
    operation::{self, Goal},
    quota, schema, store,
};
use crate::{
    clock::SimTime,
    hook::Opening,
    http::Deed,
    world::{Cloud, Resource},
};

/// The first public address.
const FIRST: Ipv4Addr = Ipv4Addr::new(198, 18, 128, 0);
/// Azure keeps the first four addresses of a subnet, and its last.
const KEPT: u32 = 4;

/// Fills in what the provider knows, and refuses what it cannot do.
pub(super) fn shape(cx: &mut Cx<'_>, kind: &Kind, next: &mut Resource, known: Option<&Resource>) -> Answer<()> {
    next.body["properties"]["resourceGuid"] = next.hidden["uid"].clone();
    match kind.collection {
        "virtualNetworks" => network(cx, next, known),
        "networkSecurityGroups" => filter(cx, next),
        "publicIPAddresses" => address(cx, next, known),
        "networkInterfaces" => interface(cx, next, known),
        "loadBalancers" => balancer(cx, next),
        _ => Ok(()),
    }
}

/// Gives the parts of a resource their ids and states.
fn parts(next: &mut Resource, list: &str) {
    let (id, etag) = (next.text("id").to_owned(), next.body["etag"].clone());
    let Some(parts) = next.body["properties"][list].as_array_mut() else { return };
    for part in parts {
        part["id"] = format!("{id}/{list}/{}", part["name"].as_str().unwrap_or_default()).into();
        part["etag"] = etag.clone();
        part["type"] = format!("Microsoft.Network/{}/{list}", id.rsplit('/').nth(1).unwrap_or_default()).into();
        part["properties"]["provisioningState"] = "Succeeded".into();
        *part = store::without_nulls(part.clone());
    }
}

/// The parts of a resource are provisioned with it.
pub(super) fn provision_parts(body: &mut Value) {
    for list in ["subnets", "securityRules", "defaultSecurityRules", "backendAddressPools"] {
        for part in body["properties"][list].as_array_mut().into_iter().flatten() {
            part["properties"]["provisioningState"] = "Succeeded".into();
        }
    }
    if let Some(properties) = body["properties"].as_object_mut() {
        properties.retain(|_, value| !value.is_null());
    }
}

fn nets(value: &Value) -> Vec<Ipv4Net> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str()?.parse().ok()).collect()
}

fn names(body: &Value, list: &str) -> BTreeSet<String> {
    let parts = body["properties"][list].as_array().into_iter().flatten();
    parts.filter_map(|part| part["name"].as_str().map(str::to_ascii_lowercase)).collect()
}

fn network(cx: &Cx<'_>, next: &mut Resource, known: Option<&Resource>) -> Answer<()> {
    let prefixes = nets(&next.body["properties"]["addressSpace"]["addressPrefixes"]);
    if prefixes.is_empty() {
        return Err(Fail::new(400, "InvalidAddressPrefixFormat", "Address prefix of resource must be in CIDR format."));
    }
    let subnets = next.body["properties"]["subnets"].as_array().cloned().unwrap_or_default();
    let mut taken: Vec<Ipv4Net> = Vec::new();
    for subnet in &subnets {
        let (name, prefix) = (&subnet["name"], subnet["properties"]["addressPrefix"].as_str().unwrap_or_default());
        let net: Ipv4Net = prefix.parse().map_err(|_| {
            Fail::new(
                400,
                "InvalidCIDRNotation",
                format!("The address prefix {prefix} in subnet {name} is not in CIDR notation."),
            )
        })?;
        if net.prefix_len() > 29 || !prefixes.iter().any(|whole| whole.contains(&net)) {
            let message = format!("Subnet {name} is not valid in virtual network {}.", next.text("name"));
            return Err(Fail::new(400, "NetcfgInvalidSubnet", message));
        }
        if taken.iter().any(|other| other.contains(&net) || net.contains(other)) {
            let message = format!(
                "Subnet {name} is not valid because its IP address range overlaps with that of an existing subnet."
            );
            return Err(Fail::new(400, "NetcfgSubnetRangesOverlap", message));
        }
        taken.push(net);
    }
    let dropped = known.map(|known| &names(&known.body, "subnets") - &names(&next.body, "subnets")).unwrap_or_default();
    let in_use = |name: &&String| {
        let id = format!("{}/subnets/{name}", next.id);
        cx.ledger.of(Cloud::Azure).any(|one| one.kind == "networkInterfaces" && one.needs("subnet", &id))
    };
    if let Some(name) = dropped.iter().find(in_use) {
        let message = format!(
            "Subnet {name} is in use and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet."
        );
        return Err(Fail::in_use("InUseSubnetCannotBeDeleted", message));
    }
    next.body["properties"]["subnets"] = subnets.into();
    parts(next, "subnets");
    next.body["properties"]["virtualNetworkPeerings"] = json!([]);
    next.body["properties"]["enableDdosProtection"] = false.into();
    Ok(())
}

fn filter(cx: &Cx<'_>, next: &mut Resource) -> Answer<()> {
    let rules = next.body["properties"]["securityRules"].as_array().cloned().unwrap_or_default();
    if rules.len() > cx.limits().rules {
        return Err(Fail::new(
            400,
            "SecurityRuleLimitReached",
            format!("A security group has {} rules at most.", cx.limits().rules),
        ));
    }
    let (mut priorities, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for rule in &rules {
        check_rule(rule)?;
        let (name, properties) = (rule["name"].as_str().unwrap_or_default().to_ascii_lowercase(), &rule["properties"]);
        let place = (properties["direction"].as_str().unwrap_or_default().to_owned(), properties["priority"].as_u64());
        if !priorities.insert(place) || !seen.insert(name.clone()) {
            let message = format!(
                "Security rule {name} conflicts with another rule. Rules cannot have the same Priority and Direction, or the same name."
            );
            return Err(Fail::new(400, "SecurityRuleConflict", message));
        }
    }
    next.body["properties"]["securityRules"] = rules.into();
    parts(next, "securityRules");
    next.body["properties"]["defaultSecurityRules"] = defaults();
    parts(next, "defaultSecurityRules");
    Ok(())
}

fn defaults() -> Value {
    let rule = |name: &str, source: &str, target: &str, access: &str, direction: &str, priority: u32| {
        json!({ "name": name, "properties": { "protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*",
            "sourceAddressPrefix": source, "destinationAddressPrefix": target, "access": access, "priority": priority, "direction": direction } })
    };
    json!([
        rule("AllowVnetInBound", "VirtualNetwork", "VirtualNetwork", "Allow", "Inbound", 65_000),
        rule("AllowAzureLoadBalancerInBound", "AzureLoadBalancer", "*", "Allow", "Inbound", 65_001),
        rule("DenyAllInBound", "*", "*", "Deny", "Inbound", 65_500),
        rule("AllowVnetOutBound", "VirtualNetwork", "VirtualNetwork", "Allow", "Outbound", 65_000),
        rule("AllowInternetOutBound", "*", "Internet", "Allow", "Outbound", 65_001),
        rule("DenyAllOutBound", "*", "*", "Deny", "Outbound", 65_500),
    ])
}

/// What the official documents say in prose only.
fn check_rule(rule: &Value) -> Answer<()> {
    let (name, rule) = (rule["name"].as_str().unwrap_or_default(), &rule["properties"]);
    let text = |key: &str| rule[key].as_str().unwrap_or_default();
    let bad =
        |code: &str, what: &str| Err(Fail::new(400, code, format!("Security rule {name} has an invalid {what}.")));
    let named = |name: &str| name.len() <= 80 && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !named(name) || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return bad("InvalidResourceName", "name");
    }
    if !(100..=4096).contains(&rule["priority"].as_u64().unwrap_or(0)) {
        return bad("SecurityRuleInvalidPriority", "priority: it must be from 100 to 4096");
    }
    if !["tcp", "udp", "icmp", "esp", "ah", "*"].contains(&text("protocol").to_ascii_lowercase().as_str()) {
        return bad("SecurityRuleInvalidProtocol", "protocol");
    }
    if !["allow", "deny"].contains(&text("access").to_ascii_lowercase().as_str()) {
        return bad("SecurityRuleInvalidAccess", "access");
    }
    if !["inbound", "outbound"].contains(&text("direction").to_ascii_lowercase().as_str()) {
        return bad("SecurityRuleInvalidDirection", "direction");
    }
    let port = |range: &str| range == "*" || ports(range).is_some();
    if ![text("sourcePortRange"), text("destinationPortRange")].into_iter().filter(|range| !range.is_empty()).all(port)
    {
        return bad("SecurityRuleInvalidPortRange", "port range");
    }
    let prefix = |text: &str| {
        let tag =
            ["*", "virtualnetwork", "azureloadbalancer", "internet"].contains(&text.to_ascii_lowercase().as_str());
        tag || text.parse::<IpNet>().is_ok() || text.parse::<std::net::IpAddr>().is_ok()
    };
    for side in ["source", "destination"] {
        let (one, many) = (text(&format!("{side}AddressPrefix")), rule[format!("{side}AddressPrefixes")].as_array());
        let many: Vec<&str> = many.into_iter().flatten().filter_map(Value::as_str).collect();
        if one.is_empty() == many.is_empty() {
            return bad(
                "SecurityRuleParameterContainsUnsupportedValue",
                "address prefix: exactly one way must be used",
            );
        }
        if !many.iter().copied().chain([one].into_iter().filter(|one| !one.is_empty())).all(prefix) {
            return bad("SecurityRuleInvalidAddressPrefix", "address prefix");
        }
    }
    Ok(())
}

fn ports(range: &str) -> Option<(u16, u16)> {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let ports = (first.parse().ok()?, last.parse().ok()?);
    (ports.0 <= ports.1).then_some(ports)
}

fn address(cx: &mut Cx<'_>, next: &mut Resource, known: Option<&Resource>) -> Answer<()> {
    let text = |value: &Value, usual: &str| value.as_str().unwrap_or(usual).to_owned();
    let sku = text(&next.body["sku"]["name"], "Basic");
    let method = text(&next.body["properties"]["publicIPAllocationMethod"], "Dynamic");
    if sku == "Standard" && method != "Static" {
        let message = format!(
            "Standard sku public IP address {} must have PublicIPAllocationMethod set to Static.",
            next.text("id")
        );
        return Err(Fail::new(400, "StandardSkuPublicIPAddressMustBeStatic", message));
    }
    if known.is_none() {
        quota::check_address(cx, next.text("location"))?;
    }
    let properties = &mut next.body["properties"];
    properties["publicIPAllocationMethod"] = method.clone().into();
    for (key, usual) in
        [("publicIPAddressVersion", json!("IPv4")), ("idleTimeoutInMinutes", json!(4)), ("ipTags", json!([]))]
    {
        if properties[key].is_null() {
            properties[key] = usual;
        }
    }
    let kept = known.map(|known| known.body["properties"]["ipAddress"].clone()).filter(Value::is_string);
    next.body["properties"]["ipAddress"] = match kept {
        Some(kept) => kept,
        None if method == "Static" => new_address(cx).into(),
        None => Value::Null,
    };
    let tier = text(&next.body["sku"]["tier"], "Regional");
    next.body["sku"] = json!({ "name": sku, "tier": tier });
    next.body["properties"] = store::without_nulls(next.body["properties"].clone());
    Ok(())
}

fn new_address(cx: &mut Cx<'_>) -> String {
    let serial = cx.ledger.memo(Cloud::Azure, "addresses").and_then(Value::as_u64).unwrap_or(0) + 1;
    cx.ledger.note(Cloud::Azure, "addresses", serial.into());
    Ipv4Addr::from(u32::from(FIRST) + u32::try_from(serial).unwrap_or(1)).to_string()
}

/// The resource that `value` refers to by its id. It must be there, and provisioned, in the same region.
fn referred(cx: &Cx<'_>, value: &Value, kind: &'static str, by: &Resource) -> Answer<Option<Resource>> {
    let Some(id) = value["id"].as_str() else { return Ok(None) };
    let own = id.split("/subnets/").next().unwrap_or(id).to_ascii_lowercase();
    let found = cx
        .ledger
        .get(Cloud::Azure, &own)
        .filter(|found| found.kind == kind && found.text("location") == by.text("location"));
    let found = found
        .filter(|found| store::state(found) != "Deleting")
        .ok_or_else(|| Fail::bad_reference(id, by.text("id")))?;
    if store::state(found) == "Updating" {
        let message = format!(
            "Cannot proceed with operation because resource {id} used by resource {} is not in Succeeded state. Resource is in Updating state and the last operation that updated/is updating the resource is PutOperation.",
            by.text("id")
        );
        return Err(Fail::new(429, "ReferencedResourceNotProvisioned", message));
    }
    Ok(Some(found.clone()))
}

fn interface(cx: &mut Cx<'_>, next: &mut Resource, known: Option<&Resource>) -> Answer<()> {
    let filter = referred(cx, &next.body["properties"]["networkSecurityGroup"], "networkSecurityGroups", next)?;
    filter.iter().for_each(|filter| next.link("filter", &filter.id));
    let mut configurations = next.body["properties"]["ipConfigurations"].as_array().cloned().unwrap_or_default();
    let old = known.map(|known| known.body["properties"]["ipConfigurations"].clone()).unwrap_or_default();
    for (index, configuration) in configurations.iter_mut().enumerate() {
        let properties = &configuration["properties"];
        let network = referred(cx, &properties["subnet"], "virtualNetworks", next)?;
        let network = network
            .ok_or_else(|| Fail::new(400, "SubnetIsRequired", "Subnet reference is required for ipconfiguration."))?;
        let id = properties["subnet"]["id"].as_str().unwrap_or_default().to_owned();
        let range = subnet(&network, &id).ok_or_else(|| Fail::bad_reference(&id, next.text("id")))?;
        next.link("network", &network.id);
        next.link("subnet", &id.to_ascii_lowercase());
        if let Some(address) = referred(cx, &properties["publicIPAddress"], "publicIPAddresses", next)? {
            check_free(cx, &address, &next.id)?;
            next.link("address", &address.id);
        }
        let kept = old[index]["properties"]["privateIPAddress"].as_str().and_then(|text| text.parse().ok());
        let asked = properties["privateIPAddress"].as_str().and_then(|text| text.parse().ok());
        let private = kept.or(asked).or_else(|| free(cx, &id, range));
        let private: Ipv4Addr = private.ok_or_else(|| {
            Fail::new(
                400,
                "SubnetIsFull",
                format!("Subnet {id} with address prefix {range} does not have enough capacity for 1 IP addresses."),
            )
        })?;
        let public = properties["publicIPAddress"].clone();
        configuration["properties"]["privateIPAddress"] = private.to_string().into();
        configuration["properties"]["privateIPAllocationMethod"] = "Dynamic".into();
        configuration["properties"]["privateIPAddressVersion"] = "IPv4".into();
        configuration["properties"]["subnet"] = json!({ "id": id });
        configuration["properties"]["publicIPAddress"] = if public.is_object() {
            json!({ "id": public["id"], "properties": public["properties"] })
        } else {
            Value::Null
        };
        next.hidden["goes along"] = json!(public["properties"]["deleteOption"] == "Delete");
        configuration["properties"] = store::without_nulls(configuration["properties"].clone());
        if let Some(public) = configuration["properties"].get_mut("publicIPAddress") {
            *public = store::without_nulls(public.clone());
        }
    }
    next.body["properties"]["ipConfigurations"] = configurations.into();
    parts(next, "ipConfigurations");
    if let Some(machine) =
        known.map(|known| known.body["properties"]["virtualMachine"].clone()).filter(Value::is_object)
    {
        next.body["properties"]["virtualMachine"] = machine;
    }
    Ok(())
}

/// The range of a subnet of a network.
fn subnet(network: &Resource, id: &str) -> Option<Ipv4Net> {
    let subnets = network.body["properties"]["subnets"].as_array()?;
    let found =
        subnets.iter().find(|subnet| subnet["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id)))?;
    found["properties"]["addressPrefix"].as_str()?.parse().ok()
}

/// The first address of a subnet that nothing has.
fn free(cx: &Cx<'_>, subnet: &str, range: Ipv4Net) -> Option<Ipv4Addr> {
    let subnet = subnet.to_ascii_lowercase();
    let users =
        cx.ledger.of(Cloud::Azure).filter(|one| one.kind == "networkInterfaces" && one.needs("subnet", &subnet));
    let taken: BTreeSet<Ipv4Addr> = users
        .flat_map(|one| one.body["properties"]["ipConfigurations"].as_array().into_iter().flatten())
        .filter_map(|one| one["properties"]["privateIPAddress"].as_str()?.parse().ok())
        .collect();
    let first = u32::from(range.network()) + KEPT;
    (first..u32::from(range.broadcast())).map(Ipv4Addr::from).find(|address| !taken.contains(address))
}

fn check_free(cx: &Cx<'_>, address: &Resource, user: &str) -> Answer<()> {
    let other = cx.ledger.of(Cloud::Azure).find(|one| one.needs("address", &address.id) && one.id != user);
    other.map_or(Ok(()), |other| {
        let message = format!(
            "Resource {} is referencing public IP address {} that is already allocated to resource {}.",
            user,
            address.text("id"),
            other.text("id")
        );
        Err(Fail::new(400, "PublicIPAddressInUse", message))
    })
}

fn balancer(cx: &Cx<'_>, next: &mut Resource) -> Answer<()> {
    let properties = next.body["properties"].clone();
    let each = |list: &str| properties[list].as_array().cloned().unwrap_or_default();
    for frontend in each("frontendIPConfigurations") {
        if let Some(address) = referred(cx, &frontend["properties"]["publicIPAddress"], "publicIPAddresses", next)? {
            check_free(cx, &address, &next.id)?;
            next.link("address", &address.id);
        }
    }
    for pool in each("backendAddressPools") {
        members(cx, next, &pool)?;
    }
    for rule in each("loadBalancingRules") {
        for (key, list) in [
            ("frontendIPConfiguration", "frontendIPConfigurations"),
            ("backendAddressPool", "backendAddressPools"),
            ("probe", "probes"),
        ] {
            let id = rule["properties"][key]["id"].as_str().unwrap_or_default();
            let wanted: BTreeSet<String> = names(&next.body, list)
                .into_iter()
                .map(|name| format!("{}/{list}/{name}", next.id).to_ascii_lowercase())
                .collect();
            if !id.is_empty() && !wanted.contains(&id.to_ascii_lowercase()) {
                return Err(Fail::bad_reference(id, next.text("id")));
            }
        }
    }
    for list in ["frontendIPConfigurations", "backendAddressPools", "probes", "loadBalancingRules"] {
        if next.body["properties"][list].is_null() {
            next.body["properties"][list] = json!([]);
        }
        parts(next, list);
    }
    for frontend in next.body["properties"]["frontendIPConfigurations"].as_array_mut().into_iter().flatten() {
        frontend["properties"]["privateIPAllocationMethod"] = "Dynamic".into();
        let id = frontend["properties"]["publicIPAddress"]["id"].clone();
        frontend["properties"]["publicIPAddress"] = json!({ "id": id });
    }
    if next.body["sku"].is_null() {
        next.body["sku"] = json!({ "name": "Standard", "tier": "Regional" });
    }
    Ok(())
}

fn members(cx: &Cx<'_>, next: &mut Resource, pool: &Value) -> Answer<()> {
    let members = pool["properties"]["loadBalancerBackendAddresses"].as_array().cloned().unwrap_or_default();
    let mut seen = BTreeSet::new();
    for member in members {
        let network = referred(cx, &member["properties"]["virtualNetwork"], "virtualNetworks", next)?;
        let message = "LoadBalancerBackendAddress must have a virtual network, and an address of that.";
        let refuse = || Fail::new(400, "LoadBalancerBackendAddressInvalid", message);
        let (network, ip) = network.zip(member["properties"]["ipAddress"].as_str()).ok_or_else(refuse)?;
        let inside = |net: &Ipv4Net| ip.parse().is_ok_and(|ip: Ipv4Addr| net.contains(&ip));
        if !nets(&network.body["properties"]["addressSpace"]["addressPrefixes"]).iter().any(inside)
            || !seen.insert(ip.to_owned())
        {
            return Err(refuse());
        }
        next.link("network", &network.id);
    }
    Ok(())
}

/// Refuses what is kept for another machine, for a while after that failed or was deleted.
pub(super) fn check_reservation(cx: &Cx<'_>, interface: &Resource, for_machine: Option<&str>) -> Answer<()> {
    let until =
        interface.hidden["reserved until"].as_u64().map(|millis| SimTime::at(std::time::Duration::from_millis(millis)));
    let kept = until.is_some_and(|until| cx.ledger.now < until);
    if !kept || for_machine == interface.hidden["reserved for"].as_str() {
        return Ok(());
    }
    let message = format!(
        "Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another nic(s) or retry after 180 seconds. Reserved VM: {}",
        interface.hidden["reserved for"]
    );
    Err(Fail::new(400, "NicReservedForAnotherVm", message))
}

/// Keeps an interface for its machine.
pub(super) fn reserve(cx: &mut Cx<'_>, interface: &str, machine: &str) {
    let until = cx.ledger.now.plus(cx.config.reservation).since_start().as_millis();
    if let Some(interface) = cx.ledger.get_mut(Cloud::Azure, interface) {
        interface.hidden["reserved until"] = u64::try_from(until).unwrap_or(u64::MAX).into();
        interface.hidden["reserved for"] = machine.into();
    }
}

/// What an interface's packet filter lets in from addresses.
pub(super) fn openings(cx: &Cx<'_>, interface: &Resource) -> Vec<Opening> {
    let filter = interface.one("filter").and_then(|id| cx.ledger.get(Cloud::Azure, id));
    let network = interface.one("network").and_then(|id| cx.ledger.get(Cloud::Azure, id));
    let rules = filter.map(|filter| filter.body["properties"]["securityRules"].clone()).unwrap_or_default();
    let mut rules: Vec<Value> = rules.as_array().cloned().unwrap_or_default();
    rules.retain(|rule| rule["properties"]["direction"] == "Inbound");
    rules.sort_by_key(|rule| rule["properties"]["priority"].as_u64());
    let mut open = Vec::new();
    for rule in &rules {
        let rule = &rule["properties"];
        if rule["access"] == "Deny"
            && rule["sourceAddressPrefix"] == "*"
            && rule["destinationPortRange"] == "*"
            && rule["protocol"] == "*"
        {
            return open;
        }
        open.extend(opening(rule));
    }
    // Nothing shut out what the usual rules let in.
    let inside =
        network.map(|network| nets(&network.body["properties"]["addressSpace"]["addressPrefixes"])).unwrap_or_default();
    open.extend(inside.into_iter().map(|net| Opening { protocol: "-1".to_owned(), ports: None, from: net.into() }));
    open
}

fn opening(rule: &Value) -> Vec<Opening> {
    if rule["access"] != "Allow" {
        return Vec::new();
    }
    let one = rule["sourceAddressPrefix"].as_str().into_iter();
    let many = rule["sourceAddressPrefixes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let protocol = match rule["protocol"].as_str().unwrap_or_default() {
        "*" => "-1".to_owned(),
        other => other.to_ascii_lowercase(),
    };
    let ports = rule["destinationPortRange"].as_str().and_then(ports);
    let everybody =
        |text: &str| if text == "*" || text == "Internet" { "0.0.0.0/0".parse().ok() } else { text.parse().ok() };
    one.chain(many).filter_map(everybody).map(|from| Opening { protocol: protocol.clone(), ports, from }).collect()
}

/// Tells the machines behind a packet filter what it lets in now.
pub(super) fn refilter(cx: &mut Cx<'_>, filter: &str) {
    let behind: Vec<Resource> = cx
        .ledger
        .of(Cloud::Azure)
        .filter(|one| one.kind == "networkInterfaces" && one.needs("filter", filter))
        .cloned()
        .collect();
    for interface in behind {
        let machines = cx.ledger.users(Cloud::Azure, "virtualMachines", "interface", &interface.id);
        let machines: Vec<String> = machines.into_iter().map(|machine| machine.id.clone()).collect();
        let open = openings(cx, &interface);
        for machine in machines {
            cx.ledger.deeds.push_back(Deed::Filter(Cloud::Azure, machine, open.clone()));
        }
    }
}

fn list_of(children: &str) -> &'static str {
    if children.eq_ignore_ascii_case("subnets") { "subnets" } else { "backendAddressPools" }
}

/// The children of a resource, or one of them.
pub(super) fn children(
    cx: &mut Cx<'_>,
    kind: &Kind,
    group: &str,
    name: &str,
    list: &str,
    child: Option<&str>,
) -> Answer {
    let parent = store::get(cx, kind, group, name)?.body.unwrap_or_default();
    let all = parent["properties"][list_of(list)].as_array().cloned().unwrap_or_default();
    let Some(child) = child else { return store::page(cx, all) };
    let found = all.into_iter().find(|one| one["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(child)));
    let found = found.ok_or_else(|| {
        Fail::no_child(&format!("{}/{}/{child}", parent["id"].as_str().unwrap_or_default(), list_of(list)))
    })?;
    let etag = found["etag"].as_str().unwrap_or_default().to_owned();
    Ok(Said::ok(found).with("etag", etag))
}

/// Makes, changes or (without a body) deletes a child.
pub(super) fn change_child(
    cx: &mut Cx<'_>,
    kind: &'static Kind,
    group: &str,
    name: &str,
    list: &str,
    child: &str,
    body: Option<&Value>,
) -> Answer {
    let id = store::id(cx, kind, group, name);
    let missing = || Fail::no_resource(&kind.full(), name, group);
    let known = cx.ledger.get(Cloud::Azure, &id).cloned().ok_or_else(missing)?;
    let list = list_of(list);
    let mut next = known.clone();
    next.edges.clear();
    let mut all = known.body["properties"][list].as_array().cloned().unwrap_or_default();
    let before = all.len();
    all.retain(|one| !one["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(child)));
    let new = all.len() == before;
    if let Some(body) = body {
        schema::check(CHILD, body, list)?;
        all.push(json!({ "name": child, "properties": body["properties"].as_object().cloned().unwrap_or_default() }));
    } else if new {
        return Ok(Said::new(204, None));
    }
    next.body["properties"][list] = all.into();
    shape(cx, kind, &mut next, Some(&known))?;
    store::stamp(cx, kind, &mut next.body);
    let last = next.body["properties"][list].as_array_mut().and_then(|all| all.last_mut());
    if let Some(last) = last.filter(|_| body.is_some() && new) {
        last["properties"]["provisioningState"] = "Updating".into();
        cx.ledger.plan(cx.config.provisioning, Cloud::Azure, &id, "provisioned");
    }
    let shown = next.body["properties"][list].as_array().and_then(|all| all.last()).cloned();
    let location = next.text("location").to_owned();
    store::replace(cx, next, &known);
    let (said, goal) = match body {
        Some(_) => (Said::new(if new { 201 } else { 200 }, shown), Goal::Made),
        None => (Said::new(202, None), Goal::Gone),
    };
    let said = operation::under_way(cx, said, kind, &location, &id, Goal::Made);
    let url = said.headers.first().map(|(_, url)| url.clone()).unwrap_or_default();
    Ok(if goal == Goal::Gone { said.with("location", url) } else { said })
}
