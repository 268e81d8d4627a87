//! Whose requests these are: the credential, fetched once and signed with.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, header};
use ladybug_core::{Error, ErrorKind, Region, Result, cloud::Call};
use reqsign_aws_v4::{Credential, DefaultCredentialProvider, RequestSigner, StaticCredentialProvider};
use reqsign_command_execute_tokio::TokioCommandExecute;
use reqsign_core::{Context, HttpSend, OsEnv, ProvideCredentialDyn, SignRequest, SigningCredential, hash::hex_sha256};
use reqsign_file_read_tokio::TokioFileRead;
use tokio::sync::Mutex;

use super::config::{Service, Source};
use crate::http::{Client, Effect};

const REMEDY: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or run `aws sso login`";
const CONTENT_HASH: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// The credential of one account, shared by all requests and renewed before it ends. `Debug` shows nothing of it.
pub(super) struct Credentials {
    context: Context,
    provider: Arc<dyn ProvideCredentialDyn<Credential = Credential>>,
    held: Mutex<Option<Credential>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

impl Credentials {
    pub(super) fn new(source: &Source, client: Client) -> Self {
        let context = Context::new()
            .with_env(OsEnv)
            .with_file_read(TokioFileRead)
            .with_command_execute(TokioCommandExecute)
            .with_http_send(Sender(client));
        Self { context, provider: provider(source), held: Mutex::new(None) }
    }

    /// Signs `request` for `service` in `region` with SigV4, body included. The body's hash is sent as a header, too.
    ///
    /// The signer's clock cannot be set, so no recorded signature tests this: the servers of the tests verify each request.
    ///
    /// # Errors
    /// `Unauthenticated` when there is no credential to be had.
    pub(super) async fn sign(
        &self,
        what: &str,
        service: Service,
        region: &Region,
        request: Request<Bytes>,
    ) -> Result<Request<Bytes>> {
        let credential = self.credential(what).await?;
        let (mut parts, body) = request.into_parts();
        parts.headers.insert(CONTENT_HASH, text(what, &hex_sha256(&body))?);
        let signer = RequestSigner::new(service.name(), region.as_str()).with_standard_session_token();
        let signed = signer.sign_request(&self.context, &mut parts, Some(&credential), None).await;
        signed.map_err(|cause| unusable(what, cause))?;
        // The client sets it from the URL, and twice is once too often.
        parts.headers.remove(header::HOST);
        Ok(Request::from_parts(parts, body))
    }

    /// Forgets the credential, so that the next request fetches it anew.
    pub(super) async fn forget(&self) {
        *self.held.lock().await = None;
    }

    async fn credential(&self, what: &str) -> Result<Credential> {
        let mut held = self.held.lock().await;
        if let Some(credential) = held.as_ref().filter(|credential| credential.is_valid()) {
            return Ok(credential.clone());
        }
        let fetched = self.provider.provide_credential_dyn(&self.context).await;
        let credential = fetched.map_err(|cause| unusable(what, cause))?.ok_or_else(|| {
            Error::new(ErrorKind::Unauthenticated, what.to_owned())
                .with_message("there is no AWS credential in the environment, the profile files or this machine's role")
                .with_remedy(REMEDY)
        })?;
        *held = Some(credential.clone());
        Ok(credential)
    }
}

fn provider(source: &Source) -> Arc<dyn ProvideCredentialDyn<Credential = Credential>> {
    match source {
        Source::Chain { profile } => {
            let chain = DefaultCredentialProvider::builder();
            Arc::new(profile.iter().fold(chain, |chain, profile| chain.with_profile(profile)).build())
        }
        Source::Fixed { key_id, secret, token } => {
            let fixed = StaticCredentialProvider::new(key_id, secret.expose());
            Arc::new(token.iter().fold(fixed, |fixed, token| fixed.with_session_token(token.expose())))
        }
    }
}

fn unusable(what: &str, cause: reqsign_core::Error) -> Error {
    let kind = if cause.is_retryable() { ErrorKind::Unavailable } else { ErrorKind::Unauthenticated };
    Error::new(kind, what.to_owned())
        .with_message("the AWS credential cannot be used")
        .with_remedy(REMEDY)
        .with_source(cause)
}

fn text(what: &str, value: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(value).map_err(|cause| Error::new(ErrorKind::Unexpected, what.to_owned()).with_source(cause))
}

/// Lets the credential chain use the driver's own client.
#[derive(Debug)]
struct Sender(Client);

impl HttpSend for Sender {
    async fn http_send(&self, request: Request<Bytes>) -> reqsign_core::Result<http::Response<Bytes>> {
        let answer = self.0.send(&Call::new(), "fetch an AWS credential", Effect::Read, request).await;
        let answer = answer.map_err(|cause| {
            reqsign_core::Error::unexpected("the service that gives credentials does not answer").with_source(cause)
        })?;
        let mut response = http::Response::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}
