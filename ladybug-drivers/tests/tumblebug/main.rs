//! The Tumblebug driver against a loopback fake of its server, and against a live one.

mod bench;
mod life;
mod live;
mod quirks;
mod schema;
mod shell;
mod support;

use bench::CloudsimBench;

async fn make() -> CloudsimBench {
    CloudsimBench::start().await
}

ladybug_core::driver_conformance!(cloudsim, make);
