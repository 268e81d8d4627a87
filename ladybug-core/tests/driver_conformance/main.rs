//! The simulated clouds' driver passes the kit, and drivers with a fault do not.
#![cfg(all(feature = "conformance", feature = "sim"))]
#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod bench;
mod flaw;
#[expect(clippy::wildcard_enum_match_arm, reason = "each arm is about one flaw")]
mod mutant;
#[expect(clippy::wildcard_enum_match_arm, reason = "two flaws show only in one of the clouds")]
mod mutants;

use bench::SimBench;
use ladybug_core::sim::CloudStyle;

async fn aws() -> SimBench {
    SimBench::new(CloudStyle::Aws)
}

async fn gcp() -> SimBench {
    SimBench::new(CloudStyle::Gcp)
}

async fn azure() -> SimBench {
    SimBench::new(CloudStyle::Azure)
}

ladybug_core::driver_conformance!(aws_driver, aws, start_paused = true);
ladybug_core::driver_conformance!(gcp_driver, gcp, start_paused = true);
ladybug_core::driver_conformance!(azure_driver, azure, start_paused = true);
