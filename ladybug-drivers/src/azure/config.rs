//! What a driver for Azure is made with.

use std::{path::PathBuf, time::Duration};

use ladybug_core::{ProviderName, Secret};

use super::PriceTable;

/// How long lists may not show what was made: Resource Manager answers from replicas in other regions, and its own tools
/// wait half a minute for those.
const SETTLE: Duration = Duration::from_secs(30);
/// The first and the longest pause between two looks at a long-running operation that does not say when to come again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));

/// One of Azure's separate clouds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Domain {
    /// The public cloud.
    #[default]
    Public,
    /// Azure in China, run by 21Vianet.
    China,
    /// Azure for the government of the United States.
    UsGovernment,
}

impl Domain {
    const fn endpoint(self) -> &'static str {
        match self {
            Self::Public => "https://management.azure.com",
            Self::China => "https://management.chinacloudapi.cn",
            Self::UsGovernment => "https://management.usgovcloudapi.net",
        }
    }

    const fn authority(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::China => "https://login.chinacloudapi.cn",
            Self::UsGovernment => "https://login.microsoftonline.us",
        }
    }
}

/// Where tokens come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// What the environment names, else the Azure CLI, else this machine's identity.
    Chain,
    ClientSecret {
        tenant: String,
        client: String,
        secret: Secret<String>,
    },
    Workload {
        tenant: String,
        client: String,
        file: PathBuf,
    },
    ManagedIdentity {
        client: Option<String>,
    },
    Cli,
}

/// What a driver for Azure is made with. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) provider: ProviderName,
    pub(super) subscription: String,
    pub(super) source: Source,
    pub(super) endpoint: String,
    /// Whom the tokens are for.
    pub(super) audience: String,
    pub(super) authority: String,
    /// Where this machine's identity is asked for, where that is not the usual address.
    pub(super) metadata: Option<String>,
    pub(super) prices: PriceTable,
    pub(super) settle: Duration,
    pub(super) pauses: (Duration, Duration),
    pub(super) ip_forwarding: bool,
}

impl Config {
    /// A subscription known as `provider`, in the public cloud, with the credential that the environment names, else the
    /// Azure CLI's, else this machine's identity. Reads nothing yet.
    #[must_use]
    pub fn new(provider: ProviderName, subscription: impl Into<String>) -> Self {
        let config = Self {
            provider,
            subscription: subscription.into(),
            source: Source::Chain,
            endpoint: String::new(),
            audience: String::new(),
            authority: String::new(),
            metadata: None,
            prices: PriceTable::embedded(),
            settle: SETTLE,
            pauses: PAUSES,
            ip_forwarding: true,
        };
        config.with_domain(Domain::Public)
    }

    /// As [`new`](Self::new), with the subscription of `AZURE_SUBSCRIPTION_ID` and, if set, the authority of
    /// `AZURE_AUTHORITY_HOST`; `None` where the first is not set.
    #[must_use]
    pub fn from_env(provider: ProviderName) -> Option<Self> {
        Self::with_env(provider, |name| std::env::var(name).ok())
    }

    fn with_env(provider: ProviderName, variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let config = Self::new(provider, variable("AZURE_SUBSCRIPTION_ID")?);
        Some(match variable("AZURE_AUTHORITY_HOST") {
            Some(url) => config.with_authority(url),
            None => config,
        })
    }

    /// The same subscription in another of Azure's clouds.
    #[must_use]
    pub fn with_domain(mut self, domain: Domain) -> Self {
        domain.endpoint().clone_into(&mut self.endpoint);
        domain.endpoint().clone_into(&mut self.audience);
        domain.authority().clone_into(&mut self.authority);
        self
    }

    /// The same subscription behind another address of Resource Manager; tokens are still for that of the domain.
    #[must_use]
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = without_slash(url.into());
        self
    }

    /// The same subscription with tokens of another authority.
    #[must_use]
    pub fn with_authority(mut self, url: impl Into<String>) -> Self {
        self.authority = without_slash(url.into());
        self
    }

    /// The same subscription, with this machine's identity asked for elsewhere than at `http://169.254.169.254`.
    #[must_use]
    pub fn with_metadata_endpoint(mut self, url: impl Into<String>) -> Self {
        self.metadata = Some(without_slash(url.into()));
        self
    }

    /// The same subscription by the secret of an application.
    #[must_use]
    pub fn with_client_secret(
        mut self,
        tenant: impl Into<String>,
        client: impl Into<String>,
        secret: Secret<String>,
    ) -> Self {
        self.source = Source::ClientSecret { tenant: tenant.into(), client: client.into(), secret };
        self
    }

    /// The same subscription by a token of Kubernetes' that an application trusts (workload identity federation).
    #[must_use]
    pub fn with_workload_identity(
        mut self,
        tenant: impl Into<String>,
        client: impl Into<String>,
        token_file: impl Into<PathBuf>,
    ) -> Self {
        self.source = Source::Workload { tenant: tenant.into(), client: client.into(), file: token_file.into() };
        self
    }

    /// The same subscription by this machine's identity; `client` names one of several.
    #[must_use]
    pub fn with_managed_identity(mut self, client: Option<String>) -> Self {
        self.source = Source::ManagedIdentity { client };
        self
    }

    /// The same subscription as whoever is logged in with the Azure CLI.
    #[must_use]
    pub fn with_cli(mut self) -> Self {
        self.source = Source::Cli;
        self
    }

    /// The same subscription with other prices.
    #[must_use]
    pub fn with_prices(mut self, prices: PriceTable) -> Self {
        self.prices = prices;
        self
    }

    /// The same subscription, whose new resources lists may not show for so long.
    #[must_use]
    pub const fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// The same subscription, with other pauses between two looks at something that Azure is about to do: each is half as
    /// long again as the one before, from `first` to `longest`; 500 ms to 5 s unless set.
    #[must_use]
    pub const fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.pauses = (first, longest);
        self
    }

    /// Whether machines may send and get packets of other addresses than their own. On by default: pods that are not
    /// encapsulated have other addresses.
    #[must_use]
    pub const fn with_ip_forwarding(mut self, forward: bool) -> Self {
        self.ip_forwarding = forward;
        self
    }
}

fn without_slash(url: String) -> String {
    url.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> ProviderName {
        ProviderName::new("azure").unwrap()
    }

    #[test]
    fn every_domain_has_its_own_addresses() {
        let china = Config::new(provider(), "s").with_domain(Domain::China);
        assert_eq!(china.endpoint, "https://management.chinacloudapi.cn");
        assert_eq!(china.authority, "https://login.chinacloudapi.cn");
        assert_eq!(china.audience, china.endpoint);
        let elsewhere = china.with_endpoint("http://127.0.0.1:1/");
        assert_eq!(
            (elsewhere.endpoint.as_str(), elsewhere.audience.as_str()),
            ("http://127.0.0.1:1", "https://management.chinacloudapi.cn")
        );
    }

    #[test]
    fn the_environment_names_the_subscription() {
        let variable = |name: &str| match name {
            "AZURE_SUBSCRIPTION_ID" => Some("s-1".to_owned()),
            "AZURE_AUTHORITY_HOST" => Some("https://login.example/".to_owned()),
            _ => None,
        };
        let config = Config::with_env(provider(), variable).unwrap();
        assert_eq!((config.subscription.as_str(), config.authority.as_str()), ("s-1", "https://login.example"));
        assert!(Config::with_env(provider(), |_| None).is_none());
    }

    #[test]
    fn no_secret_is_shown() {
        let config = Config::new(provider(), "s").with_client_secret("t", "c", Secret::new("hunter2".to_owned()));
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
