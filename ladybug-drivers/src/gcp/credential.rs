//! Whose requests these are: a token, fetched and renewed by Google's own library.

use std::{fmt, time::Duration};

use google_cloud_auth::{
    credentials::{
        self, CacheableResource, Credentials, external_account, impersonated, service_account, user_account,
    },
    errors::CredentialsError,
};
use http::{Extensions, HeaderMap};
use ladybug_core::{Disposition, Error, ErrorKind, Result, cloud::Call};
use serde_json::Value;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};

use super::config::Source;

/// The most time for a token in a call without a deadline.
const LONGEST: Duration = Duration::from_secs(120);
/// What a token is for.
const SCOPE: &str = "https://www.googleapis.com/auth/compute";
const REMEDY: &str =
    "set GOOGLE_APPLICATION_CREDENTIALS to a credential's file, or run `gcloud auth application-default login`";

/// The credential of one project, shared by all requests. `Debug` shows nothing of it.
///
/// The library renews a token in the background, in the runtime of the first request.
pub(super) struct Tokens {
    source: Source,
    held: Mutex<Option<Credentials>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(..)")
    }
}

impl Tokens {
    pub(super) fn new(source: &Source) -> Self {
        Self { source: source.clone(), held: Mutex::new(None) }
    }

    /// The headers that say whose a request is.
    ///
    /// # Errors
    /// `Unauthenticated` when there is no credential to be had; `Unavailable`, transient, when its issuer does not answer;
    /// `Timeout`, transient, at the call's deadline: nothing has been sent to the cloud yet.
    pub(super) async fn headers(&self, cx: &Call, what: &str) -> Result<HeaderMap> {
        let deadline = cx.deadline.unwrap_or_else(|| Instant::now() + LONGEST);
        timeout_at(deadline, self.fetch(what)).await.unwrap_or_else(|_| {
            let error = Error::new(ErrorKind::Timeout, what.to_owned());
            let error = error.with_disposition(Disposition::Transient { after: None });
            Err(error
                .with_message("the deadline came before a Google token")
                .with_remedy("allow more time, or check the network"))
        })
    }

    async fn fetch(&self, what: &str) -> Result<HeaderMap> {
        let credentials = self.credentials(what).await?;
        match credentials.headers(Extensions::new()).await.map_err(|cause| refused(what, cause))? {
            CacheableResource::New { data, .. } => Ok(data),
            // It has not been told of any headers that it could mean.
            CacheableResource::NotModified => Err(unusable(what, "its library gave no token")),
        }
    }

    /// Forgets the credential, so that the next request fetches it anew.
    pub(super) async fn forget(&self) {
        *self.held.lock().await = None;
    }

    async fn credentials(&self, what: &str) -> Result<Credentials> {
        let mut held = self.held.lock().await;
        if let Some(credentials) = held.as_ref() {
            return Ok(credentials.clone());
        }
        let credentials = match &self.source {
            Source::Default => credentials::Builder::default().with_scopes([SCOPE]).build().map_err(|_| {
                unusable(what, "there is no Google credential in the environment, the files or this machine's role")
            }),
            Source::Json(json) => parse(what, json.expose()),
        }?;
        *held = Some(credentials.clone());
        Ok(credentials)
    }
}

/// The library's errors about a JSON may quote it, so they are not kept.
fn parse(what: &str, json: &str) -> Result<Credentials> {
    let json: Value = serde_json::from_str(json).map_err(|_| unusable(what, "the Google credential is not JSON"))?;
    let kind = json.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let built = match kind.as_str() {
        "service_account" => {
            let scopes = service_account::AccessSpecifier::from_scopes([SCOPE]);
            service_account::Builder::new(json).with_access_specifier(scopes).build()
        }
        "authorized_user" => user_account::Builder::new(json).with_scopes([SCOPE]).build(),
        "external_account" => external_account::Builder::new(json).with_scopes([SCOPE]).build(),
        "impersonated_service_account" => impersonated::Builder::new(json).with_scopes([SCOPE]).build(),
        _ => return Err(unusable(what, "the Google credential is of no known type")),
    };
    built.map_err(|_| unusable(what, &format!("the Google credential is not a whole {kind}")))
}

fn unusable(what: &str, why: &str) -> Error {
    Error::new(ErrorKind::Unauthenticated, what.to_owned()).with_message(why.to_owned()).with_remedy(REMEDY)
}

fn refused(what: &str, cause: CredentialsError) -> Error {
    let (kind, why) = match cause.is_transient() {
        true => (ErrorKind::Unavailable, "the issuer of Google tokens does not answer"),
        false => (ErrorKind::Unauthenticated, "the Google credential cannot be used"),
    };
    let error = Error::new(kind, what.to_owned()).with_message(why).with_remedy(REMEDY);
    if cause.is_transient() {
        return error.with_disposition(Disposition::Transient { after: None }).with_source(cause);
    }
    error.with_source(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_that_cannot_be_read_is_told_without_its_text() {
        for bad in ["hunter2", r#"{"type":"hunter2"}"#, r#"{"type":"service_account","private_key":"hunter2"}"#] {
            let error = parse("ask", bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            let shown = format!("{error:?} {} {:?}", error.report(), error.report());
            assert!(!shown.contains("hunter2") && error.remedy().is_some(), "{shown}");
        }
    }
}
