//! What the checks ask for.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    ground::{Ground, cluster_name},
    verdict::{Verdict, expect},
};
use crate::{
    cloud::{
        AddressSpec, Call, FirewallRule, FirewallSpec, LoadBalancerSpec, MachineChoice, MachineSpec, NetworkSpec,
        Offer, Protocol, ResourceKind, ResourceRef, ResourceSpec, SshKeySpec,
    },
    id::{NodeName, ResourceId},
    secret::Secret,
};

/// A key whose private half nobody has.
const PUBLIC_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK/K2sPr5Ap5z5ZNVJ+i/uF2oyEEshKE4/ZrrjKOaUC+ conformance-kit";
/// The port of load balancers.
pub(super) const PORT: u16 = 6443;
/// What stands in every machine's first-boot data, and may stand nowhere else.
pub(super) const CANARY: &str = "conformance-canary-6f1ed002ab5595859014ebf0951522d9";

impl Ground {
    /// What is asked for when a check wants a `kind`, on a base that all of its resources share.
    pub(super) async fn spec(&self, kind: ResourceKind) -> Verdict<ResourceSpec> {
        Ok(match kind {
            ResourceKind::Network => self.network_spec(),
            ResourceKind::Firewall => self.firewall_spec(&[]).await?,
            ResourceKind::SshKey => key_spec(),
            ResourceKind::Machine => ResourceSpec::Machine(self.machine_spec("m").await?),
            ResourceKind::Address => ResourceSpec::Address(AddressSpec {}),
            ResourceKind::LoadBalancer => self.balancer_spec(&[]).await?,
        })
    }

    pub(super) fn network_spec(&self) -> ResourceSpec {
        ResourceSpec::Network(NetworkSpec { cidr: self.wishes.network })
    }

    pub(super) async fn firewall_spec(&self, rules: &[FirewallRule]) -> Verdict<ResourceSpec> {
        let mut rules = rules.to_vec();
        rules.sort();
        Ok(ResourceSpec::Firewall(FirewallSpec { network: self.network().await?, rules }))
    }

    pub(super) async fn balancer_spec(&self, targets: &[ResourceRef]) -> Verdict<ResourceSpec> {
        let (network, targets) = (self.network().await?, targets.to_vec());
        Ok(ResourceSpec::LoadBalancer(LoadBalancerSpec { network, port: PORT, targets }))
    }

    /// The machine of that name, of the best offer.
    pub(super) async fn machine_spec(&self, name: &str) -> Verdict<MachineSpec> {
        let choice = self.choice().await?;
        let offer = choice.offers.first().cloned().ok_or_else(|| "resolve must offer something".to_owned())?;
        Ok(MachineSpec {
            name: NodeName::new(format!("{}-{name}", cluster_name())).map_err(|error| error.to_string())?,
            network: self.network().await?,
            firewall: self.firewall().await?,
            ssh_key: self.ssh_key().await?,
            offer,
            image: choice.image.clone(),
            arch: choice.arch,
            disk: self.wishes.machine.disk.clone(),
            spot: false,
            user_data: Secret::new(format!("#cloud-config\n# {CANARY}\n")),
        })
    }

    pub(super) async fn choice(&self) -> Verdict<&MachineChoice> {
        let resolve = || async { expect(self.driver.resolve(&Call::new(), &self.wishes.machine).await, "resolve") };
        self.choice.get_or_try_init(resolve).await
    }

    /// Some spec of a kind whose base may be missing.
    pub(super) fn any_spec(&self, kind: ResourceKind) -> ResourceSpec {
        let absent = |kind| self.absent(kind);
        match kind {
            ResourceKind::Network => self.network_spec(),
            ResourceKind::Firewall => {
                ResourceSpec::Firewall(FirewallSpec { network: absent(ResourceKind::Network), rules: Vec::new() })
            }
            ResourceKind::SshKey => key_spec(),
            ResourceKind::Machine => ResourceSpec::Machine(MachineSpec {
                name: NodeName::new("kit-absent").expect("a literal name"),
                network: absent(ResourceKind::Network),
                firewall: absent(ResourceKind::Firewall),
                ssh_key: absent(ResourceKind::SshKey),
                offer: Offer::new("absent", None, None),
                image: "absent".to_owned(),
                arch: self.wishes.machine.machine.arch,
                disk: self.wishes.machine.disk.clone(),
                spot: false,
                user_data: Secret::new(CANARY.to_owned()),
            }),
            ResourceKind::Address => ResourceSpec::Address(AddressSpec {}),
            ResourceKind::LoadBalancer => ResourceSpec::LoadBalancer(LoadBalancerSpec {
                network: absent(ResourceKind::Network),
                port: PORT,
                targets: Vec::new(),
            }),
        }
    }

    /// A reference to something that was never there.
    pub(super) fn absent(&self, kind: ResourceKind) -> ResourceRef {
        let id = ResourceId::new("absent").expect("a literal id");
        ResourceRef::new(self.driver.provider(), self.wishes.at(), kind, id)
    }

    /// The network that the others stand on.
    pub(super) async fn network(&self) -> Verdict<ResourceRef> {
        let make = || self.base(self.network_spec());
        self.network.get_or_try_init(make).await.cloned()
    }

    pub(super) async fn firewall(&self) -> Verdict<ResourceRef> {
        let make = || async { self.base(self.firewall_spec(&[]).await?).await };
        self.firewall.get_or_try_init(make).await.cloned()
    }

    pub(super) async fn ssh_key(&self) -> Verdict<ResourceRef> {
        self.ssh_key.get_or_try_init(|| self.base(key_spec())).await.cloned()
    }

    async fn base(&self, spec: ResourceSpec) -> Verdict<ResourceRef> {
        self.needs(spec.kind())?;
        Ok(self.ready_with(&self.owner(spec.kind(), "base"), &spec).await?.reference)
    }
}

fn key_spec() -> ResourceSpec {
    ResourceSpec::SshKey(SshKeySpec { public_key: PUBLIC_KEY.to_owned() })
}

/// A rule that lets TCP in on these ports.
pub(super) fn tcp(first: u16, last: u16, from: [u8; 4], bits: u8) -> FirewallRule {
    rule(Protocol::Tcp, Some((first, last)), from, bits)
}

pub(super) fn rule(protocol: Protocol, ports: Option<(u16, u16)>, from: [u8; 4], bits: u8) -> FirewallRule {
    let from = IpNet::new_assert(IpAddr::from(from), bits);
    FirewallRule { protocol, ports, from }
}
