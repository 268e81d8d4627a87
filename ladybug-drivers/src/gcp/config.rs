//! What a driver for Google Cloud is made with.

use std::time::Duration;

use ladybug_core::{ProviderName, Secret};

use super::PriceTable;

/// How long Compute Engine may not show what it was asked for: an operation that was accepted begins within seconds.
const SETTLE: Duration = Duration::from_secs(15);

/// The first and the longest pause between two looks at an operation.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Where Compute Engine answers.
const ENDPOINT: &str = "https://compute.googleapis.com";

/// Where the credential comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Application Default Credentials, as Google's tools look for them.
    Default,
    /// A credential's JSON: the key of a service account, a user's, workload identity federation, impersonation.
    Json(Secret<String>),
}

/// What a driver for Google Cloud is made with. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) provider: ProviderName,
    pub(super) project: String,
    pub(super) source: Source,
    pub(super) prices: PriceTable,
    pub(super) settle: Duration,
    pub(super) pauses: (Duration, Duration),
    pub(super) login: String,
    pub(super) endpoint: String,
}

impl Config {
    /// The project of that id, known as `provider`, with Google's own endpoint and Application Default Credentials. Reads
    /// nothing yet.
    #[must_use]
    pub fn new(provider: ProviderName, project: impl Into<String>) -> Self {
        Self {
            provider,
            project: project.into(),
            source: Source::Default,
            prices: PriceTable::embedded(),
            settle: SETTLE,
            pauses: PAUSES,
            login: "ubuntu".to_owned(),
            endpoint: ENDPOINT.to_owned(),
        }
    }

    /// The same project at another endpoint, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = url.into().trim_end_matches('/').to_owned();
        self
    }

    /// The same project by the credential of this JSON: the key file of a service account, what `gcloud auth
    /// application-default login` writes, or a configuration of workload identity federation or impersonation.
    #[must_use]
    pub fn with_credential(mut self, json: Secret<String>) -> Self {
        self.source = Source::Json(json);
        self
    }

    /// The same project with other prices.
    #[must_use]
    pub fn with_prices(mut self, prices: PriceTable) -> Self {
        self.prices = prices;
        self
    }

    /// The same project, whose new resources may stay invisible for so long; 15 s unless set.
    #[must_use]
    pub const fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// The same project, with other pauses between two looks at an operation that has not ended: each is half as long
    /// again as the one before, from `first` to `longest`; 200 ms to 5 s unless set. An operation's own `wait` answers at
    /// its end, so there are few.
    #[must_use]
    pub const fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.pauses = (first, longest);
        self
    }

    /// The same project, with the cluster's SSH key for this user of its machines; `ubuntu` unless set.
    #[must_use]
    pub fn with_login(mut self, user: impl Into<String>) -> Self {
        self.login = user.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let config = Config::new(ProviderName::new("gcp").unwrap(), "p1");
        let shown = format!("{:?}", config.with_credential(Secret::new("hunter2".to_owned())));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
