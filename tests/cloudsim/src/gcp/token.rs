//! The tokens that requests carry: JSON web tokens that a service account signed itself, and those that are issued here.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
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

/// Refuses what is no valid token of the service account at that time.
pub(super) fn check(authorization: &str, now: Timestamp) -> Result<(), Fail> {
    let token = authorization.strip_prefix("Bearer ").ok_or_else(|| refused("there is no bearer token"))?;
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

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{RSA_PKCS1_SHA256, RsaKeyPair},
    };
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn token(header: &Value, claims: &Value) -> String {
        let der: String = test_key().pem.lines().filter(|line| !line.starts_with('-')).collect();
        let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("Bearer {signed}.{}", URL_SAFE_NO_PAD.encode(signature))
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
        let none = token(&json!({ "alg": "none", "kid": KEY_ID }), &good);
        assert_eq!(check(&none, now).unwrap_err().status, 401);
    }
}
