//! What a driver for AWS is made with.

use std::{collections::BTreeMap, time::Duration};

use ladybug_core::{Error, ErrorKind, ProviderName, Region, Result, Secret};

use super::PriceTable;

/// How long EC2 may not show what it made; its guide on eventual consistency names no figure, and kops waits two
/// minutes for tags at most.
const SETTLE: Duration = Duration::from_secs(30);

/// The first and the longest pause while AWS does not know what it has just made.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// A service of AWS, as far as this driver asks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Service {
    /// Machines and networks.
    Ec2,
    /// Load balancers.
    ElasticLoadBalancing,
    /// Limits of the account.
    ServiceQuotas,
}

impl Service {
    const ALL: [Self; 3] = [Self::Ec2, Self::ElasticLoadBalancing, Self::ServiceQuotas];

    /// Its name in host names and signatures.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::ElasticLoadBalancing => "elasticloadbalancing",
            Self::ServiceQuotas => "servicequotas",
        }
    }

    /// What AWS's tools call the variable that holds its endpoint.
    const fn variable(self) -> &'static str {
        match self {
            Self::Ec2 => "AWS_ENDPOINT_URL_EC2",
            Self::ElasticLoadBalancing => "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2",
            Self::ServiceQuotas => "AWS_ENDPOINT_URL_SERVICE_QUOTAS",
        }
    }
}

/// Where the credential comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The chain of AWS's tools: environment, profile, SSO, web identity, process, container, machine.
    Chain {
        profile: Option<String>,
    },
    Fixed {
        key_id: String,
        secret: Secret<String>,
        token: Option<Secret<String>>,
    },
}

/// What a driver for AWS is made with. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) provider: ProviderName,
    pub(super) source: Source,
    pub(super) prices: PriceTable,
    pub(super) settle: Duration,
    pub(super) pauses: (Duration, Duration),
    pub(super) source_dest_check: bool,
    endpoint: Option<String>,
    endpoints: BTreeMap<Service, String>,
}

impl Config {
    /// An account known as `provider`, with AWS's own endpoints and the credential chain of AWS's tools. Reads nothing yet.
    #[must_use]
    pub fn new(provider: ProviderName) -> Self {
        Self {
            provider,
            source: Source::Chain { profile: None },
            prices: PriceTable::embedded(),
            settle: SETTLE,
            pauses: PAUSES,
            source_dest_check: false,
            endpoint: None,
            endpoints: BTreeMap::new(),
        }
    }

    /// As [`new`](Self::new), with the endpoints of `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`, unless
    /// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is `true`, as AWS's tools do.
    #[must_use]
    pub fn from_env(provider: ProviderName) -> Self {
        Self::new(provider).with_env(|name| std::env::var(name).ok())
    }

    fn with_env(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        if variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return self;
        }
        self.endpoint = variable("AWS_ENDPOINT_URL").or(self.endpoint);
        let own = Service::ALL.into_iter().filter_map(|service| Some((service, variable(service.variable())?)));
        self.endpoints.extend(own);
        self
    }

    /// The same account at another endpoint for every service.
    #[must_use]
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// The same account with another endpoint for one service; it wins over that for all.
    #[must_use]
    pub fn with_service_endpoint(mut self, service: Service, url: impl Into<String>) -> Self {
        self.endpoints.insert(service, url.into());
        self
    }

    /// The same account by this key; `token` goes with temporary keys.
    #[must_use]
    pub fn with_key(
        mut self,
        key_id: impl Into<String>,
        secret: Secret<String>,
        token: Option<Secret<String>>,
    ) -> Self {
        self.source = Source::Fixed { key_id: key_id.into(), secret, token };
        self
    }

    /// The account of a profile of AWS's shared files; it wins over `AWS_PROFILE`.
    #[must_use]
    pub fn with_profile(mut self, profile: impl Into<String>) -> Self {
        self.source = Source::Chain { profile: Some(profile.into()) };
        self
    }

    /// The same account with other prices.
    #[must_use]
    pub fn with_prices(mut self, prices: PriceTable) -> Self {
        self.prices = prices;
        self
    }

    /// The same account, whose new resources may stay invisible for so long.
    #[must_use]
    pub const fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// The same account, with other pauses between the repetitions of a request that came before AWS knew what it names:
    /// each is half as long again as the one before, from `first` to `longest`; 100 ms to 5 s unless set.
    #[must_use]
    pub const fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.pauses = (first, longest);
        self
    }

    /// Whether EC2 drops packets that are not from or to the machine's own address. Off by default: pods that are not
    /// encapsulated have other addresses.
    #[must_use]
    pub const fn with_source_dest_check(mut self, check: bool) -> Self {
        self.source_dest_check = check;
        self
    }

    /// Where to ask `service` in `region`.
    ///
    /// # Errors
    /// `NotFound` for what cannot be a region: it would become part of a host name.
    pub(super) fn url(&self, what: &str, service: Service, region: &Region) -> Result<String> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !region.as_str().chars().all(fits) {
            return Err(Error::new(ErrorKind::NotFound, what.to_owned())
                .with_message(format!("AWS has no region {region}"))
                .with_remedy("regions look like ap-northeast-2"));
        }
        let set = self.endpoints.get(&service).or(self.endpoint.as_ref());
        Ok(match set {
            Some(url) => format!("{}/", url.trim_end_matches('/')),
            None => format!("https://{}.{region}.{}/", service.name(), domain(region)),
        })
    }
}

/// The domain of a region's partition.
fn domain(region: &Region) -> &'static str {
    match region.as_str().split('-').next() {
        Some("cn") => "amazonaws.com.cn",
        Some("eusc") => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(config: &Config, service: Service, region: &str) -> Result<String> {
        config.url("ask", service, &Region::new(region).unwrap())
    }

    fn config() -> Config {
        Config::new(ProviderName::new("aws").unwrap())
    }

    #[test]
    fn every_service_has_its_host_in_every_partition() {
        assert_eq!(
            url(&config(), Service::Ec2, "ap-northeast-2").unwrap(),
            "https://ec2.ap-northeast-2.amazonaws.com/"
        );
        let china = url(&config(), Service::ElasticLoadBalancing, "cn-north-1").unwrap();
        assert_eq!(china, "https://elasticloadbalancing.cn-north-1.amazonaws.com.cn/");
    }

    #[test]
    fn a_region_cannot_become_another_host() {
        for bad in ["Seoul", "evil.example", "a_b"] {
            assert_eq!(url(&config(), Service::Ec2, bad).unwrap_err().kind(), ErrorKind::NotFound, "{bad}");
        }
    }

    #[test]
    fn endpoints_come_from_the_environment_as_for_the_tools() {
        let all = |name: &str| (name == "AWS_ENDPOINT_URL").then(|| "http://127.0.0.1:5000".to_owned());
        assert_eq!(url(&config().with_env(all), Service::ServiceQuotas, "x").unwrap(), "http://127.0.0.1:5000/");
        let one = |name: &str| (name == "AWS_ENDPOINT_URL_EC2").then(|| "http://127.0.0.1:1/".to_owned());
        assert_eq!(url(&config().with_env(one), Service::Ec2, "x").unwrap(), "http://127.0.0.1:1/");
        assert_eq!(
            url(&config().with_env(one), Service::ServiceQuotas, "x").unwrap(),
            "https://servicequotas.x.amazonaws.com/"
        );
        let ignored = |name: &str| match name {
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" => Some("TRUE".to_owned()),
            _ => all(name),
        };
        assert_eq!(url(&config().with_env(ignored), Service::Ec2, "x").unwrap(), "https://ec2.x.amazonaws.com/");
    }

    #[test]
    fn no_secret_is_shown() {
        let key = config().with_key("AKIA", Secret::new("hunter2".into()), Some(Secret::new("hunter2".into())));
        assert!(!format!("{key:?}").contains("hunter2"));
    }
}
