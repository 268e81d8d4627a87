//! The bootstrap tool of the simulated world.
/// The bootstrap tool of the simulated world.
#[derive(Debug)]
pub struct SimBootstrapper;
