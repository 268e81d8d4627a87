//! What can go wrong with a machine, as errors of the crate.

use ladybug_core::{
    Disposition, Error, ErrorKind, NodeName, ProviderName,
    cloud::{Owner, ResourceRef},
    remote::RemoteOutput,
};

use super::record::Record;

/// How `hosts.sh` ends; the numbers are sysexits(3)'s where one fits.
const LACKS: i32 = 69;
const LOCKED: i32 = 74;
pub(super) const HELD: i32 = 75;
const OCCUPIED: i32 = 76;
const HOOK: i32 = 77;

/// The script ended otherwise than well.
pub(super) fn ended(host: &NodeName, verb: &str, output: &RemoteOutput) -> Error {
    let said = tail(&output.stderr);
    let message = if said.is_empty() { format!("it ended with status {}", output.status) } else { said.to_owned() };
    let error = |kind| Error::new(kind, format!("{} the machine {host}", verb_of(verb))).with_message(message.clone());
    match output.status {
        LACKS => error(ErrorKind::Unsupported).with_remedy("install what is missing, or take another machine"),
        LOCKED => error(ErrorKind::Unavailable),
        OCCUPIED => error(ErrorKind::Conflict).with_remedy("run kubeadm reset on it if nobody needs that node"),
        HOOK => error(ErrorKind::RemoteCommand).with_remedy("correct what it complains of, and delete again"),
        _ if said.starts_with("sudo:") => error(ErrorKind::PermissionDenied).with_remedy(SUDO),
        _ => error(ErrorKind::RemoteCommand),
    }
}

const SUDO: &str = "let the user of the inventory use sudo without a password: USER ALL=(ALL) NOPASSWD:ALL in a file \
                    under /etc/sudoers.d";

fn verb_of(verb: &str) -> &'static str {
    match verb {
        "claim" => "claim",
        "release" => "release",
        "survey" => "look at",
        "filter" => "set the packet filter of",
        _ => "keep a record on",
    }
}

/// The last lines, which hold the reason.
fn tail(text: &str) -> &str {
    let text = text.trim();
    let from = text.char_indices().rev().take(500).last().map_or(0, |(index, _)| index);
    text.get(from..).unwrap_or_default()
}

/// Somebody else has the machine; it was not touched.
pub(super) fn taken(host: &NodeName, holder: &Record) -> Error {
    Error::new(ErrorKind::Conflict, format!("claim the machine {host}"))
        .with_message(format!("it is {}", whose(&holder.owner)))
        .with_remedy("take another machine, or delete that cluster")
}

/// Whose a machine is, for messages.
pub(super) fn whose(owner: &Owner) -> String {
    format!("{} of cluster {} ({})", owner.key, owner.cluster_name, owner.cluster)
}

/// What a machine printed is not the script's.
pub(super) fn corrupt(host: &NodeName) -> Error {
    Error::new(ErrorKind::Corrupt, format!("read the records on the machine {host}"))
        .with_message("they are not as ladybug writes them")
        .with_remedy("look at its /var/lib/ladybug-hosts")
}

pub(super) fn unwritable(cause: serde_json::Error) -> Error {
    Error::new(ErrorKind::Unexpected, "write a record of a resource").with_source(cause)
}

/// The machine is in no inventory.
pub(super) fn unknown(host: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("find the machine {host}"))
        .with_message("it is not in the inventory")
        .with_remedy("put it in again, or delete what was on it")
}

/// A reference is another driver's.
pub(super) fn foreign(provider: &ProviderName, reference: &ResourceRef) -> Error {
    Error::new(ErrorKind::InvalidSpec, format!("ask {provider} for {reference}"))
        .with_message("it is of another provider")
        .with_remedy("ask the driver of its own provider")
}

/// Something still uses the thing.
pub(super) fn in_use(what: &ResourceRef, user: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("delete {what}"))
        .with_message(user)
        .with_disposition(Disposition::Transient { after: None })
}
