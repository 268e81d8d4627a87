//! Which host a packet reaches, over the overlay or without it.

use std::net::{IpAddr, Ipv4Addr};

use tokio::time::Instant;

use super::{Host, Machines, overlay::Overlay};
use crate::{
    cloud::Protocol,
    sim::link::{HostId, Sender, Wire},
};

/// WireGuard's usual port (wg(8), ListenPort).
const OVERLAY_PORT: u16 = 51820;

/// Node, gateway, gateway, node: three links at most.
const MOST_LINKS: usize = 3;

/// All hosts and the wire between them at one moment.
#[derive(Clone, Copy)]
pub(in crate::sim) struct Net<'a> {
    pub(in crate::sim) machines: &'a Machines,
    pub(in crate::sim) wire: &'a dyn Wire,
    pub(in crate::sim) now: Instant,
}

impl<'a> Net<'a> {
    /// The host of this id, when it is up.
    pub(in crate::sim) fn up(&self, id: &HostId) -> Option<&'a Host> {
        self.machines.get(id).filter(|host| host.is_up(self.now))
    }

    /// The host that answers `from` at `to`, TCP `port`.
    pub(in crate::sim) fn reach(&self, from: &HostId, to: IpAddr, port: u16) -> Option<&'a Host> {
        let sender = self.up(from)?;
        let overlay = sender.overlay.as_ref();
        let target = if let IpAddr::V4(v4) = to { Some(v4) } else { None };
        let over = overlay.zip(target).filter(|(overlay, to)| overlay.address == *to || overlay.route(*to).is_some());
        match over {
            _ if sender.private_ip == to || sender.public_ip == Some(to) => Some(sender),
            Some((overlay, to)) if overlay.address == to => Some(sender),
            Some((overlay, to)) => self.through(sender, overlay, to),
            None => self.up(&self.wire.deliver(Sender::Host(from), to, Protocol::Tcp, port)?),
        }
    }

    /// Follows the overlay link by link. Every host on the way must know the last one as the way back to the sender.
    fn through(&self, sender: &'a Host, overlay: &Overlay, to: Ipv4Addr) -> Option<&'a Host> {
        let source = overlay.address;
        let mut here = sender;
        for _ in 0..MOST_LINKS {
            let next = self.link(here, here.overlay.as_ref()?.route(to)?)?;
            let (behind, ahead) = (here.overlay.as_ref()?, next.overlay.as_ref()?);
            ahead.route(source).filter(|key| **key == behind.key)?;
            if ahead.address == to {
                return Some(next);
            }
            here = next;
        }
        None
    }

    /// The peer of this key, when both know each other and the first packet of one of them arrives.
    fn link(&self, here: &'a Host, key: &str) -> Option<&'a Host> {
        let peer = self.up(self.machines.keys.get(key)?)?;
        let (ours, theirs) = (here.overlay.as_ref()?, peer.overlay.as_ref()?);
        let known = *theirs.key == *key && theirs.knows(&ours.key);
        let greets = |from: &Host, to: &Host, endpoint: Option<IpAddr>| {
            let sent = |ip| self.wire.deliver(Sender::Host(&from.id), ip, Protocol::Udp, OVERLAY_PORT);
            endpoint.and_then(sent).is_some_and(|id| id == to.id)
        };
        let met = || greets(here, peer, ours.endpoint(key)) || greets(peer, here, theirs.endpoint(&ours.key));
        (known && met()).then_some(peer)
    }
}
