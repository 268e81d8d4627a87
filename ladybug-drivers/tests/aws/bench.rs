//! The driver on the conformance kit's bench, over any cloud that speaks AWS's protocols.

use std::{collections::BTreeSet, io::Read, sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use ladybug_core::{
    ClusterName, ProviderName, Region, ResourceId, Secret,
    cloud::{CloudDriver, FirewallRule, Location, Owner, Protocol, ResourceKind, ResourceRef, ResourceSpec},
    conformance::driver::{Bench, Fault, Requests, Wishes},
};
use ladybug_drivers::aws::{Aws, Config};
use roxmltree::{Document, Node};

use super::{
    proxy::Proxy,
    raw::{Raw, members, within, words},
};

/// What differs between clouds.
#[async_trait]
pub(crate) trait Site: std::fmt::Debug + Send + Sync + 'static {
    /// Lets the driver's key be unknown, or allowed nothing; `false` where that cannot be.
    async fn deny(&self, _fault: Fault) -> bool {
        false
    }

    async fn allow(&self) {}

    /// How long the cloud takes, and how large its lists are.
    fn tune(&self, wishes: &mut Wishes);
}

/// A cloud on the bench.
#[derive(Debug)]
pub(crate) struct AwsBench {
    pub(crate) driver: Arc<dyn CloudDriver>,
    pub(crate) proxy: Proxy,
    pub(crate) raw: Raw,
    site: Box<dyn Site>,
    planted: std::sync::Mutex<BTreeSet<String>>,
}

pub(crate) const REGION: &str = "us-east-1";

impl AwsBench {
    /// A bench over the cloud at `endpoint`, as its user of that key.
    pub(crate) async fn new(endpoint: &str, key: &str, secret: &str, settle: Duration, site: impl Site) -> Self {
        let proxy = Proxy::open(endpoint.trim_start_matches("http://").trim_end_matches('/').to_owned()).await;
        let provider = ProviderName::new("aws").unwrap();
        let config = Config::new(provider).with_endpoint(&proxy.endpoint).with_settle(settle);
        let config = config.with_pauses(Duration::from_millis(1), Duration::from_millis(50));
        let config = config.with_key(key, Secret::new(secret.to_owned()), None);
        let raw = Raw {
            endpoint: format!("{}/", endpoint.trim_end_matches('/')),
            key: key.to_owned(),
            secret: secret.to_owned(),
            region: REGION.to_owned(),
        };
        let driver = Arc::new(Aws::new(config).unwrap());
        Self { driver, proxy, raw, site: Box::new(site), planted: std::sync::Mutex::default() }
    }

    /// Every id that the cloud shows, with its kind.
    pub(crate) async fn ids(&self) -> BTreeSet<String> {
        let alive = [
            ("Filter.1.Name", "instance-state-name"),
            ("Filter.1.Value.1", "pending"),
            ("Filter.1.Value.2", "running"),
            ("Filter.1.Value.3", "stopping"),
            ("Filter.1.Value.4", "stopped"),
            ("Filter.1.Value.5", "shutting-down"),
        ];
        type List<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);
        let lists: [List<'_>; 9] = [
            ("DescribeInstances", "instanceId", &alive),
            ("DescribeVpcs", "vpcId", &[]),
            ("DescribeSubnets", "subnetId", &[]),
            ("DescribeInternetGateways", "internetGatewayId", &[]),
            ("DescribeSecurityGroups", "groupId", &[]),
            ("DescribeKeyPairs", "keyName", &[]),
            ("DescribeAddresses", "allocationId", &[]),
            ("DescribeVolumes", "volumeId", &[]),
            ("DescribeNetworkInterfaces", "networkInterfaceId", &[]),
        ];
        let mut all = BTreeSet::new();
        for (action, field, pairs) in lists {
            let answer = self.raw.ec2(action, pairs).await.unwrap();
            all.extend(words(&answer, field));
        }
        for (action, field) in
            [("DescribeLoadBalancers", "LoadBalancerArn"), ("DescribeTargetGroups", "TargetGroupArn")]
        {
            let answer = self.raw.elb(action, &[]).await.unwrap();
            all.extend(words(&answer, field));
        }
        all
    }

    async fn group(&self, firewall: &ResourceRef) -> Option<String> {
        self.raw.ec2("DescribeSecurityGroups", &[("GroupId.1", firewall.id.as_str())]).await.ok()
    }
}

#[async_trait]
impl Bench for AwsBench {
    fn driver(&self) -> Arc<dyn CloudDriver> {
        Arc::clone(&self.driver)
    }

    fn wishes(&self) -> Wishes {
        let mut wishes = Wishes::new(Region::new(REGION).unwrap());
        wishes.elsewhere = Some(Region::new("eu-central-1").unwrap());
        wishes.codes = true;
        wishes.frugal = true;
        wishes.secrets = vec![Secret::new(self.raw.secret.clone())];
        self.site.tune(&mut wishes);
        wishes
    }

    async fn strike(&self, fault: Fault) -> Option<()> {
        if matches!(fault, Fault::NoCredential | Fault::NoPermission) {
            return self.site.deny(fault).await.then_some(());
        }
        self.proxy.strike(Some(fault));
        Some(())
    }

    async fn heal(&self) {
        self.proxy.strike(None);
        self.site.allow().await;
    }

    async fn requests(&self) -> Option<Requests> {
        Some(self.proxy.requests())
    }

    async fn everything(&self) -> Option<BTreeSet<String>> {
        Some(self.ids().await)
    }

    async fn rules(&self, firewall: &ResourceRef) -> Option<Vec<FirewallRule>> {
        Some(rules_of(&self.group(firewall).await?))
    }

    async fn edit_rules(&self, firewall: &ResourceRef, wanted: &[FirewallRule]) -> Option<()> {
        let known = self.rules(firewall).await?;
        for (action, list) in
            [("RevokeSecurityGroupIngress", known.as_slice()), ("AuthorizeSecurityGroupIngress", wanted)]
        {
            if !list.is_empty() {
                let pairs = permissions(firewall, list);
                let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                self.raw.ec2(action, &pairs).await.unwrap();
            }
        }
        Some(())
    }

    async fn targets(&self, balancer: &ResourceRef) -> Option<BTreeSet<ResourceId>> {
        let name = balancer.id.as_str().rsplit('/').nth(1)?;
        let groups = self.raw.elb("DescribeTargetGroups", &[("Names.member.1", name)]).await.ok()?;
        let group = words(&groups, "TargetGroupArn").into_iter().next()?;
        let health = self.raw.elb("DescribeTargetHealth", &[("TargetGroupArn", &group)]).await.ok()?;
        let document = Document::parse(&health).unwrap();
        let staying =
            members(&document, "TargetHealthDescriptions").filter(|target| within(*target, "State") != ["draining"]);
        Some(staying.filter_map(|target| ResourceId::new(*within(target, "Id").first()?).ok()).collect())
    }

    async fn user_data(&self, machine: &ResourceRef) -> Option<Secret<String>> {
        let pairs = [("InstanceId", machine.id.as_str()), ("Attribute", "userData")];
        let answer = self.raw.ec2("DescribeInstanceAttribute", &pairs).await.ok()?;
        unpack(words(&answer, "value").first()?)
    }

    async fn plant(&self, like: &ClusterName) -> Option<()> {
        let before = self.ids().await;
        let name = format!("{like}-0123456789abcdef0123");
        let key = [("KeyName", name.as_str()), ("PublicKeyMaterial", KEY)];
        self.raw.ec2("ImportKeyPair", &key).await.unwrap();
        let tags = [
            ("CidrBlock", "10.99.0.0/24"),
            ("TagSpecification.1.ResourceType", "vpc"),
            ("TagSpecification.1.Tag.1.Key", "Name"),
            ("TagSpecification.1.Tag.1.Value", name.as_str()),
            ("TagSpecification.1.Tag.2.Key", "ladybug-cluster"),
            ("TagSpecification.1.Tag.2.Value", "0190163d-8694-739b-aea5-966c26f8ad91"),
        ];
        self.raw.ec2("CreateVpc", &tags).await.unwrap();
        let new = &self.ids().await - &before;
        *self.planted.lock().unwrap() = new;
        Some(())
    }

    async fn foreign_changes(&self) -> Option<Vec<String>> {
        let now = self.ids().await;
        Some(self.planted.lock().unwrap().difference(&now).map(|id| format!("{id} is gone")).collect())
    }

    async fn squat(&self, owner: &Owner, at: &Location, spec: &ResourceSpec) -> Option<ResourceRef> {
        let ResourceSpec::SshKey(_) = spec else { return None };
        let name = owner.resource_name();
        self.raw.ec2("ImportKeyPair", &[("KeyName", &name), ("PublicKeyMaterial", KEY)]).await.unwrap();
        let id = ResourceId::new(&name).unwrap();
        Some(ResourceRef::new(self.driver.provider(), at.clone(), ResourceKind::SshKey, id))
    }
}

/// First-boot data as it was before it was packed.
pub(crate) fn unpack(user_data: &str) -> Option<Secret<String>> {
    let packed = BASE64_STANDARD.decode(user_data).ok()?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).ok()?;
    Some(Secret::new(text))
}

/// An ed25519 key in OpenSSH's form, in base 64.
const KEY: &str =
    "c3NoLWVkMjU1MTkgQUFBQUMzTnphQzFsWkRJMU5URTVBQUFBSUtYZERGaWY2Q1FKL0s1cVN1RkF2QUFYMXBzdERiQWIwUFBSeTF4OG40aXogdA==";

/// What the groups let in that EC2 describes.
pub(crate) fn rules_of(groups: &str) -> Vec<FirewallRule> {
    let document = Document::parse(groups).unwrap();
    members(&document, "ipPermissions").flat_map(rules).collect()
}

fn rules(permission: Node<'_, '_>) -> Vec<FirewallRule> {
    let word = |name: &str| within(permission, name).first().copied();
    let port = |name: &str| word(name).and_then(|word| word.parse::<i32>().ok());
    let ports = port("fromPort").zip(port("toPort")).filter(|ports| *ports != (0, 65_535) && ports.0 >= 0);
    let ports = ports.map(|(first, last)| (first as u16, last as u16));
    let protocol = match word("ipProtocol").unwrap_or_default() {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "icmp" | "icmpv6" => Protocol::Icmp,
        _ => Protocol::All,
    };
    let from = within(permission, "cidrIp").into_iter().chain(within(permission, "cidrIpv6"));
    from.filter_map(|from| Some(FirewallRule { protocol, ports, from: from.parse().ok()? })).collect()
}

fn permissions(firewall: &ResourceRef, rules: &[FirewallRule]) -> Vec<(String, String)> {
    let mut pairs = vec![("GroupId".to_owned(), firewall.id.to_string())];
    for (rule, number) in rules.iter().zip(1..) {
        let mut pair = |name: &str, value: String| pairs.push((format!("IpPermissions.{number}.{name}"), value));
        let (protocol, all) = match rule.protocol {
            Protocol::Tcp => ("tcp", Some((0, 65_535))),
            Protocol::Udp => ("udp", Some((0, 65_535))),
            Protocol::Icmp => ("icmp", Some((-1, -1))),
            _ => ("-1", None),
        };
        pair("IpProtocol", protocol.to_owned());
        if let Some((first, last)) = rule.ports.map(|(first, last)| (i32::from(first), i32::from(last))).or(all) {
            pair("FromPort", first.to_string());
            pair("ToPort", last.to_string());
        }
        let range = if rule.from.addr().is_ipv4() { "IpRanges.1.CidrIp" } else { "Ipv6Ranges.1.CidrIpv6" };
        pair(range, rule.from.to_string());
    }
    pairs
}
