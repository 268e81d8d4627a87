//! Through jump hosts.

use std::{net::IpAddr, sync::Arc};

use async_trait::async_trait;
use ladybug_core::{
    Result,
    remote::{Connector, RemoteSession, Target},
};

use super::inventory::{Host, Inventory};

/// See [`Inventory::connector`].
#[derive(Debug)]
pub(super) struct JumpConnector {
    inventory: Inventory,
    inner: Arc<dyn Connector>,
}

impl JumpConnector {
    pub(super) fn new(inventory: Inventory, inner: Arc<dyn Connector>) -> Self {
        Self { inventory, inner }
    }
}

#[async_trait]
impl Connector for JumpConnector {
    async fn connect(&self, target: &Target) -> Result<Box<dyn RemoteSession>> {
        let behind = |host: &&Host| host.via.is_some() && host.login.port == target.port && is_at(host, &target.host);
        let mut target = target.clone();
        if let Some(host) = self.inventory.hosts().iter().find(behind).filter(|_| target.via.is_none()) {
            target.host = host.login.address.to_string();
            target.via = host.target().via;
        }
        self.inner.connect(&target).await
    }
}

/// Behind a jump host only the private address is known to a cluster.
fn is_at(host: &Host, address: &str) -> bool {
    address.parse().is_ok_and(|address: IpAddr| host.private_ip() == address)
}
