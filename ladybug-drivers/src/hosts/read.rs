//! Inventories from outside: what they are read from, and what must hold.

use std::net::IpAddr;

use ladybug_core::{
    Error, NodeName, Region, Secret,
    cloud::Price,
    remote::HostKeyPolicy,
    spec::{Arch, Problem},
};
use serde::Deserialize;

use super::inventory::{Host, Inventory, Login, invalid};

/// A machine as people write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHost {
    name: NodeName,
    region: Region,
    login: RawLogin,
    via: Option<RawLogin>,
    private_address: Option<IpAddr>,
    #[serde(default)]
    arch: Arch,
    vcpu: Option<u32>,
    memory_gib: Option<u32>,
    #[serde(default)]
    gpu: u32,
    price: Option<Price>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLogin {
    address: IpAddr,
    port: Option<u16>,
    user: String,
    private_key: String,
    host_key: Option<String>,
    #[serde(default)]
    trust_on_first_use: bool,
}

impl TryFrom<Vec<RawHost>> for Inventory {
    type Error = Error;

    fn try_from(raw: Vec<RawHost>) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let hosts: Vec<Host> =
            raw.into_iter().enumerate().map(|(index, host)| host.read(index, &mut problems)).collect();
        match Self::new(hosts) {
            Ok(inventory) if problems.is_empty() => Ok(inventory),
            other => {
                problems.extend(other.err().into_iter().flat_map(|error| error.problems().to_vec()));
                problems.sort();
                Err(invalid(problems))
            }
        }
    }
}

impl RawHost {
    fn read(self, index: usize, problems: &mut Vec<Problem>) -> Host {
        let login = self.login.read(&format!("[{index}].login"), problems);
        let via = self.via.map(|via| via.read(&format!("[{index}].via"), problems));
        Host {
            name: self.name,
            login,
            via,
            region: self.region,
            private_address: self.private_address,
            arch: self.arch,
            vcpu: self.vcpu,
            memory_gib: self.memory_gib,
            gpu: self.gpu,
            price: self.price,
        }
    }
}

impl RawLogin {
    fn read(self, path: &str, problems: &mut Vec<Problem>) -> Login {
        let host_key = match (self.host_key, self.trust_on_first_use) {
            (Some(key), false) => HostKeyPolicy::Pinned(key),
            (None, true) => HostKeyPolicy::TrustOnFirstUse,
            _ => {
                let message = "must be given, or else trust_on_first_use: true, and never both";
                problems.push(Problem::new(format!("{path}.host_key"), message));
                HostKeyPolicy::TrustOnFirstUse
            }
        };
        let key = Secret::new(self.private_key.into_bytes());
        Login::new(self.address, self.user, key, host_key).with_port(self.port.unwrap_or(22))
    }
}

/// What is wrong with one machine.
pub(super) fn host_problems(index: usize, host: &Host) -> Vec<Problem> {
    let mut problems = login_problems(&format!("[{index}].login"), &host.login);
    problems.extend(host.via.iter().flat_map(|via| login_problems(&format!("[{index}].via"), via)));
    if host.private_address.is_some_and(|address| !is_usable(address)) {
        problems.push(Problem::new(format!("[{index}].private_address"), NOT_AN_ADDRESS));
    }
    if host.vcpu == Some(0) {
        problems.push(Problem::new(format!("[{index}].vcpu"), "must be 1 or more; leave it out when unknown"));
    }
    if host.memory_gib == Some(0) {
        problems.push(Problem::new(format!("[{index}].memory_gib"), "must be 1 or more; leave it out when unknown"));
    }
    problems
}

const NOT_AN_ADDRESS: &str = "must be one machine's own address";

fn login_problems(path: &str, login: &Login) -> Vec<Problem> {
    let checks = [
        // A login by loopback is odd, but a forwarded port is one.
        (login.address.is_unspecified() || login.address.is_multicast(), "address", NOT_AN_ADDRESS),
        (login.port == 0, "port", "must be 1 to 65535"),
        (!is_user(&login.user), "user", "must be 1 to 32 of a-z, 0-9, '_' and '-', no digit or '-' first"),
        (!is_key(login.private_key.expose()), "private_key", "must be a private key in OpenSSH's form"),
        (!is_pin(&login.host_key), "host_key", "must be the first two words of a /etc/ssh/ssh_host_*_key.pub"),
    ];
    let broken = checks.into_iter().filter(|(broken, ..)| *broken);
    broken.map(|(_, field, message)| Problem::new(format!("{path}.{field}"), message)).collect()
}

fn is_usable(address: IpAddr) -> bool {
    !(address.is_loopback() || address.is_unspecified() || address.is_multicast())
}

/// What useradd(8) takes on every distribution.
pub(super) fn is_user(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    (1..=32).contains(&text.len())
        && text.chars().all(inner)
        && !text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
}

fn is_key(key: &[u8]) -> bool {
    key.starts_with(b"-----BEGIN ")
}

/// One line of two words, so that it can be part of another.
fn is_pin(policy: &HostKeyPolicy) -> bool {
    if let HostKeyPolicy::Pinned(line) = policy { is_public_key(line) } else { true }
}

/// OpenSSH's one-line form, with or without comment.
pub(super) fn is_public_key(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let kind = words.next().is_some_and(|kind| kind.starts_with("ssh-") || kind.starts_with("ecdsa-sha2-"));
    let base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let body = words.next().is_some_and(|body| body.len() >= 64 && body.chars().all(base64));
    kind && body && !line.trim_end().contains(|c: char| c.is_control())
}
