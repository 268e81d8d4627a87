//! Ladybug at home in the simulated world.

use std::sync::Arc;

use super::{SimBootstrapper, SimConnector, World};
use crate::{
    engine::{Ladybug, LadybugBuilder},
    error::Result,
};

impl World {
    /// Ladybug with everything of this world and a store in memory.
    ///
    /// # Errors
    /// When the world has no cloud.
    pub fn ladybug(&self) -> Result<Ladybug> {
        self.wire().build()
    }

    /// A builder that has the drivers, hosts, time and randomness of this world.
    pub fn wire(&self) -> LadybugBuilder {
        let builder = Ladybug::builder()
            .connector(Arc::new(SimConnector::new(self.clone())))
            .bootstrapper(Arc::new(SimBootstrapper::new()))
            .clock(self.clock())
            .entropy(self.entropy());
        self.drivers().into_iter().fold(builder, LadybugBuilder::driver)
    }
}
