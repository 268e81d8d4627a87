//! What a world is like.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::SignedDuration;

use crate::{azure::AzureConfig, fault::FaultPlan, gcp::GcpConfig, hook::InstanceHook, tumblebug::TumblebugConfig};

/// What a world is like.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Decides ids and chances.
    pub seed: u64,
    /// Real seconds for one simulated second: 1.0 is real time, 0.001 makes a boot of 20 s take 20 ms.
    pub pace: f64,
    /// How far the clouds' wall clocks are ahead of this machine's.
    pub skew: SignedDuration,
    /// How long each answer takes, in simulated time.
    pub latency: Duration,
    /// For how long after its creation a resource is not seen by calls that look for it, in simulated time.
    pub consistency: Duration,
    /// What goes wrong.
    pub faults: FaultPlan,
    /// Who is told of machines.
    pub hook: Option<Arc<dyn InstanceHook>>,
    /// What the AWS face is like.
    pub aws: AwsConfig,
    /// What the Azure face is like.
    pub azure: AzureConfig,
    /// What the Google Cloud face is like.
    pub gcp: GcpConfig,
    /// What the Tumblebug face is like.
    pub tumblebug: TumblebugConfig,
}

impl Default for Config {
    /// Nothing goes wrong, and a simulated second takes a millisecond.
    fn default() -> Self {
        Self {
            seed: 1,
            pace: 0.001,
            skew: SignedDuration::ZERO,
            latency: Duration::ZERO,
            consistency: Duration::ZERO,
            faults: FaultPlan::none(),
            hook: None,
            aws: AwsConfig::default(),
            azure: AzureConfig::default(),
            gcp: GcpConfig::default(),
            tumblebug: TumblebugConfig::default(),
        }
    }
}

/// What the AWS face is like. All delays are simulated time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AwsConfig {
    /// From RunInstances or StartInstances to `running`.
    pub boot: Duration,
    /// From StopInstances to `stopped`.
    pub stop: Duration,
    /// From TerminateInstances to `terminated`.
    pub terminate: Duration,
    /// For how long a terminated instance is still shown. At a fast pace that is short in true time: clients that look
    /// every few true seconds need more.
    pub tombstone: Duration,
    /// From `running` to the first console output.
    pub console: Duration,
    /// From CreateLoadBalancer to `active`.
    pub balancer: Duration,
    /// From DeleteLoadBalancer to the end of its network interfaces.
    pub lingering: Duration,
    /// The longest page of any list, shorter than what the caller asks for; `None` gives callers what they ask for.
    pub page: Option<usize>,
    /// Puts an empty page before the last page of every list that has more than one.
    pub empty_pages: bool,
    /// Calls per simulated second that each operation may take, and how many at once; `None` never throttles.
    pub rate: Option<(f64, f64)>,
    /// What the account may have.
    pub limits: AwsLimits,
    /// Zones (`us-east-1a`, or `*`) and types (or `*`) that have no capacity.
    pub no_capacity: Vec<(String, String)>,
}

impl Default for AwsConfig {
    fn default() -> Self {
        Self {
            boot: Duration::from_secs(20),
            stop: Duration::from_secs(30),
            terminate: Duration::from_secs(40),
            tombstone: Duration::from_secs(3_600),
            console: Duration::from_secs(60),
            balancer: Duration::from_secs(120),
            lingering: Duration::from_secs(90),
            page: None,
            empty_pages: false,
            rate: None,
            limits: AwsLimits::default(),
            no_capacity: Vec::new(),
        }
    }
}

/// What an AWS account may have in one region; by default what a new account has, but with more processors.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AwsLimits {
    /// Running on-demand standard virtual processors (L-1216C47A).
    pub vcpus: u64,
    /// VPCs (L-F678F1CE).
    pub vpcs: usize,
    /// Elastic addresses (L-0263D0A3).
    pub addresses: usize,
    /// Internet gateways (L-A4707A72).
    pub gateways: usize,
    /// Rules of a security group in each direction.
    pub rules: usize,
    /// Network load balancers (L-69A177A2).
    pub balancers: usize,
    /// Other quotas by code, as Service Quotas tells them.
    pub others: BTreeMap<String, f64>,
}

impl Default for AwsLimits {
    fn default() -> Self {
        Self { vcpus: 640, vpcs: 5, addresses: 5, gateways: 5, rules: 60, balancers: 50, others: BTreeMap::new() }
    }
}
