//! What a request may say: unknown fields are refused, and required ones must be there.
//!
//! A grammar is words with spaces between: a field, `!` behind it when it is required, `{…}` with its fields when it is an
//! object, `[…]` when it is a list of objects. Of plain fields the type is not looked at here.

use serde_json::{Map, Value};

use super::{fail::Fail, names::text};

pub(super) const NETWORK: &str = "name! description autoCreateSubnetworks mtu routingConfig{routingMode bgpBestPathSelectionMode} enableUlaInternalIpv6 networkFirewallPolicyEnforcementOrder networkProfile";
pub(super) const SUBNETWORK: &str = "name! description network! ipCidrRange! region privateIpGoogleAccess purpose role stackType enableFlowLogs secondaryIpRanges[rangeName ipCidrRange] logConfig{enable aggregationInterval flowSampling metadata}";
pub(super) const FIREWALL: &str = "name! description network direction priority disabled allowed[IPProtocol! ports] denied[IPProtocol! ports] sourceRanges destinationRanges sourceTags targetTags sourceServiceAccounts targetServiceAccounts logConfig{enable metadata}";
pub(super) const HTTP_HEALTH_CHECK: &str =
    "name! description host requestPath port checkIntervalSec timeoutSec unhealthyThreshold healthyThreshold";
pub(super) const ADDRESS: &str = "name! description address addressType networkTier ipVersion purpose region network subnetwork prefixLength labels{*}";
pub(super) const HEALTH_CHECK: &str = "name! description type! checkIntervalSec timeoutSec unhealthyThreshold healthyThreshold region logConfig{enable} tcpHealthCheck{port portName portSpecification request response proxyHeader} httpsHealthCheck{port portName portSpecification host requestPath response proxyHeader} httpHealthCheck{port portName portSpecification host requestPath response proxyHeader}";
pub(super) const GROUP: &str = "name! description namedPorts[name port] zone network";
pub(super) const BACKEND: &str = "name! description protocol loadBalancingScheme healthChecks backends[group! balancingMode description maxConnections maxConnectionsPerInstance failover capacityScaler maxUtilization maxRate maxRatePerInstance maxConnectionsPerEndpoint] fingerprint connectionDraining{drainingTimeoutSec} sessionAffinity timeoutSec network region port portName localityLbPolicy logConfig{enable sampleRate}";
pub(super) const FORWARDING: &str = "name! description IPProtocol IPAddress portRange ports loadBalancingScheme backendService target networkTier region labels{*} network subnetwork ipVersion";
pub(super) const DISK: &str = "name! description sizeGb type sourceImage labels{*} zone physicalBlockSizeBytes";
pub(super) const INSTANCE: &str = "name! description machineType! canIpForward labels{*} tags{items fingerprint} hostname deletionProtection minCpuPlatform zone disks![boot autoDelete type mode deviceName index interface source diskSizeGb initializeParams{sourceImage diskSizeGb diskType diskName labels{*} description}] networkInterfaces![network subnetwork networkIP nicType stackType name accessConfigs[type name natIP networkTier kind]] metadata{items[key! value] fingerprint kind} scheduling{automaticRestart onHostMaintenance preemptible provisioningModel instanceTerminationAction} shieldedInstanceConfig{enableSecureBoot enableVtpm enableIntegrityMonitoring} serviceAccounts[email scopes] guestAccelerators[acceleratorType acceleratorCount]";
pub(super) const MEMBERS: &str = "instances![instance!]";
pub(super) const LIST_MEMBERS: &str = "instanceState";
pub(super) const NAMED_PORTS: &str = "namedPorts[name port] fingerprint";
pub(super) const LABELS: &str = "labels{*} labelFingerprint!";
pub(super) const TAGS: &str = "items fingerprint! kind";
pub(super) const METADATA: &str = "items[key! value] fingerprint! kind";

/// Refuses a body that does not fit a grammar; `required` is off for changes of parts.
pub(super) fn check(grammar: &str, body: &Value, required: bool) -> Result<(), Fail> {
    match body {
        Value::Null => check_object(grammar, &Map::new(), "resource", required),
        Value::Object(object) => check_object(grammar, object, "resource", required),
        _ => Err(Fail::new(400, "parseError", "Invalid JSON payload received.")),
    }
}

fn check_object(grammar: &str, object: &Map<String, Value>, path: &str, required: bool) -> Result<(), Fail> {
    let fields = split(grammar);
    for field in &fields {
        if field.required && required && object.get(field.name).is_none_or(Value::is_null) {
            return Err(Fail::required(&format!("{path}.{}", field.name)));
        }
    }
    // What the server sets may be sent back to it, and is ignored.
    let shown = ["kind", "id", "selfLink", "creationTimestamp"];
    for (name, value) in object {
        match fields.iter().find(|field| field.name == name) {
            None if path == "resource" && shown.contains(&name.as_str()) => {}
            None => {
                let message =
                    format!("Invalid JSON payload received. Unknown name \"{name}\" at '{path}': Cannot find field.");
                return Err(Fail::new(400, "badRequest", message));
            }
            Some(field) => check_value(field, value, &format!("{path}.{name}"), required)?,
        }
    }
    Ok(())
}

fn check_value(field: &Field<'_>, value: &Value, path: &str, required: bool) -> Result<(), Fail> {
    let wrong = || {
        let message = format!("Invalid JSON payload received. Invalid value at '{path}'.");
        Err(Fail::new(400, "badRequest", message))
    };
    match (&field.inner, value) {
        (_, Value::Null) => Ok(()),
        (Inner::Plain, Value::Object(_)) => wrong(),
        (Inner::Plain, Value::Array(items)) if items.iter().any(Value::is_object) => wrong(),
        (Inner::Plain, _) => Ok(()),
        (Inner::Object("*"), Value::Object(map)) => {
            if map.values().all(Value::is_string) {
                Ok(())
            } else {
                wrong()
            }
        }
        (Inner::Object(grammar), Value::Object(object)) => check_object(grammar, object, path, required),
        (Inner::List(grammar), Value::Array(items)) => items.iter().enumerate().try_for_each(|(index, item)| {
            match item {
                // Parts of a list are whole, also in changes.
                Value::Object(object) => check_object(grammar, object, &format!("{path}[{index}]"), true),
                _ => wrong(),
            }
        }),
        (Inner::Object(_) | Inner::List(_), _) => wrong(),
    }
}

struct Field<'a> {
    name: &'a str,
    required: bool,
    inner: Inner<'a>,
}

enum Inner<'a> {
    Plain,
    Object(&'a str),
    List(&'a str),
}

fn split(grammar: &str) -> Vec<Field<'_>> {
    let (mut fields, mut rest) = (Vec::new(), grammar.trim_start());
    while !rest.is_empty() {
        let end = rest.find([' ', '{', '[']).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let inside = if behind.starts_with(['{', '[']) { closed(behind) } else { 0 };
        let (inner, after) = behind.split_at(inside);
        let within = inner.get(1..inside.saturating_sub(1)).unwrap_or_default();
        let inner = match inner.chars().next() {
            Some('{') => Inner::Object(within),
            Some(_) => Inner::List(within),
            None => Inner::Plain,
        };
        fields.push(Field { name: word.trim_end_matches('!'), required: word.ends_with('!'), inner });
        rest = after.trim_start();
    }
    fields
}

/// The length of what a bracket encloses, brackets included.
fn closed(text: &str) -> usize {
    let mut depth = 0_usize;
    for (index, c) in text.char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index + c.len_utf8();
        }
    }
    text.len()
}

/// The parameters of requests that are known.
const PARAMETERS: &[&str] = &[
    "alt",
    "$alt",
    "key",
    "fields",
    "prettyPrint",
    "quotaUser",
    "userIp",
    "filter",
    "maxResults",
    "pageToken",
    "orderBy",
    "returnPartialSuccess",
    "includeAllScopes",
    "requestId",
    "port",
    "start",
    "queryPath",
];

/// Refuses unknown parameters, and request ids that are none.
pub(super) fn check_query<'a>(query: impl Iterator<Item = (&'a String, &'a String)>) -> Result<(), Fail> {
    for (name, value) in query {
        if !PARAMETERS.contains(&name.as_str()) {
            let message =
                format!("Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter.");
            return Err(Fail::new(400, "badRequest", message));
        }
        if name == "requestId" && !is_uuid(value) {
            return Err(Fail::invalid("requestId", value, "Must be a valid, nonzero UUID."));
        }
    }
    Ok(())
}

fn is_uuid(text: &str) -> bool {
    let pieces: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = pieces.iter().map(|piece| piece.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && pieces.iter().all(|piece| piece.chars().all(|c| c.is_ascii_hexdigit()))
        && text.chars().any(|c| c != '0' && c != '-')
}

/// Refuses a fingerprint that is not the one that is shown.
pub(super) fn check_fingerprint(asked: &Value, field: &str, shown: &Value) -> Result<(), Fail> {
    if !text(asked, field).is_empty() && asked[field] == *shown { Ok(()) } else { Err(Fail::stale()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_and_missing_fields_are_refused_at_any_depth() {
        let grammar = "name! tags{items} disks![boot initializeParams{sourceImage}] labels{*}";
        let whole = json!({ "name": "a", "disks": [{ "boot": true, "initializeParams": {} }], "labels": { "x": "y" } });
        assert_eq!(check(grammar, &whole, true), Ok(()));
        for (pointer, reason) in
            [("/nam", "badRequest"), ("/tags/item", "badRequest"), ("/disks/0/initializeParams/x", "badRequest")]
        {
            let mut body = whole.clone();
            body["tags"] = json!({});
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[name] = json!(1);
            assert_eq!(check(grammar, &body, true).unwrap_err().reason, reason, "{pointer}");
        }
        assert_eq!(check(grammar, &json!({ "name": "a" }), true).unwrap_err().reason, "required");
        assert_eq!(check(grammar, &json!({}), false), Ok(()));
        assert!(check(grammar, &json!({ "disks": {} }), false).is_err());
    }

    #[test]
    fn the_zero_uuid_is_no_request_id() {
        assert!(is_uuid("0190163d-8694-739b-aea5-966c26f8ad91"));
        assert!(!is_uuid("00000000-0000-0000-0000-000000000000") && !is_uuid("x"));
    }
}
