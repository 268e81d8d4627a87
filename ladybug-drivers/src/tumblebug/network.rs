//! Networks: one vNet with its subnets.

use ladybug_core::{
    Error, ErrorKind, Region, Result,
    cloud::{Call, Location, NetworkSpec, Owner, Resource, ResourceKind},
};
use serde_json::json;

use super::{
    TumblebugDriver,
    client::{Ask, part},
    driver::foreign,
    error::is_absence,
    marker,
    model::{Anything, Connection, Connections},
    subnet,
    thing::Kind,
};

impl TumblebugDriver {
    pub(super) async fn ensure_network(
        &self,
        cx: &Call,
        owner: &Owner,
        at: &Location,
        spec: &NetworkSpec,
    ) -> Result<Resource> {
        let zonal = self.network(cx, owner, at, spec, true).await;
        match zonal {
            // The server compares zones with those of every region whose name begins like ours, and refuses good ones.
            Err(error) if is_about_zones(&error) => self.network(cx, owner, at, spec, false).await,
            made => made,
        }
    }

    async fn network(
        &self,
        cx: &Call,
        owner: &Owner,
        at: &Location,
        spec: &NetworkSpec,
        zonal: bool,
    ) -> Result<Resource> {
        let request = async || {
            let connection = self.connection(cx, &at.region).await?;
            self.ensure_namespace(cx).await?;
            let (name, description) = (owner.resource_name(), marker::description(owner));
            Ok(subnet::request(&connection, &name, &description, spec.cidr, zonal))
        };
        let thing = self.ensure_thing(cx, owner, Kind::VNet, request).await?;
        let resource = self.resource_of(&at.region, Kind::VNet, &thing)?;
        resource.ok_or_else(|| foreign(ResourceKind::Network, &thing.id))
    }

    /// Makes the name space, where there is none. It is never deleted: it may be anyone's.
    async fn ensure_namespace(&self, cx: &Call) -> Result<()> {
        let name = &self.client.config().namespace;
        let ask = Ask::get(format!("look at the name space {name}"), self.path(""));
        if self.client.find::<Anything>(cx, ask).await?.is_some() {
            return Ok(());
        }
        let body = json!({ "name": name, "description": "clusters of ladybug" });
        let made =
            self.client.change::<Anything>(cx, Ask::post(format!("make the name space {name}"), "/ns", body)).await;
        match made {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// The connection that a region is.
    ///
    /// # Errors
    /// `NotFound` with the connections that there are; `Unauthenticated` when its credential does not work.
    pub(super) async fn connection(&self, cx: &Call, region: &Region) -> Result<Connection> {
        let what = format!("look at the connection {region}");
        let found: Result<Connection> =
            self.client.read(cx, Ask::get(what.clone(), format!("/connConfig/{}", part(region.as_str())))).await;
        let connection = match found {
            Ok(connection) if !connection.config_name.is_empty() => connection,
            Err(error) if !is_absence(&error) => return Err(error),
            Ok(_) | Err(_) => return Err(self.unknown_connection(cx, what).await?),
        };
        if connection.verified {
            return Ok(connection);
        }
        Err(Error::new(ErrorKind::Unauthenticated, what)
            .with_message(format!("its credential is not verified: {}", connection.verified_message))
            .with_remedy("register a working credential for it in Tumblebug (POST /credential)"))
    }

    async fn unknown_connection(&self, cx: &Call, what: String) -> Result<Error> {
        let known: Connections = self.client.read(cx, Ask::get("list the connections", "/connConfig")).await?;
        let mut names: Vec<_> = known.connectionconfig.into_iter().map(|known| known.config_name).collect();
        names.sort();
        let names = if names.is_empty() { "there are none".to_owned() } else { names.join(", ") };
        Ok(Error::new(ErrorKind::NotFound, what)
            .with_message(format!("no connection has this name; the names are: {names}"))
            .with_remedy("name a connection of Tumblebug as the region, such as aws-ap-northeast-2"))
    }
}

fn is_about_zones(error: &Error) -> bool {
    error.kind() == ErrorKind::Unexpected
        && error.message().is_some_and(|message| message.to_lowercase().contains("zone"))
}
