//! Rules of security groups as calls say them, in one normal form.

use std::net::Ipv6Addr;

use serde_json::{Value, json};

use super::super::{
    fail::{Answer, Fail},
    input::Input,
};
use crate::hook::Opening;

/// One rule: a protocol, its ports, one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Permission {
    pub(super) protocol: String,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) peer: Peer,
    pub(super) description: Option<String>,
}

/// Who a rule lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    V4(String),
    V6(String),
    Group(String),
}

impl Permission {
    /// Whether both let the same through; descriptions do not matter.
    pub(super) fn same(&self, other: &Self) -> bool {
        (&self.protocol, self.from, self.to, &self.peer) == (&other.protocol, other.from, other.to, &other.peer)
    }

    /// What it lets in from addresses; `None` when it is about members of a group.
    pub(super) fn opening(&self) -> Option<Opening> {
        let (Peer::V4(cidr) | Peer::V6(cidr)) = &self.peer else { return None };
        let port = |port: i64| u16::try_from(port).ok();
        let protocol = if self.protocol == "icmpv6" { "icmp" } else { &self.protocol };
        let ports = port(self.from).zip(port(self.to)).filter(|_| matches!(protocol, "tcp" | "udp"));
        Some(Opening { protocol: protocol.to_owned(), ports, from: cidr.parse().ok()? })
    }

    /// As the refusal of a duplicate was recorded.
    pub(super) fn told(&self) -> String {
        let (Peer::V4(peer) | Peer::V6(peer) | Peer::Group(peer)) = &self.peer;
        let ports = match self.protocol.as_str() {
            "-1" => "ALL".to_owned(),
            protocol => format!("{}, from port: {}, to port: {}", protocol.to_uppercase(), self.from, self.to),
        };
        format!("peer: {peer}, {ports}, ALLOW")
    }

    /// The rule's part of what is shown of it.
    pub(super) fn body(&self, owner: &str) -> Value {
        let mut body = json!({ "ipProtocol": self.protocol, "fromPort": self.from, "toPort": self.to,
            "description": self.description });
        let (name, value) = match &self.peer {
            Peer::V4(cidr) => ("cidrIpv4", json!(cidr)),
            Peer::V6(cidr) => ("cidrIpv6", json!(cidr)),
            Peer::Group(group) => ("referencedGroupInfo", json!({ "groupId": group, "userId": owner })),
        };
        if let Some(map) = body.as_object_mut() {
            map.insert(name.to_owned(), value);
        }
        body
    }

    /// Reads a rule back from what is shown of it.
    pub(super) fn of(body: &Value) -> Option<Self> {
        let group = body.sub("referencedGroupInfo").text("groupId").map(|group| Peer::Group(group.to_owned()));
        let v4 = body.text("cidrIpv4").map(|cidr| Peer::V4(cidr.to_owned()));
        let v6 = body.text("cidrIpv6").map(|cidr| Peer::V6(cidr.to_owned()));
        Some(Self {
            protocol: body.text("ipProtocol")?.to_owned(),
            from: body.int("fromPort")?,
            to: body.int("toPort")?,
            peer: group.or(v4).or(v6)?,
            description: body.text("description").map(str::to_owned),
        })
    }
}

/// All rules of a call, one for each peer.
pub(super) fn permissions(input: &Value) -> Answer<Vec<Permission>> {
    let list = input.list("IpPermissions");
    let single = json!({ "IpProtocol": input.text("IpProtocol"), "FromPort": input.int("FromPort"),
        "ToPort": input.int("ToPort"), "IpRanges": input.text("CidrIp").map(|cidr| json!([{ "CidrIp": cidr }])) });
    let lone = [single];
    let given = if list.is_empty() && input.text("IpProtocol").is_some() { lone.as_slice() } else { list };
    let mut all = Vec::new();
    for permission in given {
        all.extend(expanded(permission)?);
    }
    if all.is_empty() { Err(Fail::missing("IpPermissions")) } else { Ok(all) }
}

fn expanded(permission: &Value) -> Answer<Vec<Permission>> {
    let protocol = protocol(permission.must("IpProtocol")?)?;
    let (from, to) = ports(&protocol, permission.int("FromPort"), permission.int("ToPort"))?;
    let mut peers: Vec<(Peer, &Value)> = Vec::new();
    for range in permission.list("IpRanges") {
        peers.push((Peer::V4(v4(range.must("CidrIp")?)?), range));
    }
    for range in permission.list("Ipv6Ranges") {
        peers.push((Peer::V6(v6(range.must("CidrIpv6")?)?), range));
    }
    for group in permission.list("Groups") {
        peers.push((Peer::Group(group.must("GroupId")?.to_owned()), group));
    }
    if peers.is_empty() {
        return Err(Fail::new("MissingParameter", "The request must contain the parameter ipRanges or groups"));
    }
    peers
        .into_iter()
        .map(|(peer, said)| {
            let description = described(said.text("Description"))?;
            Ok(Permission { protocol: protocol.clone(), from, to, peer, description })
        })
        .collect()
}

fn described(text: Option<&str>) -> Answer<Option<String>> {
    let fits = |text: &str| {
        text.len() <= 255
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter))
    };
    match text {
        Some(text) if !fits(text) => {
            let why = "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";
            Err(Fail::new("InvalidParameterValue", why))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn protocol(text: &str) -> Answer<String> {
    let name = match text.to_ascii_lowercase().as_str() {
        "-1" | "all" => "-1",
        "tcp" | "6" => "tcp",
        "udp" | "17" => "udp",
        "icmp" | "1" => "icmp",
        "icmpv6" | "58" => "icmpv6",
        other if other.parse::<u8>().is_ok() => return Ok(other.to_owned()),
        _ => return Err(Fail::new("InvalidPermission.Malformed", format!("Unsupported IP protocol \"{text}\""))),
    };
    Ok(name.to_owned())
}

fn ports(protocol: &str, from: Option<i64>, to: Option<i64>) -> Answer<(i64, i64)> {
    match (protocol, from, to) {
        ("tcp" | "udp", Some(from), Some(to))
            if (0..=65_535).contains(&from) && (0..=65_535).contains(&to) && from <= to =>
        {
            Ok((from, to))
        }
        ("tcp" | "udp", Some(_), Some(_)) => Err(Fail::new("InvalidParameterValue", "Invalid TCP/UDP port range")),
        ("tcp" | "udp", ..) => {
            let why = "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.";
            Err(Fail::new("InvalidParameterValue", why))
        }
        ("icmp" | "icmpv6", from, to) => Ok((from.unwrap_or(-1), to.unwrap_or(-1))),
        _ => Ok((-1, -1)),
    }
}

fn malformed(text: &str) -> Fail {
    Fail::new("InvalidParameterValue", format!("CIDR block {text} is malformed"))
}

fn v4(text: &str) -> Answer<String> {
    let net: ipnet::Ipv4Net = text.parse().map_err(|_| malformed(text))?;
    Ok(net.trunc().to_string())
}

fn v6(text: &str) -> Answer<String> {
    let (address, size) = text.split_once('/').ok_or_else(|| malformed(text))?;
    let _: Ipv6Addr = address.parse().map_err(|_| malformed(text))?;
    let net: ipnet::Ipv6Net = format!("{address}/{size}").parse().map_err(|_| malformed(text))?;
    Ok(net.trunc().to_string())
}
