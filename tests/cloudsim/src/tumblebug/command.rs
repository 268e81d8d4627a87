//! Commands on machines, run by the server's own login.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{
    face::Cx,
    fail::{Answer, Fail, Say, ok},
    names::{Asked, infra_key, list},
};
use crate::world::Cloud;

/// What a command came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// What it printed.
    pub stdout: String,
    /// What it complained.
    pub stderr: String,
    /// Why it did not run, or ended with a status other than zero; empty when all is well.
    pub error: String,
    /// The host key that the machine showed, as `TYPE BASE64`.
    pub host_key: Option<String>,
}

/// Runs commands on machines as a Tumblebug server does over SSH, with the key that it made.
#[async_trait]
pub trait RemoteShell: fmt::Debug + Send + Sync + 'static {
    /// Runs one command, a line for a shell, on a machine, whose id is that of its [`Birth`](crate::Birth).
    async fn run(&self, machine: &str, command: &str) -> Ran;
}

pub(super) fn run(cx: &mut Cx<'_>, asked: &Asked) -> Answer {
    let (ns, name) = (asked.part(0), asked.part(1));
    let infra = infra_key(ns, name);
    if cx.ledger.get(Cloud::Tumblebug, &infra).is_none() {
        return Err(Fail::absent("infra", name));
    }
    let commands: Vec<String> =
        list(&asked.body, "command").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let [command] = commands.as_slice() else {
        return Err(Fail::new(400, "this face runs exactly one command at a time"));
    };
    if command.contains("$$Func(") {
        return Err(Fail::new(400, "this face does not expand $$Func"));
    }
    let wanted = asked.query.get("nodeId").map(String::as_str).unwrap_or_default();
    let node = cx
        .ledger
        .of(Cloud::Tumblebug)
        .find(|node| node.kind == "node" && node.needs("infra", &infra) && node.text("id") == wanted);
    let Some(node) = node else { return Err(Fail::absent("node", wanted)) };
    let (key, running) = (node.id.clone(), node.text("status") == "Running");
    let number = cx.ledger.memo(Cloud::Tumblebug, "commands").and_then(Value::as_u64).unwrap_or(0) + 1;
    cx.ledger.note(Cloud::Tumblebug, "commands", number.into());
    cx.ledger.note(Cloud::Tumblebug, &format!("command {number}"), json!({ "node": key, "command": command }));
    begin(cx, number, key, running, command.clone());
    Ok(Say::Later(format!("ran {number}")))
}

/// The machine is outside of the world, so the command runs outside of the world's lock.
fn begin(cx: &Cx<'_>, number: u64, node: String, running: bool, command: String) {
    let refused = || Ran { error: "dial tcp: connect: connection refused".to_owned(), ..Ran::default() };
    let Some(shell) = cx.config.shell.clone().filter(|_| running) else {
        cx.face.ran().insert(number.to_string(), refused());
        return;
    };
    let results = cx.face.results();
    tokio::spawn(async move {
        let ran = Arc::clone(&shell).run(&node, &command).await;
        let mut results = results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        results.insert(number.to_string(), ran);
    });
}

pub(super) fn ran(cx: &mut Cx<'_>, number: &str) -> Option<Answer> {
    let ran = cx.face.ran().get(number).cloned()?;
    let memo = cx.ledger.memo(Cloud::Tumblebug, &format!("command {number}")).cloned().unwrap_or_default();
    let key = memo["node"].as_str().unwrap_or_default().to_owned();
    let node = cx.ledger.get_mut(Cloud::Tumblebug, &key)?;
    if let (Some(shown), true) = (&ran.host_key, node.body["sshHostKeyInfo"].is_null()) {
        let (kind, data) = shown.split_once(' ').unwrap_or(("", shown));
        let info = json!({ "keyType": kind, "hostKey": data, "fingerprint": "SHA256:", "firstUsedAt": "" });
        node.set("sshHostKeyInfo", info);
    }
    let result = json!({
        "infraId": node.one("infra").and_then(|infra| infra.rsplit('/').next()), "nodeId": node.text("id"),
        "nodeIp": node.text("publicIP"), "command": { "0": memo["command"] },
        "stdout": { "0": ran.stdout }, "stderr": { "0": ran.stderr }, "error": ran.error,
    });
    Some(ok(json!({ "results": [result] })))
}
