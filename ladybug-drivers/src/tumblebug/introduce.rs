//! First contact: the server's key opens a new machine; ours is let in, and then the server's opens nothing any more.

use std::net::IpAddr;

use ladybug_core::{
    Disposition, Error, ErrorKind, Result,
    cloud::{Call, Resource, ResourceDetail},
};
use serde_json::json;

use super::{
    StandIn, TumblebugDriver,
    client::{Ask, part},
    model::{Anything, Labels, Node, Ran},
    script::{DONE, is_shut_out, let_in, shut_others_out},
};

/// The label that tells how far a machine's first contact has come.
const LABEL: &str = "ladybug-login";
/// Our key is let in.
const OURS: &str = "ours";
/// No other key is.
const ONLY: &str = "ours-only";

/// How a command ended that the server ran on a machine.
enum End {
    Done,
    /// The server's key is refused.
    ShutOut(String),
}

impl TumblebugDriver {
    /// The running machine, after it has let us in.
    ///
    /// # Errors
    /// `Unavailable`, transient, while the server cannot log in, with its reason.
    ///
    /// # Cancel safety
    /// Every step can be repeated.
    pub(super) async fn introduced(&self, cx: &Call, mut shown: Resource, node: &Node) -> Result<Resource> {
        if let Some(stand_ins) = &self.client.config().stand_ins {
            let key = self.our_key(cx, &node.ssh_key_id).await?;
            if let Some(stand_in) = stand_ins.stand_in(&shown.reference, &key).await? {
                replace(&mut shown.detail, &stand_in);
                return Ok(shown);
            }
        }
        let name = shown.reference.id.as_str().to_owned();
        if !self.introduce(cx, &name, node).await? {
            return Ok(shown);
        }
        // The server wrote the host key down when it first logged in.
        match self.node(cx, &name).await? {
            Some(now) => self.resource_of_node(&shown.reference.location.region, &name, &now),
            None => Ok(shown),
        }
    }

    /// Brings first contact to its end; `false` when it had come there before.
    async fn introduce(&self, cx: &Call, name: &str, node: &Node) -> Result<bool> {
        let come = self.label(cx, &node.uid).await?;
        if come.as_deref() == Some(ONLY) {
            return Ok(false);
        }
        let user = &self.client.config().user;
        if come.as_deref() != Some(OURS) {
            let key = self.our_key(cx, &node.ssh_key_id).await?;
            if let End::ShutOut(error) = self.run(cx, name, &let_in(user, &key)?).await? {
                return Err(not_yet(name, &error));
            }
            self.set_label(cx, &node.uid, OURS).await?;
        }
        // That the server's key is refused is what is wanted: an earlier run did it, and the label was lost.
        let (End::Done | End::ShutOut(_)) = self.run(cx, name, &shut_others_out(user)?).await?;
        self.set_label(cx, &node.uid, ONLY).await?;
        Ok(true)
    }

    async fn run(&self, cx: &Call, name: &str, script: &str) -> Result<End> {
        let body = json!({ "command": [script], "timeoutMinutes": 2 });
        let ask = Ask::post(format!("log in to the machine {name}"), self.command_path(name), body);
        let ran: Ran = self.client.change(cx, ask).await?;
        let Some(on) = ran.results.into_iter().next() else { return Err(not_yet(name, "it was run nowhere")) };
        match on {
            on if is_shut_out(&on.error) => Ok(End::ShutOut(on.error)),
            on if on.stdout.values().any(|text| text.lines().any(|line| line == DONE)) => Ok(End::Done),
            on if !on.error.is_empty() => Err(not_yet(name, &on.error)),
            on => Err(not_yet(name, &on.stderr.into_values().collect::<Vec<_>>().join("; "))),
        }
    }

    async fn label(&self, cx: &Call, uid: &str) -> Result<Option<String>> {
        let ask = Ask::get(format!("read the labels of node {uid}"), format!("/label/node/{}", part(uid)));
        let labels: Option<Labels> = self.client.find(cx, ask).await?;
        Ok(labels.and_then(|mut labels| labels.labels.remove(LABEL)))
    }

    async fn set_label(&self, cx: &Call, uid: &str, value: &str) -> Result<()> {
        let (what, path) = (format!("label the node {uid}"), format!("/label/node/{}", part(uid)));
        let ask = Ask::put(what, path, json!({ "labels": { LABEL: value } }));
        self.client.change::<Anything>(cx, ask).await.map(drop)
    }
}

fn not_yet(name: &str, why: &str) -> Error {
    let why: String = why.chars().take(300).collect();
    Error::new(ErrorKind::Unavailable, format!("log in to the machine {name}"))
        .with_disposition(Disposition::Transient { after: None })
        .with_message(format!("Tumblebug could not run a command on it: {why}"))
        .with_remedy("let Tumblebug's own address in on TCP 22: name it among the operators of the spec")
}

fn replace(detail: &mut ResourceDetail, stand_in: &StandIn) {
    if let ResourceDetail::Machine { private_ip, public_ip, access, .. } = detail {
        let address: Option<IpAddr> = Some(stand_in.address);
        (*private_ip, *public_ip, *access) = (address, address, Some(stand_in.access.clone()));
    }
}
