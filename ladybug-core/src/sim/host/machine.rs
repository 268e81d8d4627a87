//! One machine: what is on its disk, and what runs on it.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use tokio::time::Instant;

use super::{
    FirstBoot,
    disk::Disk,
    key::public_key,
    overlay::{Overlay, OverlayConfig},
    path,
};
use crate::{
    id::NodeName,
    sim::{
        Times,
        link::{Birth, HostId},
    },
};

/// The units that start with the host.
const WANTED: &str = "/etc/systemd/system/multi-user.target.wants/";

/// One machine.
pub(in crate::sim) struct Host {
    pub(in crate::sim) id: HostId,
    pub(in crate::sim) name: NodeName,
    pub(in crate::sim) fits_control_plane: bool,
    pub(in crate::sim) private_ip: IpAddr,
    pub(super) public_ip: Option<IpAddr>,
    pub(in crate::sim) disk: Disk,
    pub(super) boots: u32,
    running: bool,
    answers_at: Instant,
    /// Running units and since when.
    services: BTreeMap<String, Instant>,
    pub(super) overlay: Option<Overlay>,
    /// The control-plane nodes behind the local proxy.
    pub(in crate::sim) proxy: Vec<IpAddr>,
}

impl Host {
    pub(super) fn new(birth: Birth) -> Self {
        let mut host = Self {
            id: birth.id,
            name: birth.name,
            fits_control_plane: birth.fits_control_plane,
            private_ip: birth.private_ip,
            public_ip: birth.public_ip,
            disk: Disk::default(),
            boots: 0,
            running: false,
            answers_at: birth.answers_at,
            services: BTreeMap::new(),
            overlay: None,
            proxy: Vec::new(),
        };
        host.disk.write("/run/cloud-init/cloud-id", 0o644, birth.provider.as_str());
        host.disk.write(path::USER_DATA, 0o600, birth.user_data.expose().as_str());
        FirstBoot::apply(birth.user_data.expose(), &mut host.disk);
        host.start(birth.answers_at);
        host
    }

    /// Whether it runs and is done with booting.
    pub(in crate::sim) fn is_up(&self, now: Instant) -> bool {
        self.running && self.answers_at <= now
    }

    /// Starts, or starts again; what the disk says runs from `answers_at` on.
    pub(super) fn start(&mut self, answers_at: Instant) {
        self.stop();
        self.boots += 1;
        self.running = true;
        self.answers_at = answers_at;
        let wanted: Vec<String> = self.disk.names(WANTED).map(str::to_owned).collect();
        wanted.into_iter().for_each(|unit| self.run_unit(unit, answers_at));
    }

    /// Stops; only the disk stays.
    pub(super) fn stop(&mut self) {
        self.running = false;
        self.services.clear();
        self.overlay = None;
        self.proxy.clear();
    }

    /// Whether a package is installed.
    pub(in crate::sim) fn has_package(&self, name: &str) -> bool {
        self.disk.has(&format!("/usr/bin/{name}"))
    }

    /// Since when a unit has been running.
    pub(in crate::sim) fn serves_since(&self, unit: &str) -> Option<Instant> {
        self.services.get(unit).copied()
    }

    /// Starts a unit, now and at every boot; one that runs goes on, with its configuration read again.
    pub(in crate::sim) fn enable(&mut self, unit: &str, at: Instant) {
        self.disk.write(&format!("{WANTED}{unit}"), 0o644, "");
        self.run_unit(unit.to_owned(), at);
    }

    /// Stops a unit, now and at every boot.
    pub(in crate::sim) fn disable(&mut self, unit: &str) {
        self.disk.remove(&format!("{WANTED}{unit}"));
        self.services.remove(unit);
    }

    fn run_unit(&mut self, unit: String, at: Instant) {
        match unit.as_str() {
            "haproxy" => self.proxy = self.disk.json(path::PROXY_CONFIG).unwrap_or_default(),
            "overlay" => self.overlay = self.load_overlay(),
            _ => {}
        }
        self.services.entry(unit).or_insert(at);
    }

    fn load_overlay(&self) -> Option<Overlay> {
        let config = self.disk.json::<OverlayConfig>(path::OVERLAY_CONFIG)?;
        Some(Overlay::new(self.overlay_key()?, config))
    }

    /// Its public key on the overlay, once it has made one.
    pub(super) fn overlay_key(&self) -> Option<Arc<str>> {
        let private = self.disk.read(path::OVERLAY_KEY)?;
        Some(overlay_public(private))
    }
}

/// The public part of an overlay key.
pub(super) fn overlay_public(private: &str) -> Arc<str> {
    let public = public_key("overlay", private);
    public.trim_start_matches("overlay ").into()
}

/// All machines that were not deleted.
pub(in crate::sim) struct Machines {
    /// How long things take on them.
    pub(in crate::sim) times: Times,
    pub(super) hosts: BTreeMap<HostId, Host>,
    /// Who has which public key on the overlay.
    pub(super) keys: BTreeMap<Arc<str>, HostId>,
}

impl Machines {
    pub(super) const fn new(times: Times) -> Self {
        Self { times, hosts: BTreeMap::new(), keys: BTreeMap::new() }
    }

    /// The host of this id, unless it was deleted.
    pub(in crate::sim) fn get(&self, id: &HostId) -> Option<&Host> {
        self.hosts.get(id)
    }
}
