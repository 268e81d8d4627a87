//! Key pairs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    super::{
        face::Cx,
        fail::{Answer, Fail},
        input::{Input, specified},
    },
    kinds, list,
};
use crate::world::{Cloud, Resource};

fn named(cx: &Cx<'_>, name: &str) -> Option<Resource> {
    cx.every("key-pair").into_iter().find(|key| key.text("keyName") == name)
}

/// The key of that name, as RunInstances needs it.
pub(super) fn must(cx: &Cx<'_>, name: &str) -> Answer<Resource> {
    let seen = |key: &Resource| key.seen_from <= cx.ledger.now;
    named(cx, name).filter(seen).ok_or_else(|| kinds::KEY.no(name))
}

pub(in super::super) fn import(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let name = input.must("KeyName")?;
    let tags = specified(input, "key-pair", &["key-pair"])?;
    if name.len() > 255 || !name.is_ascii() {
        return Err(Fail::value("KeyName", name, "It must be up to 255 ASCII characters."));
    }
    let (kind, fingerprint, text) = key(input.must("PublicKeyMaterial")?)?;
    if named(cx, name).is_some() {
        return Err(Fail::new("InvalidKeyPair.Duplicate", format!("The keypair already exists: {name}")));
    }
    let id = cx.id("key");
    let body = json!({ "keyPairId": id, "keyName": name, "keyFingerprint": fingerprint, "keyType": kind,
        "createTime": cx.ledger.date() });
    let mut pair = cx.fresh("key-pair", &id, body).tagged(tags);
    pair.hidden = json!({ "publicKey": text });
    let shown = list::tag_set(&pair.tags);
    cx.ledger.add(pair);
    Ok(json!({ "keyPairId": id, "keyName": name, "keyFingerprint": fingerprint, "tagSet": shown }))
}

/// A public key in OpenSSH's form: its type, its fingerprint, its text. An RSA key's fingerprint has the form of the
/// real one, which is an MD5 sum, and not its value.
fn key(material: &str) -> Answer<(&'static str, String, String)> {
    let bad = || Fail::new("InvalidKey.Format", "Key is not in valid OpenSSH public key format");
    let bytes = STANDARD.decode(material).map_err(|_| bad())?;
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    let mut words = text.split_whitespace();
    let (kind, blob) = (words.next().ok_or_else(bad)?, words.next().ok_or_else(bad)?);
    let blob = STANDARD.decode(blob).map_err(|_| bad())?;
    let length = u32::try_from(kind.len()).unwrap_or_default().to_be_bytes();
    if !blob.starts_with(&[length.as_slice(), kind.as_bytes()].concat()) {
        return Err(bad());
    }
    let sum = Sha256::digest(&blob);
    match kind {
        "ssh-ed25519" if blob.len() == 51 => Ok(("ed25519", STANDARD.encode(sum), text)),
        "ssh-rsa" => {
            let pairs: Vec<String> = sum.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            Ok(("rsa", pairs.join(":"), text))
        }
        _ => Err(bad()),
    }
}

pub(in super::super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let found = match (input.text("KeyPairId"), input.text("KeyName")) {
        (Some(id), _) => cx.find(&kinds::KEY, id).ok(),
        (None, Some(name)) => named(cx, name),
        (None, None) => return Err(Fail::missing("KeyName")),
    };
    let id = found.map(|key| key.id);
    if let Some(id) = &id {
        cx.ledger.remove(Cloud::Aws, id);
    }
    Ok(json!({ "return": true, "keyPairId": id }))
}

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let names = input.texts("KeyName");
    for name in &names {
        must(cx, name)?;
    }
    let chosen = list::chosen(cx, input, &kinds::KEY)?;
    let mut keys =
        chosen.iter().filter(|key| names.is_empty() || names.contains(&key.text("keyName"))).collect::<Vec<_>>();
    keys.sort_by_key(|key| key.text("keyName").to_owned());
    let whole = input.flag("IncludePublicKey") == Some(true);
    let shown = keys.into_iter().map(|key| {
        let mut shown = list::shown(key);
        if let Some(map) = shown.as_object_mut().filter(|_| whole) {
            map.insert("publicKey".to_owned(), key.hidden.sub("publicKey").clone());
        }
        shown
    });
    Ok(json!({ "keySet": shown.collect::<Vec<_>>() }))
}
