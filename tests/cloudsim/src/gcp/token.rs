//! The tokens that requests carry: JSON web tokens that a service account signed itself, and those that are issued here.

use std::collections::BTreeMap;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    fail::Fail,
    names::text,
    users::{KEY_ID, email, test_key},
};

/// A token lives for an hour; Google's own library adds some seconds on both sides for clocks that differ.
const LONGEST: i64 = 3_600 + 60;
/// What may be asked for, one of which must be.
const SCOPES: [&str; 2] = ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/compute"];
const AUDIENCE: &str = "https://compute.googleapis.com/";

fn refused(why: &str) -> Fail {
    let said = format!("Request had invalid authentication credentials: {why}.");
    Fail::new(401, "authError", said)
}

/// Refuses what is neither a valid token of the service account at that time nor one that was issued.
pub(super) fn check(authorization: &str, issued: &BTreeMap<String, i64>, now: Timestamp) -> Result<(), Fail> {
    let token = authorization.strip_prefix("Bearer ").ok_or_else(|| refused("there is no bearer token"))?;
    if let Some(end) = issued.get(token) {
        return if *end > now.as_second() { Ok(()) } else { Err(refused("the token has expired")) };
    }
    let claims = verified(token)?;
    check_times(&claims, now)?;
    let scopes: Vec<&str> = text(&claims, "scope").split(' ').collect();
    let for_us = SCOPES.iter().any(|scope| scopes.contains(scope)) || text(&claims, "aud") == AUDIENCE;
    if !for_us {
        return Err(refused("the token is for something else"));
    }
    if text(&claims, "iss") == email() && text(&claims, "sub") == email() {
        Ok(())
    } else {
        Err(refused("the issuer is not known"))
    }
}

fn check_times(claims: &Value, now: Timestamp) -> Result<(), Fail> {
    let time = |name: &str| claims[name].as_i64().ok_or_else(|| refused("the token has no times"));
    let (issued, expires, now) = (time("iat")?, time("exp")?, now.as_second());
    if issued > now {
        return Err(refused("the token is from the future"));
    }
    if expires <= now {
        return Err(refused("the token has expired"));
    }
    if expires - issued > LONGEST { Err(refused("the token lives for too long")) } else { Ok(()) }
}

/// The claims of a token whose signature is the account's.
fn verified(token: &str) -> Result<Value, Fail> {
    let (signed, signature) = token.rsplit_once('.').ok_or_else(|| refused("the token is not known"))?;
    let (header, claims) = signed.split_once('.').ok_or_else(|| refused("the token is not known"))?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| refused("the token is garbled"));
    let read =
        |part: &str| serde_json::from_slice::<Value>(&decode(part)?).map_err(|_| refused("the token is garbled"));
    let header = read(header)?;
    if text(&header, "alg") != "RS256" || text(&header, "kid") != KEY_ID {
        return Err(refused("the key is not known"));
    }
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &test_key().public);
    key.verify(signed.as_bytes(), &decode(signature)?).map_err(|_| refused("the signature is wrong"))?;
    read(claims)
}

/// The key file of the service account.
pub(super) fn key_file(token_uri: &str) -> Value {
    json!({
        "type": "service_account", "project_id": super::names::PROJECT, "private_key_id": KEY_ID,
        "private_key": test_key().pem, "client_email": email(), "client_id": "100000000000000000001",
        "token_uri": token_uri, "universe_domain": "googleapis.com",
    })
}

/// A token that the service account signed itself.
pub(super) fn signed(now: Timestamp) -> String {
    let claims = json!({
        "iss": email(), "sub": email(), "scope": SCOPES[0], "iat": now.as_second() - 10, "exp": now.as_second() + 3_000,
    });
    sign(&json!({ "alg": "RS256", "typ": "JWT", "kid": KEY_ID }), &claims)
}

fn sign(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let pair = RsaKeyPair::from_pkcs8(&test_key().der).expect("it is a key");
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).expect("a key signs");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// What a user's refresh token and a federated subject's token are.
const REFRESH_TOKEN: &str = "1//simulated-refresh-token";
const SUBJECT_TOKEN: &str = "simulated-subject-token";

/// What a request for a token says, as a form or, from some libraries, as JSON.
pub(super) fn asked(body: &[u8]) -> BTreeMap<String, String> {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => {
            let texts = fields.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
            texts.collect()
        }
        _ => form_urlencoded::parse(body).into_owned().collect(),
    }
}

/// Whether a request for a token is by somebody who may have one.
///
/// # Errors
/// `invalid_grant`, as OAuth says it.
pub(super) fn may_have(form: &BTreeMap<String, String>, now: Timestamp) -> Result<(), &'static str> {
    let given = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    match given("grant_type") {
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
            let claims = verified(given("assertion")).map_err(|_| "invalid_grant")?;
            check_times(&claims, now).map_err(|_| "invalid_grant")?;
            if text(&claims, "iss") == email() && text(&claims, "aud").ends_with("/token") {
                Ok(())
            } else {
                Err("invalid_grant")
            }
        }
        "refresh_token" if given("refresh_token") == REFRESH_TOKEN => Ok(()),
        "urn:ietf:params:oauth:grant-type:token-exchange" if given("subject_token") == SUBJECT_TOKEN => Ok(()),
        "refresh_token" | "urn:ietf:params:oauth:grant-type:token-exchange" => Err("invalid_grant"),
        _ => Err("unsupported_grant_type"),
    }
}

/// The credential of a user that `gcloud auth application-default login` writes.
pub(super) fn user_file(token_uri: &str) -> Value {
    json!({
        "type": "authorized_user", "client_id": "simulated.apps.googleusercontent.com", "client_secret": "simulated-client-secret",
        "refresh_token": REFRESH_TOKEN, "token_uri": token_uri, "universe_domain": "googleapis.com",
    })
}

/// The configuration of workload identity federation, whose subject's token is at a URL here.
pub(super) fn federated_file(endpoint: &str) -> Value {
    json!({
        "type": "external_account", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "audience": "//iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/sim/providers/sim",
        "token_url": format!("{endpoint}/token"), "credential_source": { "url": format!("{endpoint}/subject") },
    })
}

/// The configuration of impersonation: a user stands for the service account.
pub(super) fn impersonated_file(endpoint: &str) -> Value {
    let account = format!("{endpoint}/v1/projects/-/serviceAccounts/{}:generateAccessToken", email());
    json!({
        "type": "impersonated_service_account", "service_account_impersonation_url": account,
        "source_credentials": user_file(&format!("{endpoint}/token")),
    })
}

/// The federated subject's token.
pub(super) const fn subject() -> &'static str {
    SUBJECT_TOKEN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &Value, claims: &Value) -> String {
        format!("Bearer {}", sign(header, claims))
    }

    fn check(authorization: &str, now: Timestamp) -> Result<(), Fail> {
        super::check(authorization, &BTreeMap::from([("ya29.a".to_owned(), 1_800_000_001)]), now)
    }

    #[test]
    fn only_whole_and_timely_tokens_are_taken() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": KEY_ID });
        let good =
            json!({ "iss": email(), "sub": email(), "scope": SCOPES[1], "iat": 1_799_999_990, "exp": 1_800_003_000 });
        let whole = token(&header, &good);
        assert_eq!(check(&whole, now), Ok(()));
        let mut self_signed = good.clone();
        self_signed["scope"] = Value::Null;
        self_signed["aud"] = AUDIENCE.into();
        assert_eq!(check(&token(&header, &self_signed), now), Ok(()));
        for (field, value) in [
            ("exp", json!(1_799_999_999)),
            ("iat", json!(1_800_000_001)),
            ("exp", json!(1_800_009_999)),
            ("iss", json!("x@y.z")),
            ("scope", json!("https://www.googleapis.com/auth/devstorage.read_only")),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert_eq!(check(&token(&header, &bad), now).unwrap_err().status, 401, "{field}");
        }
        let (head, _) = whole.rsplit_once('.').unwrap();
        let forged = format!("{head}.{}", URL_SAFE_NO_PAD.encode([1; 256]));
        for bad in [forged.as_str(), "Bearer x", "Basic x", ""] {
            assert_eq!(check(bad, now).unwrap_err().reason, "authError", "{bad}");
        }
        assert_eq!(check("Bearer ya29.a", now), Ok(()));
        assert!(check("Bearer ya29.a", Timestamp::from_second(1_800_000_001).unwrap()).is_err());
        let none = token(&json!({ "alg": "none", "kid": KEY_ID }), &good);
        assert_eq!(check(&none, now).unwrap_err().status, 401);
    }
}
