//! Making a machine: one call that lasts as long as the machine takes, and may never be answered.

use futures::future::{Either, select};
use ladybug_core::{
    Disposition, Error, ErrorKind, Region, Result,
    cloud::{Call, Owner, Resource},
};
use serde_json::Value;
use std::{pin::pin, time::Duration};
use tokio::time::sleep;

use super::{
    TumblebugDriver,
    client::{Ask, part},
    error::{failed_machine, is_absence, refused},
    model::{Anything, Infra, Node, Progress},
};

impl TumblebugDriver {
    /// Makes the owner's machine and returns when the cloud has given it an id: not every machine that is asked for
    /// gets one, and the reason is told only then.
    ///
    /// # Cancel safety
    /// What was sent goes on; the next try finds it by its name.
    pub(super) async fn create(&self, cx: &Call, owner: &Owner, region: &Region, body: Value) -> Result<Resource> {
        let (name, request) = (owner.resource_name(), self.client.request_id());
        let ask = Ask::post(format!("make the machine {name}"), self.path("/infra"), body).with_request(&request);
        let (post, watch) = (pin!(self.client.change::<Infra>(cx, ask)), pin!(self.watch(cx, &name)));
        match select(post, watch).await {
            Either::Left((Ok(infra), _)) => self.made(cx, owner, region, infra.node.into_iter().next()).await,
            Either::Left((Err(error), _)) => self.after_refusal(cx, owner, region, &request, error).await,
            Either::Right((node, _)) => self.made(cx, owner, region, Some(node)).await,
        }
    }

    /// What an answered call has made. HTTP 200 says nothing about the machine.
    pub(super) async fn made(&self, cx: &Call, owner: &Owner, region: &Region, node: Option<Node>) -> Result<Resource> {
        let name = owner.resource_name();
        let reason = match &node {
            Some(node) if node.status == "Failed" => node.system_message.clone(),
            Some(node) => return self.resource_of_node(region, &name, node),
            None => "the infra was made without a node".to_owned(),
        };
        self.terminate(cx, &name).await?;
        Err(failed_machine(format!("make the machine {name}"), &reason))
    }

    /// After a refusal, or when the answer was lost: what became of the call.
    async fn after_refusal(
        &self,
        cx: &Call,
        owner: &Owner,
        region: &Region,
        request: &str,
        error: Error,
    ) -> Result<Resource> {
        let name = owner.resource_name();
        let error = match error.disposition() {
            Disposition::Ambiguous if error.kind() != ErrorKind::Timeout => {
                self.heard_of(cx, &name, request, error).await
            }
            _ => error,
        };
        if error.disposition() != Disposition::Permanent {
            return Err(error);
        }
        let Some(there) = self.machine(cx, region, &name).await? else { return Err(error) };
        if error.kind() == ErrorKind::AlreadyExists {
            // Somebody who asked at the same time for the same machine was first.
            return self.as_it_is(cx, owner, region, there).await;
        }
        // A call that failed leaves its infra, which would keep the name.
        if there.owner.key == owner.key && there.owner.cluster == owner.cluster {
            self.terminate(cx, &name).await?;
        }
        Err(error)
    }

    /// Looks until the node has an id at the cloud, or has failed, which it tells as long as it is asked.
    pub(super) async fn watch(&self, cx: &Call, name: &str) -> Node {
        let (mut pause, longest) = self.client.config().pauses;
        loop {
            sleep(pause).await;
            pause = longer(pause, longest);
            // A look that fails says nothing; the call itself is still under way and has an answer or a deadline.
            if let Ok(Some(node)) = self.node(cx, name).await
                && has_come_out(&node)
            {
                return node;
            }
        }
    }

    /// What is known of a call whose answer was lost: that it failed, if the server says so, else nothing.
    async fn heard_of(&self, cx: &Call, name: &str, request: &str, lost: Error) -> Error {
        let what = format!("ask for the progress of request {request}");
        let ask = Ask::get(what, format!("/request/{}", part(request)));
        match self.client.find::<Progress>(cx, ask).await {
            Ok(Some(progress)) if progress.status == "Error" => {
                refused(format!("make the machine {name}"), 500, &progress.error_response, true)
            }
            Ok(_) | Err(_) => lost,
        }
    }

    /// Ends the infra of that name with its machine, which takes as long as the cloud takes.
    pub(super) async fn terminate(&self, cx: &Call, name: &str) -> Result<()> {
        let path = format!("{}?option=terminate", self.infra_path(name));
        match self.client.change::<Anything>(cx, Ask::delete(format!("delete the machine {name}"), path)).await {
            Err(error) if !is_absence(&error) => Err(error),
            _ => Ok(()),
        }
    }
}

fn longer(pause: Duration, longest: Duration) -> Duration {
    (pause * 5 / 4).min(longest)
}

pub(super) fn has_come_out(node: &Node) -> bool {
    !node.csp_resource_id.is_empty() || matches!(node.status.as_str(), "Running" | "Failed" | "Suspended")
}
