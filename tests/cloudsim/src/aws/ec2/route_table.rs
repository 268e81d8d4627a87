//! Route tables, their routes and associations.

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::{
    super::{
        face::{ACCOUNT, Cx},
        fail::{Answer, Fail},
        input::{Input, specified},
    },
    kinds, list,
    vpc::cidr,
};
use crate::world::{Cloud, Resource};

fn body(id: &str, vpc: &str, net: &str, associations: Value) -> Value {
    json!({ "routeTableId": id, "vpcId": vpc, "ownerId": ACCOUNT, "associationSet": associations, "propagatingVgwSet": [],
        "routeSet": [{ "destinationCidrBlock": net, "gatewayId": "local", "state": "active", "origin": "CreateRouteTable" }] })
}

/// The main table that comes with a VPC.
pub(super) fn add_main(cx: &mut Cx<'_>, vpc: &str, net: Ipv4Net) {
    let (id, association) = (cx.id("rtb"), cx.id("rtbassoc"));
    let main = json!([{ "routeTableAssociationId": association, "routeTableId": id, "main": true,
        "associationState": { "state": "associated" } }]);
    let table = cx.fresh("route-table", &id, body(&id, vpc, &net.to_string(), main)).edge("vpc", vpc).builtin();
    cx.ledger.add(table);
}

pub(in super::super) fn create(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let vpc = cx.find(&kinds::VPC, input.must("VpcId")?)?;
    let tags = specified(input, "route-table", &["route-table"])?;
    if let Some(old) = repeated(cx, input)? {
        return Ok(old);
    }
    let id = cx.id("rtb");
    let body = body(&id, &vpc.id, vpc.text("cidrBlock"), json!([]));
    let table = cx.fresh("route-table", &id, body).tagged(tags).edge("vpc", &vpc.id);
    let answer = json!({ "routeTable": list::shown(&table), "clientToken": input.text("ClientToken") });
    cx.ledger.add(table);
    if let Some(token) = input.text("ClientToken") {
        let memo = json!({ "input": input, "answer": answer });
        cx.ledger.note(Cloud::Aws, &format!("CreateRouteTable {} {token}", cx.region), memo);
    }
    Ok(answer)
}

/// The answer of an earlier call with the same token.
pub(super) fn repeated(cx: &Cx<'_>, input: &Value) -> Answer<Option<Value>> {
    let Some(token) = input.text("ClientToken").filter(|token| !token.is_empty()) else { return Ok(None) };
    if token.len() > 64 || !token.is_ascii() {
        return Err(Fail::new("InvalidParameterValue", "Client token must be at most 64 ASCII characters"));
    }
    let Some(memo) = cx.ledger.memo(Cloud::Aws, &format!("{} {} {token}", cx.operation, cx.region)) else {
        return Ok(None);
    };
    if memo.sub("input") != input {
        let why = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
        return Err(Fail::new("IdempotentParameterMismatch", why));
    }
    Ok(memo.get("answer").cloned())
}

pub(in super::super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let table = cx.find(&kinds::ROUTE_TABLE, input.must("RouteTableId")?)?;
    if table.builtin || !table.body.list("associationSet").is_empty() {
        let why = format!("The routeTable '{}' has dependencies and cannot be deleted.", table.id);
        return Err(Fail::new("DependencyViolation", why));
    }
    cx.ledger.remove(Cloud::Aws, &table.id);
    Ok(json!({ "return": true }))
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    list::describe(cx, input, &kinds::ROUTE_TABLE)
}

pub(in super::super) fn create_route(cx: &mut Cx<'_>, input: &Value) -> Answer {
    put_route(cx, input, false)
}

pub(in super::super) fn replace_route(cx: &mut Cx<'_>, input: &Value) -> Answer {
    put_route(cx, input, true)
}

fn put_route(cx: &mut Cx<'_>, input: &Value, replace: bool) -> Answer {
    let table = cx.find(&kinds::ROUTE_TABLE, input.must("RouteTableId")?)?;
    let net = cidr(input.must("DestinationCidrBlock")?, "InvalidParameterValue", (0, 32))?.to_string();
    let route = target(cx, input, &table, &net)?;
    let mut routes = table.body.list("routeSet").to_vec();
    let old = routes.iter().position(|route| route.text("destinationCidrBlock") == Some(&net));
    match (old, replace) {
        (Some(_), false) if routes.contains(&route) => return Ok(json!({ "return": true })),
        (Some(_), false) => {
            return Err(Fail::new("RouteAlreadyExists", format!("The route identified by {net} already exists.")));
        }
        (None, true) => return Err(no_route(&table, &net)),
        (Some(at), true) => drop(routes.remove(at)),
        (None, false) => {}
    }
    routes.push(route);
    cx.change(&table.id, |table| table.set("routeSet", routes));
    Ok(json!({ "return": true }))
}

fn no_route(table: &Resource, net: &str) -> Fail {
    let why = format!("no route with destination-cidr-block {net} in route table {}", table.id);
    Fail::new("InvalidRoute.NotFound", why)
}

/// Where a route leads: a gateway of the table's VPC, a network interface, or an instance with one.
fn target(cx: &Cx<'_>, input: &Value, table: &Resource, net: &str) -> Answer {
    if let Some(id) = input.text("GatewayId") {
        let gateway = cx.find(&kinds::GATEWAY, id)?;
        if gateway.one("vpc") != table.one("vpc") {
            let why = format!("route table {} and network gateway {id} belong to different networks", table.id);
            return Err(Fail::new("InvalidParameterValue", why));
        }
        return Ok(json!({ "destinationCidrBlock": net, "gatewayId": id, "state": "active", "origin": "CreateRoute" }));
    }
    let interface = match (input.text("NetworkInterfaceId"), input.text("InstanceId")) {
        (Some(id), _) => cx.find(&kinds::INTERFACE, id)?,
        (None, Some(id)) => {
            let instance = cx.find(&kinds::INSTANCE, id)?;
            let mut interfaces = cx.users(&kinds::INTERFACE, "instance", &instance.id);
            interfaces.pop().ok_or_else(|| Fail::value("InstanceId", id, "It has no network interface."))?
        }
        (None, None) => return Err(Fail::missing("GatewayId")),
    };
    let state = if interface.one("instance").is_some() { "active" } else { "blackhole" };
    Ok(
        json!({ "destinationCidrBlock": net, "networkInterfaceId": interface.id, "instanceId": interface.one("instance"), "state": state, "origin": "CreateRoute" }),
    )
}

pub(in super::super) fn delete_route(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let table = cx.find(&kinds::ROUTE_TABLE, input.must("RouteTableId")?)?;
    let net = cidr(input.must("DestinationCidrBlock")?, "InvalidParameterValue", (0, 32))?.to_string();
    let here = |route: &Value| route.text("destinationCidrBlock") == Some(&net);
    let routes = table.body.list("routeSet");
    match routes.iter().find(|route| here(route)) {
        Some(route) if route.text("gatewayId") == Some("local") => {
            let why = format!("cannot remove local route {net} in route table {}", table.id);
            return Err(Fail::new("InvalidParameterValue", why));
        }
        Some(_) => {}
        None => return Err(no_route(&table, &net)),
    }
    let left: Vec<Value> = routes.iter().filter(|route| !here(route)).cloned().collect();
    cx.change(&table.id, |table| table.set("routeSet", left));
    Ok(json!({ "return": true }))
}

/// Routes through what is gone lead nowhere.
pub(super) fn blackhole(cx: &mut Cx<'_>, id: &str) {
    for table in cx.every("route-table") {
        let mut routes = table.body.list("routeSet").to_vec();
        for route in routes
            .iter_mut()
            .filter(|route| route.text("gatewayId") == Some(id) || route.text("networkInterfaceId") == Some(id))
        {
            if let Some(route) = route.as_object_mut() {
                route.insert("state".to_owned(), json!("blackhole"));
            }
        }
        cx.change(&table.id, |table| table.set("routeSet", routes));
    }
}

pub(in super::super) fn associate(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let table = cx.find(&kinds::ROUTE_TABLE, input.must("RouteTableId")?)?;
    let subnet = cx.find(&kinds::SUBNET, input.must("SubnetId")?)?;
    if subnet.one("vpc") != table.one("vpc") {
        let why = format!("Route table {} and subnet {} belong to different networks", table.id, subnet.id);
        return Err(Fail::new("InvalidParameterValue", why));
    }
    if let Some((old, association)) = association_of(cx, |item| item.text("subnetId") == Some(&subnet.id)) {
        let id = association.text("routeTableAssociationId").unwrap_or_default();
        if old.id == table.id {
            return Ok(json!({ "associationId": id, "associationState": { "state": "associated" } }));
        }
        let why =
            format!("the specified association for route table {} conflicts with an existing association", table.id);
        return Err(Fail::new("Resource.AlreadyAssociated", why));
    }
    let id = cx.id("rtbassoc");
    let mut all = table.body.list("associationSet").to_vec();
    all.push(json!({ "routeTableAssociationId": id, "routeTableId": table.id, "subnetId": subnet.id, "main": false,
        "associationState": { "state": "associated" } }));
    cx.change(&table.id, |table| table.set("associationSet", all));
    Ok(json!({ "associationId": id, "associationState": { "state": "associated" } }))
}

fn association_of(cx: &Cx<'_>, is: impl Fn(&Value) -> bool) -> Option<(Resource, Value)> {
    cx.every("route-table").into_iter().find_map(|table| {
        let found = table.body.list("associationSet").iter().find(|item| is(item)).cloned()?;
        Some((table, found))
    })
}

pub(in super::super) fn disassociate(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let id = input.must("AssociationId")?;
    let (table, found) =
        association_of(cx, |item| item.text("routeTableAssociationId") == Some(id)).ok_or_else(|| {
            Fail::new("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
        })?;
    if found.flag("main") == Some(true) {
        let why = format!("cannot disassociate the main route table association {id}");
        return Err(Fail::new("InvalidParameterValue", why));
    }
    let left: Vec<Value> = table.body.list("associationSet").iter().filter(|item| **item != found).cloned().collect();
    cx.change(&table.id, |table| table.set("associationSet", left));
    Ok(json!({ "return": true }))
}

/// The association of a subnet ends with the subnet.
pub(super) fn forget_subnet(cx: &mut Cx<'_>, subnet: &str) {
    if let Some((table, found)) = association_of(cx, |item| item.text("subnetId") == Some(subnet)) {
        let left: Vec<Value> =
            table.body.list("associationSet").iter().filter(|item| **item != found).cloned().collect();
        cx.change(&table.id, |table| table.set("associationSet", left));
    }
}
