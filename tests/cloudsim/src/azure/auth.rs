//! Tokens: who gets one, and what it is good for.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    face::Cx,
    fail::{Answer, Fail, Said},
};
use crate::{clock::SimTime, http::Request};

/// Whom Resource Manager's tokens are for.
const AUDIENCE: &str = "https://management.azure.com";

/// Who may get a token, and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Principal {
    pub(super) tenant: String,
    pub(super) client: String,
    pub(super) secret: String,
    /// The token of a foreign issuer that is as good as the secret.
    pub(super) assertion: String,
    /// Actions that it may not do; `*` at the end stands for all that begin so.
    pub(super) denied: Vec<String>,
}

/// A token that was given.
#[derive(Clone, Debug)]
struct Given {
    audience: String,
    until: SimTime,
}

/// The principal, and the tokens that are good.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) principal: Principal,
    given: BTreeMap<String, Given>,
}

impl Authority {
    pub(super) const fn new(principal: Principal) -> Self {
        Self { principal, given: BTreeMap::new() }
    }

    /// Makes every token worthless.
    pub(super) fn revoke(&mut self) {
        self.given.clear();
    }
}

/// The endpoint that gives tokens for a secret or an assertion.
pub(super) fn token(cx: &mut Cx<'_>, tenant: &str, request: &Request) -> Answer {
    let form: BTreeMap<String, String> = form_urlencoded::parse(&request.body).into_owned().collect();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let principal = cx.face.authority().principal.clone();
    if tenant != principal.tenant {
        let message = format!("Tenant '{tenant}' not found.");
        return Err(Fail::authority(400, "invalid_request", 90_002, &message));
    }
    if field("grant_type") != "client_credentials" {
        return Err(Fail::authority(
            400,
            "unsupported_grant_type",
            70_003,
            "The app requested an unsupported grant type.",
        ));
    }
    if field("client_id") != principal.client {
        let message = format!("Application with identifier '{}' was not found in the directory.", field("client_id"));
        return Err(Fail::authority(400, "unauthorized_client", 700_016, &message));
    }
    let by_secret = !field("client_secret").is_empty() && field("client_secret") == principal.secret;
    let of_kind = field("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let by_assertion = of_kind && !principal.assertion.is_empty() && field("client_assertion") == principal.assertion;
    if !by_secret && !by_assertion {
        return Err(Fail::authority(401, "invalid_client", 7_000_215, "Invalid client secret provided."));
    }
    let Some(audience) = field("scope").strip_suffix("/.default") else {
        return Err(Fail::authority(
            400,
            "invalid_scope",
            70_011,
            "The provided value for the input parameter 'scope' is not valid.",
        ));
    };
    let (text, seconds) = give(cx, audience);
    Ok(Said::ok(
        json!({ "token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": text }),
    ))
}

/// The endpoint of a machine's own identity.
pub(super) fn identity(cx: &mut Cx<'_>, request: &Request) -> Answer {
    if !request.header("metadata").eq_ignore_ascii_case("true") {
        return Err(Fail::new(400, "bad_request_102", "Required metadata header not specified"));
    }
    let query: BTreeMap<String, String> = form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
    let audience = query.get("resource").map(|resource| resource.trim_end_matches('/').to_owned()).unwrap_or_default();
    let client = cx.face.authority().principal.client.clone();
    if query.get("client_id").is_some_and(|asked| *asked != client) {
        return Err(Fail::new(400, "invalid_request", "Identity not found"));
    }
    let (text, seconds) = give(cx, &audience);
    let until = cx.ledger.clock.wall().as_second() + i64::try_from(seconds).unwrap_or(i64::MAX);
    Ok(Said::ok(json!({ "access_token": text, "client_id": client, "expires_in": seconds.to_string(),
        "expires_on": until.to_string(), "ext_expires_in": seconds.to_string(), "not_before": "0",
        "resource": audience, "token_type": "Bearer" })))
}

fn give(cx: &mut Cx<'_>, audience: &str) -> (String, u64) {
    let text = format!("eyJ{}", cx.ledger.chance.hex(120));
    let until = cx.ledger.now.plus(cx.config.token);
    cx.face.authority().given.insert(text.clone(), Given { audience: audience.to_owned(), until });
    (text, cx.config.token.as_secs())
}

/// Refuses who has no good token.
pub(super) fn check(cx: &Cx<'_>, request: &Request) -> Answer<()> {
    let said = request.header("authorization");
    let Some(text) = said.strip_prefix("Bearer ") else {
        let message = "Authentication failed. The 'Authorization' header is missing.";
        return Err(Fail::new(401, "AuthenticationFailed", message));
    };
    let authority = cx.face.authority();
    let Some(given) = authority.given.get(text) else {
        return Err(Fail::new(401, "InvalidAuthenticationToken", "The access token is invalid."));
    };
    if given.audience != AUDIENCE {
        let message = format!(
            "The access token has been obtained for wrong audience or resource '{}'. It should exactly match with one of the allowed audiences '{AUDIENCE}'.",
            given.audience
        );
        return Err(Fail::new(401, "InvalidAuthenticationTokenAudience", message));
    }
    if cx.ledger.now >= given.until {
        return Err(Fail::new(
            401,
            "ExpiredAuthenticationToken",
            "The access token expiry UTC time is earlier than current UTC time.",
        ));
    }
    Ok(())
}

/// Refuses what the principal may not do.
pub(super) fn permit(cx: &Cx<'_>, action: &str, scope: &str) -> Answer<()> {
    let authority = cx.face.authority();
    let denies = |pattern: &String| match pattern.strip_suffix('*') {
        Some(start) => action.to_ascii_lowercase().starts_with(&start.to_ascii_lowercase()),
        None => action.eq_ignore_ascii_case(pattern),
    };
    if !authority.principal.denied.iter().any(denies) {
        return Ok(());
    }
    Err(denied(&authority.principal.client, action, scope))
}

pub(super) fn denied(client: &str, action: &str, scope: &str) -> Fail {
    let message = format!(
        "The client '{client}' with object id '{client}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
    );
    Fail::new(403, "AuthorizationFailed", message)
}
