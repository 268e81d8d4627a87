//! As whom requests are sent: the token, fetched once and renewed before it ends.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use azure_core::{
    cloud::CustomConfiguration,
    credentials::{AccessToken, Secret as Sealed, TokenCredential},
    error::ErrorKind as Reason,
    http::{AsyncRawResponse, Body, ClientOptions, HttpClient, Method, RetryOptions, Transport, headers::Headers},
    time::{Duration, OffsetDateTime},
};
use azure_identity::{
    AzureCliCredential, ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use bytes::Bytes;
use http::Request;
use ladybug_core::{Error, ErrorKind, Result, Secret, cloud::Call};
use tokio::{sync::Mutex, time::timeout_at};

use super::config::{Config, Source};
use crate::http::{Client, Effect};

const REMEDY: &str = "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run `az login`";
/// Where azure_identity asks for a machine's identity.
const METADATA: &str = "http://169.254.169.254";
/// A token is renewed when it has less time left.
const LEAST: Duration = Duration::minutes(3);

type Identity = Arc<dyn TokenCredential>;

/// The token of one subscription's credential, shared by all requests. `Debug` shows nothing of it.
pub(super) struct Credentials {
    source: Source,
    options: ClientOptions,
    scope: String,
    held: Mutex<Option<AccessToken>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// A token, and whether it was fetched just now.
pub(super) struct Token {
    pub(super) text: Secret<String>,
    pub(super) fresh: bool,
}

impl Credentials {
    pub(super) fn new(config: &Config, client: Client) -> Self {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = with_tls(&config.authority);
        let options = ClientOptions {
            cloud: Some(Arc::new(cloud.into())),
            // Whether to try again is decided by the layers around the driver.
            retry: RetryOptions::none(),
            transport: Some(Transport::new(Arc::new(Sender::new(config, client)))),
            ..ClientOptions::default()
        };
        let scope = format!("{}/.default", config.audience);
        Self { source: config.source.clone(), options, scope, held: Mutex::new(None) }
    }

    /// The token; fetched when there is none or its time is nearly over.
    ///
    /// # Errors
    /// `Unauthenticated` when there is none to be had; `Unavailable`, transient, when the authority does not answer;
    /// `Timeout`, transient, at the call's deadline.
    pub(super) async fn token(&self, cx: &Call, what: &str) -> Result<Token> {
        let mut held = self.held.lock().await;
        let good = |token: &&AccessToken| token.expires_on - OffsetDateTime::now_utc() > LEAST;
        if let Some(token) = held.as_ref().filter(good) {
            return Ok(Token { text: text(token), fresh: false });
        }
        let fetched = match cx.deadline {
            Some(deadline) => timeout_at(deadline, self.fetch(what)).await.unwrap_or_else(|_| Err(late(what))),
            None => self.fetch(what).await,
        };
        let token = fetched?;
        *held = Some(token.clone());
        Ok(Token { text: text(&token), fresh: true })
    }

    /// Forgets a token that is not taken any more, so that the next request fetches another.
    pub(super) async fn forget(&self, token: &Token) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|held| held.token.secret() == token.text.expose()) {
            *held = None;
        }
    }

    async fn fetch(&self, what: &str) -> Result<AccessToken> {
        let mut last = None;
        for identity in self.identities() {
            match identity {
                Ok(identity) => match identity.get_token(&[&self.scope], None).await {
                    Ok(token) => return Ok(token),
                    Err(cause) => last = Some(cause),
                },
                Err(cause) => last = Some(cause),
            }
        }
        Err(unusable(what, last))
    }

    /// What may have a token, in the order of trying.
    fn identities(&self) -> Vec<azure_core::Result<Identity>> {
        match &self.source {
            Source::ClientSecret { tenant, client, secret } => vec![self.client_secret(tenant, client, secret)],
            Source::Workload { tenant, client, file } => vec![self.workload(WorkloadIdentityCredentialOptions {
                tenant_id: Some(tenant.clone()),
                client_id: Some(client.clone()),
                token_file_path: Some(file.clone()),
                ..Default::default()
            })],
            Source::ManagedIdentity { client } => vec![self.managed(client.as_ref())],
            Source::Cli => vec![cli()],
            Source::Chain => self.chain(|name| std::env::var(name).ok().filter(|value| !value.is_empty())),
        }
    }

    /// As Azure's tools: the environment decides, and where it says nothing, the CLI and then this machine's identity
    /// are asked. The CLI comes first since outside of Azure the other answers only after a minute.
    fn chain(&self, variable: impl Fn(&str) -> Option<String>) -> Vec<azure_core::Result<Identity>> {
        let (tenant, client) = (variable("AZURE_TENANT_ID"), variable("AZURE_CLIENT_ID"));
        let secret = variable("AZURE_CLIENT_SECRET").map(Secret::new);
        if let (Some(tenant), Some(client), Some(secret)) = (&tenant, &client, &secret) {
            return vec![self.client_secret(tenant, client, secret)];
        }
        if variable("AZURE_FEDERATED_TOKEN_FILE").is_some() {
            // It reads the rest from the environment, too.
            return vec![self.workload(WorkloadIdentityCredentialOptions::default())];
        }
        vec![cli(), self.managed(client.as_ref())]
    }

    fn client_secret(&self, tenant: &str, client: &str, secret: &Secret<String>) -> azure_core::Result<Identity> {
        let options = ClientSecretCredentialOptions { client_options: self.options.clone() };
        let secret = Sealed::new(secret.expose().clone());
        Ok(ClientSecretCredential::new(tenant, client.to_owned(), secret, Some(options))?)
    }

    fn workload(&self, mut options: WorkloadIdentityCredentialOptions) -> azure_core::Result<Identity> {
        options.credential_options = ClientAssertionCredentialOptions { client_options: self.options.clone() };
        Ok(WorkloadIdentityCredential::new(Some(options))?)
    }

    fn managed(&self, client: Option<&String>) -> azure_core::Result<Identity> {
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: client.cloned().map(UserAssignedId::ClientId),
            client_options: self.options.clone(),
        };
        Ok(ManagedIdentityCredential::new(Some(options))?)
    }
}

fn cli() -> azure_core::Result<Identity> {
    Ok(AzureCliCredential::new(None)?)
}

fn text(token: &AccessToken) -> Secret<String> {
    Secret::new(token.token.secret().to_owned())
}

fn late(what: &str) -> Error {
    Error::new(ErrorKind::Timeout, what.to_owned())
        .with_disposition(ladybug_core::Disposition::Transient { after: None })
        .with_message("the deadline came before there was a token")
        .with_remedy("allow more time, or check the network")
}

/// What the authority said, if it did: its status, and its code such as `7000215`.
fn refusal(cause: &azure_core::Error) -> Option<(u16, Option<String>)> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(cause);
    while let Some(error) = next {
        if let Some(Reason::HttpResponse { status, error_code, .. }) =
            error.downcast_ref::<azure_core::Error>().map(azure_core::Error::kind)
        {
            return Some((u16::from(*status), error_code.clone()));
        }
        next = error.source();
    }
    None
}

fn unusable(what: &str, cause: Option<azure_core::Error>) -> Error {
    let (status, code) = cause.as_ref().and_then(refusal).unwrap_or_default();
    let lost =
        cause.as_ref().is_some_and(|cause| matches!(root(cause), Reason::Connection | Reason::Io)) && status == 0;
    let kind = match status {
        429 => ErrorKind::RateLimited,
        500..=599 => ErrorKind::Unavailable,
        _ if lost => ErrorKind::Unavailable,
        _ => ErrorKind::Unauthenticated,
    };
    let code = code.map_or_else(|| "NoToken".to_owned(), |code| format!("AADSTS{code}"));
    let said = cause.map(|cause| cause.to_string()).unwrap_or_default();
    let said: String = said.lines().next().unwrap_or_default().chars().take(300).collect();
    Error::new(kind, what.to_owned())
        .with_message(format!("there is no token of Azure: {said}"))
        .with_context("code", code)
        .with_remedy(REMEDY)
}

fn root(cause: &azure_core::Error) -> &Reason {
    let mut deepest = cause;
    while let Some(inner) = std::error::Error::source(deepest).and_then(|inner| inner.downcast_ref()) {
        deepest = inner;
    }
    deepest.kind()
}

/// azure_identity refuses an authority without TLS, so it is told another; the [`Sender`] knows better.
fn with_tls(url: &str) -> String {
    url.strip_prefix("http://").map_or_else(|| url.to_owned(), |rest| format!("https://{rest}"))
}

/// Lets azure_identity use the driver's own client, and asks where the configuration says.
#[derive(Debug)]
struct Sender {
    client: Client,
    /// What a URL begins with, and what is there instead.
    elsewhere: Vec<(String, String)>,
}

impl Sender {
    fn new(config: &Config, client: Client) -> Self {
        let authority = (with_tls(&config.authority), config.authority.clone());
        let metadata = config.metadata.iter().map(|url| (METADATA.to_owned(), url.clone()));
        Self { client, elsewhere: [authority].into_iter().chain(metadata).collect() }
    }

    fn url(&self, url: &str) -> String {
        let moved =
            self.elsewhere.iter().find_map(|(from, to)| Some(format!("{to}{}", url.strip_prefix(from.as_str())?)));
        moved.unwrap_or_else(|| url.to_owned())
    }

    fn request(&self, asked: &azure_core::http::Request) -> azure_core::Result<Request<Bytes>> {
        let method = if asked.method() == Method::Post { http::Method::POST } else { http::Method::GET };
        let mut request = Request::builder().method(method).uri(self.url(asked.url().as_str()));
        for (name, value) in asked.headers().iter() {
            request = request.header(name.as_str(), value.as_str());
        }
        let body = match asked.body() {
            Body::Bytes(bytes) => bytes.clone(),
            // Requests for tokens have no streams.
            _ => Bytes::new(),
        };
        request.body(body).map_err(|cause| azure_core::Error::new(Reason::Other, cause))
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn execute_request(&self, request: &azure_core::http::Request) -> azure_core::Result<AsyncRawResponse> {
        let request = self.request(request)?;
        let answer = self.client.send(&Call::new(), "fetch a token of Azure", Effect::Read, request).await;
        let answer = answer.map_err(|cause| azure_core::Error::new(Reason::Io, cause))?;
        Ok(AsyncRawResponse::from_bytes(answer.status.as_u16().into(), Headers::new(), answer.body))
    }
}
