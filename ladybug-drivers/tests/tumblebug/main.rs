//! The Tumblebug driver against a loopback fake of its server, and against a live one.
#![expect(clippy::wildcard_enum_match_arm, reason = "tests name what they know of enums that may grow")]

#[cfg(test)]
mod bench;
#[cfg(test)]
mod document;
#[cfg(test)]
mod life;
#[cfg(test)]
mod live;
#[cfg(test)]
mod quirks;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod shell;
#[cfg(test)]
mod support;

#[cfg(test)]
use bench::CloudsimBench;

#[cfg(test)]
async fn make() -> CloudsimBench {
    CloudsimBench::start().await
}

ladybug_core::driver_conformance!(cloudsim, make);
