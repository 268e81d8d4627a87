//! SSH keys: the server makes a pair of its own, and ours is remembered beside it until first contact.

use ladybug_core::{
    Error, ErrorKind, Result,
    cloud::{Call, Location, Owner, Resource, ResourceKind, SshKeySpec},
};
use serde_json::json;

use super::{TumblebugDriver, driver::foreign, marker, script, thing::Kind};

impl TumblebugDriver {
    pub(super) async fn ensure_key(
        &self,
        cx: &Call,
        owner: &Owner,
        at: &Location,
        spec: &SshKeySpec,
    ) -> Result<Resource> {
        // Refused here, before anything is made, if it could not be written into a script later.
        script::let_in(&self.client.config().user, &spec.public_key)?;
        let request = async || {
            Ok(json!({
                "name": owner.resource_name(),
                "connectionName": at.region.as_str(),
                "description": marker::key_description(owner, spec.public_key.trim()),
            }))
        };
        let thing = self.ensure_thing(cx, owner, Kind::SshKey, request).await?;
        let resource = self.resource_of(&at.region, Kind::SshKey, &thing)?;
        resource.ok_or_else(|| foreign(ResourceKind::SshKey, &thing.id))
    }

    /// Our public key beside the server's pair of that name.
    pub(super) async fn our_key(&self, cx: &Call, name: &str) -> Result<String> {
        let thing = self.look(cx, Kind::SshKey, name).await?;
        let key = thing.as_ref().and_then(|thing| marker::public_key(&thing.description)).map(str::to_owned);
        key.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("look up our key beside the ssh key {name}"))
                .with_message("there is no such ssh key, or somebody has changed its description")
                .with_remedy("delete the machine and the ssh key, and make them anew")
        })
    }
}
