//! Who may call, and what for.

use std::{collections::BTreeMap, fmt, sync::Mutex, sync::PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{
    fail::{Fail, Protocol},
    sigv4::Authorization,
};
use crate::http::Request;

/// Somebody with an access key.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AwsUser {
    /// The access key id.
    pub access_key: String,
    /// The secret access key.
    pub secret_key: String,
    /// The session token, for temporary credentials.
    pub session_token: Option<String>,
    /// The user's name in ARNs.
    pub name: String,
    /// What the user may not do: `ec2:RunInstances`, `ec2:*`; everything else is allowed.
    pub denied: Vec<String>,
    /// Whether the session token has expired.
    pub expired: bool,
}

impl fmt::Debug for AwsUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsUser").field("name", &self.name).field("denied", &self.denied).finish_non_exhaustive()
    }
}

impl AwsUser {
    /// A user who may do everything.
    #[must_use]
    pub fn new(name: &str, access_key: &str, secret_key: &str) -> Self {
        Self {
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
            session_token: None,
            name: name.to_owned(),
            denied: Vec::new(),
            expired: false,
        }
    }

    /// Makes the credentials temporary ones, with that session token.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.session_token = Some(token.to_owned());
        self
    }

    /// Denies an action such as `ec2:RunInstances`, or all of them that begin so: `ec2:Create*`.
    #[must_use]
    pub fn denying(mut self, action: &str) -> Self {
        self.denied.push(action.to_owned());
        self
    }

    /// Whether the user may not do this.
    pub(super) fn may_not(&self, action: &str) -> bool {
        self.denied.iter().any(|denied| match denied.strip_suffix('*') {
            Some(start) => action.starts_with(start),
            None => action == denied,
        })
    }
}

/// How far a signature's date may be from the cloud's clock.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// All users of an account.
#[derive(Debug, Default)]
pub(super) struct Users(Mutex<BTreeMap<String, AwsUser>>);

impl Users {
    pub(super) fn put(&self, user: AwsUser) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(user.access_key.clone(), user);
    }

    fn get(&self, access_key: &str) -> Option<AwsUser> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(access_key).cloned()
    }

    /// Who signed the request, or why its signature is refused.
    pub(super) fn verify(
        &self,
        request: &Request,
        protocol: Protocol,
        now: Timestamp,
    ) -> Result<(AwsUser, Authorization), Fail> {
        let refusal = Refusal(protocol);
        if !request.headers.contains_key("authorization") {
            return Err(refusal.unsigned());
        }
        let said = Authorization::parse(request.header("authorization")).ok_or_else(|| refusal.incomplete())?;
        let user = self.get(&said.access_key).ok_or_else(|| refusal.unknown())?;
        let when = instant(request.header("x-amz-date"))
            .filter(|_| said.covers(request))
            .ok_or_else(|| refusal.incomplete())?;
        if user.session_token.as_deref().unwrap_or_default() != request.header("x-amz-security-token") {
            return Err(refusal.unknown());
        }
        if !request.header("x-amz-date").starts_with(&said.date)
            || said.expected(request, &user.secret_key) != said.signature
        {
            return Err(refusal.mismatch());
        }
        if now.duration_since(when).abs() > SKEW {
            return Err(refusal.skewed(request.header("x-amz-date")));
        }
        if user.expired { Err(refusal.expired()) } else { Ok((user, said)) }
    }
}

fn instant(stamp: &str) -> Option<Timestamp> {
    let stamp = stamp.strip_suffix('Z')?;
    Timestamp::strptime("%Y%m%dT%H%M%S%z", format!("{stamp}+0000")).ok()
}

/// EC2 has codes of its own for what the other services call by common names.
pub(super) struct Refusal(pub(super) Protocol);

impl Refusal {
    fn say(&self, ec2: &str, other: &str, message: &str) -> Fail {
        match self.0 {
            Protocol::Ec2 => Fail::new(ec2, message),
            Protocol::Query => Fail::new(other, message).status(403),
            Protocol::Json => Fail::new(other, message),
        }
    }

    fn unsigned(&self) -> Fail {
        self.say("MissingAuthenticationToken", "MissingAuthenticationToken", "Request is missing Authentication Token")
            .status(403)
    }

    fn incomplete(&self) -> Fail {
        self.say("IncompleteSignature", "IncompleteSignature", "Authorization header lacks what a signature needs")
            .status(400)
    }

    fn unknown(&self) -> Fail {
        let ec2 = "AWS was not able to validate the provided access credentials";
        match self.0 {
            Protocol::Ec2 => Fail::new("AuthFailure", ec2),
            Protocol::Query => {
                Fail::new("InvalidClientTokenId", "The security token included in the request is invalid.").status(403)
            }
            Protocol::Json => {
                Fail::new("UnrecognizedClientException", "The security token included in the request is invalid.")
            }
        }
    }

    fn mismatch(&self) -> Fail {
        let message = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
        match self.0 {
            Protocol::Ec2 => Fail::new("AuthFailure", "AWS was not able to validate the provided access credentials"),
            Protocol::Query => Fail::new("SignatureDoesNotMatch", message).status(403),
            Protocol::Json => Fail::new("InvalidSignatureException", message),
        }
    }

    fn skewed(&self, stamp: &str) -> Fail {
        let message = format!("Signature expired or not yet current: {stamp} is too far from the service's time");
        match self.0 {
            Protocol::Ec2 => Fail::new("RequestExpired", format!("Request has expired. Timestamp date is {stamp}")),
            Protocol::Query => Fail::new("SignatureDoesNotMatch", message).status(403),
            Protocol::Json => Fail::new("InvalidSignatureException", message),
        }
    }

    pub(super) fn expired(&self) -> Fail {
        let message = "The security token included in the request is expired";
        match self.0 {
            Protocol::Ec2 => Fail::new("RequestExpired", "Request has expired."),
            Protocol::Query => Fail::new("ExpiredToken", message).status(403),
            Protocol::Json => Fail::new("ExpiredTokenException", message),
        }
    }

    pub(super) fn denied(&self, user: &AwsUser, account: &str, action: &str) -> Fail {
        let arn = format!("arn:aws:iam::{account}:user/{}", user.name);
        match self.0 {
            Protocol::Ec2 => Fail::new(
                "UnauthorizedOperation",
                format!(
                    "You are not authorized to perform this operation. User: {arn} is not authorized to perform: {action} with an explicit deny in an identity-based policy. Encoded authorization failure message: c2ltdWxhdGVk"
                ),
            ),
            Protocol::Query => {
                Fail::new("AccessDenied", format!("User: {arn} is not authorized to perform: {action}")).status(403)
            }
            Protocol::Json => {
                Fail::new("AccessDeniedException", format!("User: {arn} is not authorized to perform: {action}"))
            }
        }
    }
}
