//! The conformance kit on the simulated cloud.

use super::{bench::GcpBench, support::world};

async fn make() -> GcpBench {
    GcpBench::new(world().await)
}

ladybug_core::driver_conformance!(simulated_gcp, make);
