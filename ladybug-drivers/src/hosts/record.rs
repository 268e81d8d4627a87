//! What is written on machines.

use ipnet::Ipv4Net;
use ladybug_core::{
    NodeName, ResourceId, Result,
    cloud::{FirewallRule, Offer, Owner, ResourceKind, ResourceRef},
};
use serde::{Deserialize, Serialize};

use super::fault;

/// The image that every machine has.
pub(super) const AS_IT_IS: &str = "as-it-is";

/// One resource: whose it is, and what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) owner: Owner,
    pub(super) held: Held,
}

/// What a resource is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Held {
    Network {
        cidr: Ipv4Net,
    },
    SshKey {
        public_key: String,
    },
    /// `of` is the network whose range that is.
    Firewall {
        of: ResourceId,
        network: Ipv4Net,
        rules: Vec<FirewallRule>,
    },
    /// `on` is what it was claimed with: network, firewall and key.
    Machine {
        name: NodeName,
        offer: Offer,
        on: Vec<ResourceId>,
    },
}

impl Record {
    pub(super) const fn kind(&self) -> ResourceKind {
        match self.held {
            Held::Network { .. } => ResourceKind::Network,
            Held::SshKey { .. } => ResourceKind::SshKey,
            Held::Firewall { .. } => ResourceKind::Firewall,
            Held::Machine { .. } => ResourceKind::Machine,
        }
    }

    /// Whether it cannot be without that.
    pub(super) fn stands_on(&self, thing: &ResourceId) -> bool {
        match &self.held {
            Held::Firewall { of, .. } => of == thing,
            Held::Machine { on, .. } => on.contains(thing),
            Held::Network { .. } | Held::SshKey { .. } => false,
        }
    }

    /// In one line.
    pub(super) fn line(&self) -> Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self).map_err(fault::unwritable)?;
        line.push(b'\n');
        Ok(line)
    }
}

/// What a machine tells of itself.
#[derive(Debug)]
pub(super) struct Survey {
    /// `uname -m`, and `ID` and `VERSION_ID` of os-release(5).
    pub(super) system: [String; 3],
    pub(super) claim: Option<(Record, bool)>,
    pub(super) records: Vec<Record>,
}

impl Survey {
    /// Reads what the script prints.
    ///
    /// # Errors
    /// `Corrupt` for what it cannot have printed.
    pub(super) fn parse(host: &NodeName, text: &str) -> Result<Self> {
        let unreadable = || fault::corrupt(host);
        let mut survey = Self { system: Default::default(), claim: None, records: Vec::new() };
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').ok_or_else(unreadable)?;
            let record = || serde_json::from_str(rest).map_err(|cause| unreadable().with_source(cause));
            match word {
                "system" => survey.system = system(rest).ok_or_else(unreadable)?,
                "ready" | "pending" => survey.claim = Some((record()?, word == "ready")),
                "record" => survey.records.push(record()?),
                _ => return Err(unreadable()),
            }
        }
        Ok(survey)
    }

    /// The system as an image is named: `debian-12`.
    pub(super) fn image(&self) -> String {
        let [_, family, version] = &self.system;
        format!("{family}-{version}")
    }

    /// Whether it runs the image that planning chose, or a minor version of it.
    pub(super) fn runs_image(&self, image: &str) -> bool {
        let its = self.image();
        image == AS_IT_IS || its == image || its.starts_with(&format!("{image}."))
    }

    /// What a reference means, with whether it is ready.
    pub(super) fn find(&self, reference: &ResourceRef) -> Option<(&Record, bool)> {
        let (_, token) = parts(&reference.id)?;
        self.all().find(|(record, _)| record.kind() == reference.kind && record.owner.token() == token)
    }

    /// Everything, with whether it is ready.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Record, bool)> {
        let claim = self.claim.iter().map(|(record, ready)| (record, *ready));
        claim.chain(self.records.iter().map(|record| (record, true)))
    }
}

fn system(text: &str) -> Option<[String; 3]> {
    text.split(' ').map(str::to_owned).collect::<Vec<_>>().try_into().ok()
}

/// A resource's id: the machine that it is written on, and the owner's token, so that an id never means what another
/// cluster, or a later resource of the same key, has there by now.
pub(super) fn id(host: &NodeName, owner: &Owner) -> ResourceId {
    ResourceId::new(format!("{host}/{}", owner.token())).expect("a label and hexadecimal digits make an id")
}

/// The machine's name and the token of an id.
pub(super) fn parts(id: &ResourceId) -> Option<(&str, &str)> {
    id.as_str().split_once('/')
}
