//! What a driver can do, as data.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};

use super::ResourceKind;

/// What a driver can do. Nothing by default; the conformance kit picks its checks by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// The kinds of resources it can make.
    pub kinds: BTreeSet<ResourceKind>,
    /// The kinds for which a repeated `ensure` cannot make a second resource even while the first is not visible yet
    /// (client tokens, or names that are unique and checked at once).
    pub idempotent: BTreeSet<ResourceKind>,
    /// How long a resource that was made may stay invisible to `get` and `list_owned`. Absence is believed only
    /// when it lasts longer.
    pub settle: Duration,
    /// Machines that the cloud may take back.
    pub spot: bool,
    /// First-boot data reaches the machine, so that its host key can be given and pinned.
    pub user_data: bool,
    /// `act` can stop and start machines.
    pub power: bool,
    /// `act` can reboot machines.
    pub reboot: bool,
    /// `resolve` knows prices.
    pub prices: bool,
}

impl Capabilities {
    /// None.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds kinds of resources.
    #[must_use]
    pub fn with_kinds(mut self, kinds: impl IntoIterator<Item = ResourceKind>) -> Self {
        self.kinds.extend(kinds);
        self
    }

    /// Adds kinds whose `ensure` may be repeated blindly.
    #[must_use]
    pub fn with_idempotent(mut self, kinds: impl IntoIterator<Item = ResourceKind>) -> Self {
        self.idempotent.extend(kinds);
        self
    }

    /// Sets how long a new resource may stay invisible.
    #[must_use]
    pub fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Sets whether machines can be had that the cloud may take back.
    #[must_use]
    pub fn with_spot(mut self, spot: bool) -> Self {
        self.spot = spot;
        self
    }

    /// Sets whether first-boot data reaches the machine.
    #[must_use]
    pub fn with_user_data(mut self, user_data: bool) -> Self {
        self.user_data = user_data;
        self
    }

    /// Sets whether machines can be stopped and started.
    #[must_use]
    pub fn with_power(mut self, power: bool) -> Self {
        self.power = power;
        self
    }

    /// Sets whether machines can be rebooted.
    #[must_use]
    pub fn with_reboot(mut self, reboot: bool) -> Self {
        self.reboot = reboot;
        self
    }

    /// Sets whether prices are known.
    #[must_use]
    pub fn with_prices(mut self, prices: bool) -> Self {
        self.prices = prices;
        self
    }
}
