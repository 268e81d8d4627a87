//! What a Tumblebug account is.

use std::{fmt, sync::Arc, time::Duration};

use ladybug_core::{Error, ErrorKind, ProviderName, Result, Secret};

use super::StandIns;

/// The user who logs in to machines, as ladybug's own bootstrapper does.
const LOGIN: &str = "ladybug";
/// The name space that every server has.
const NAMESPACE: &str = "default";

/// A Tumblebug server, who asks it, and how.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) provider: ProviderName,
    pub(super) endpoint: String,
    pub(super) namespace: String,
    pub(super) login: Login,
    pub(super) holder: Option<String>,
    pub(super) user: String,
    pub(super) pauses: (Duration, Duration),
    pub(super) patience: Duration,
    pub(super) settle: Duration,
    pub(super) stand_ins: Option<Arc<dyn StandIns>>,
}

/// How the API knows who asks.
#[derive(Clone, Debug)]
pub(super) enum Login {
    Basic { user: String, password: Secret<String> },
    Bearer(Secret<String>),
}

impl Config {
    /// An account called `provider` of the server at `endpoint`, such as `http://127.0.0.1:1323/tumblebug`, whose API
    /// asks for a user and a password (`TB_AUTH_MODE=basic`), in the name space `default`.
    ///
    /// # Errors
    /// `InvalidSpec` when the endpoint is no HTTP URL.
    pub fn new(
        provider: ProviderName,
        endpoint: impl Into<String>,
        user: impl Into<String>,
        password: Secret<String>,
    ) -> Result<Self> {
        Self::of(provider, endpoint.into(), Login::Basic { user: user.into(), password })
    }

    /// The same for a server, or a gateway before it, that asks for a bearer token.
    ///
    /// # Errors
    /// As [`Config::new`].
    pub fn with_token(provider: ProviderName, endpoint: impl Into<String>, token: Secret<String>) -> Result<Self> {
        Self::of(provider, endpoint.into(), Login::Bearer(token))
    }

    fn of(provider: ProviderName, endpoint: String, login: Login) -> Result<Self> {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        let uri: Option<http::Uri> = endpoint.parse().ok();
        if !uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && !has_secret(&uri)) {
            return Err(Error::new(ErrorKind::InvalidSpec, format!("configure provider {provider}"))
                .with_message("its endpoint is no URL of http or https without user and password")
                .with_remedy("give it as http://HOST:1323/tumblebug"));
        }
        Ok(Self {
            provider,
            endpoint,
            namespace: NAMESPACE.to_owned(),
            login,
            holder: None,
            user: LOGIN.to_owned(),
            pauses: (Duration::from_secs(1), Duration::from_secs(5)),
            patience: Duration::from_secs(30 * 60),
            settle: Duration::from_secs(30),
            stand_ins: None,
        })
    }

    /// The same account in another name space, which is made when it is first needed and never deleted.
    ///
    /// # Errors
    /// `InvalidSpec` when Tumblebug would refuse the name.
    pub fn with_namespace(mut self, namespace: impl Into<String>) -> Result<Self> {
        self.namespace = checked("name space", namespace.into(), is_name)?;
        Ok(self)
    }

    /// The same account for another holder of credentials than the server's default one (`x-credential-holder`).
    ///
    /// # Errors
    /// `InvalidSpec` when Tumblebug would refuse the name.
    pub fn with_credential_holder(mut self, holder: impl Into<String>) -> Result<Self> {
        self.holder = Some(checked("credential holder", holder.into(), is_holder)?);
        Ok(self)
    }

    /// The same account whose machines let this user in; it must be the one that the bootstrapper logs in as.
    /// `ladybug` when not set.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = user.into();
        self
    }

    /// The same account, looking at what a long call does after `first` and at most every `longest`; 1 s and 5 s when
    /// not set.
    #[must_use]
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.pauses = (first, longest);
        self
    }

    /// The same account, whose calls without a deadline of their own are given up after `patience`; half an hour when
    /// not set, since the server itself waits for 20 minutes for a machine.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The same account with another time for which what is being made may not show; 30 s when not set. Tumblebug
    /// writes keys and security groups down only when the cloud has answered.
    #[must_use]
    pub fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// The same account with others answering for its machines, where those of the cloud are no real ones.
    #[must_use]
    pub fn with_stand_ins(mut self, stand_ins: Arc<dyn StandIns>) -> Self {
        self.stand_ins = Some(stand_ins);
        self
    }
}

fn has_secret(uri: &http::Uri) -> bool {
    uri.authority().is_some_and(|authority| authority.as_str().contains('@'))
}

fn checked(what: &str, name: String, fits: fn(&str) -> Result<(), &'static str>) -> Result<String> {
    match fits(&name) {
        Ok(()) => Ok(name),
        Err(rule) => Err(Error::new(ErrorKind::InvalidSpec, format!("use the {what} {name:?}"))
            .with_message(format!("it must {rule}"))
            .with_remedy("correct the configuration of the provider")),
    }
}

/// `CheckString` of Tumblebug's `common/utility.go`.
fn is_name(name: &str) -> Result<(), &'static str> {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+');
    let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(inner);
    fits.then_some(()).ok_or("be of letters, digits, '-' and '+', start with a letter and end with neither sign")
}

fn is_holder(name: &str) -> Result<(), &'static str> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let fits = (1..=50).contains(&name.len()) && name.chars().all(inner);
    fits.then_some(()).ok_or("be 1 to 50 of a-z, 0-9 and '_'")
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, name space {})", self.provider, self.endpoint, self.namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(endpoint: &str) -> Result<Config> {
        Config::new("tb".parse().unwrap(), endpoint, "default", Secret::new("hunter2".to_owned()))
    }

    #[test]
    fn an_endpoint_is_a_url_without_secrets() {
        assert!(config("http://127.0.0.1:1323/tumblebug/").is_ok());
        for bad in ["", "127.0.0.1:1323", "ftp://x/", "http://u:hunter2@x/tumblebug"] {
            let error = config(bad).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn names_follow_the_servers_rules() {
        let good = config("http://x/").unwrap();
        assert!(good.clone().with_namespace("team-a").is_ok());
        for bad in ["", "1a", "a_b", "a-", "a b"] {
            assert!(good.clone().with_namespace(bad).is_err(), "{bad:?}");
        }
        assert!(good.clone().with_credential_holder("role01").is_ok());
        assert!(good.with_credential_holder("Role").is_err());
    }

    #[test]
    fn the_password_is_not_shown() {
        let config = config("http://x/").unwrap();
        assert!(!format!("{config:?} {config}").contains("hunter2"));
    }
}
