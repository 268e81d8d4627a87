//! Those who give tokens: OAuth's token endpoint, a federated subject's own issuer, and impersonation.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{face::Gcp, fail, token};
use crate::{
    http::{Reply, Request},
    world::Ledger,
};

/// For how long an issued token is good, in seconds.
const SECONDS: i64 = 3_599;

/// Whether a path is one of theirs.
pub(super) fn gives_tokens(path: &str) -> bool {
    ["/token", "/subject"].contains(&path) || path.ends_with(":generateAccessToken")
}

/// The answer, where the request is for them.
pub(super) fn answer(gcp: &Gcp, ledger: &mut Ledger, request: &Request) -> Option<Reply> {
    match request.path.as_str() {
        "/subject" => Some(Reply::new(200, "text/plain", token::subject())),
        "/token" => Some(grant(gcp, ledger, request)),
        path if path.ends_with(":generateAccessToken") => Some(impersonate(gcp, ledger, request)),
        _ => None,
    }
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply::new(status, "application/json; charset=UTF-8", body.to_string())
}

/// A new token, which is known from now on.
fn issue(gcp: &Gcp, ledger: &mut Ledger) -> String {
    let token = format!("ya29.{}", ledger.chance.hex(64));
    gcp.users().issued.insert(token.clone(), gcp.wall().as_second() + SECONDS);
    token
}

fn grant(gcp: &Gcp, ledger: &mut Ledger, request: &Request) -> Reply {
    let known = gcp.users().known;
    let asked = token::may_have(&token::asked(&request.body), gcp.wall());
    if let Err(why) = asked.and_then(|()| known.then_some(()).ok_or("invalid_grant")) {
        return reply(400, &json!({ "error": why, "error_description": "Bad Request" }));
    }
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    let token = issue(gcp, ledger);
    reply(
        200,
        &json!({ "access_token": token, "expires_in": SECONDS, "token_type": "Bearer", "issued_token_type": kind }),
    )
}

fn impersonate(gcp: &Gcp, ledger: &mut Ledger, request: &Request) -> Reply {
    let (issued, now) = (gcp.users().issued.clone(), gcp.wall());
    if let Err(fail) = token::check(request.header("authorization"), &issued, now) {
        return fail::reply(Err(fail));
    }
    let end = now.saturating_add(SignedDuration::from_secs(SECONDS)).unwrap_or(now);
    reply(200, &json!({ "accessToken": issue(gcp, ledger), "expireTime": format!("{end:.0}") }))
}
