//! The same kit against a live server, where there is one.

use std::{env, sync::Arc, time::Duration};

use async_trait::async_trait;
use ladybug_core::{
    Result, Secret,
    cloud::{Access, CloudDriver, ResourceRef},
    conformance::driver::{Bench, Outcome, Wishes, outcomes},
};
use ladybug_drivers::tumblebug::{Config, StandIn, StandIns, TumblebugDriver};

use crate::support::query;

/// A live server on the bench. It has no instruments, so checks that need one say that they were skipped.
#[derive(Debug)]
struct LiveBench(TumblebugDriver, Wishes);

impl Bench for LiveBench {
    fn driver(&self) -> Arc<dyn CloudDriver> {
        Arc::new(self.0.clone())
    }

    fn wishes(&self) -> Wishes {
        self.1.clone()
    }
}

/// Machines of the mock provider have no sshd.
#[derive(Debug)]
struct NoHosts;

#[async_trait]
impl StandIns for NoHosts {
    async fn stand_in(&self, _: &ResourceRef, _: &str) -> Result<Option<StandIn>> {
        Ok(Some(StandIn { address: [127, 0, 0, 1].into(), access: Access { port: 22, host_key: None } }))
    }
}

fn variable(name: &str, otherwise: &str) -> String {
    env::var(format!("LADYBUG_TUMBLEBUG_{name}")).unwrap_or_else(|_| otherwise.to_owned())
}

fn bench(url: &str) -> LiveBench {
    let connection = variable("CONNECTION", "mock-mercury");
    let password = Secret::new(variable("PASSWORD", "default"));
    let config = Config::new("tb".parse().unwrap(), url, variable("USER", "default"), password).unwrap();
    let config = config.with_namespace("ladybug-kit").unwrap();
    let config = if connection.starts_with("mock-") { config.with_stand_ins(Arc::new(NoHosts)) } else { config };
    let mut wishes = Wishes::new(connection.parse().unwrap());
    wishes.machine = query();
    wishes.machine.region = wishes.region.clone();
    if connection.starts_with("mock-") {
        wishes.machine.machine.machine_type = Some("mock-vmspec-01".to_owned());
        wishes.machine.image.id = Some("mock-vmimage-01".to_owned());
    }
    wishes.patience = Duration::from_secs(30 * 60);
    wishes.many = 4;
    wishes.cuts = 3;
    wishes.salt = std::process::id().into();
    LiveBench(TumblebugDriver::new(config).unwrap(), wishes)
}

#[tokio::test]
async fn a_live_server_passes_the_kit() {
    let Ok(url) = env::var("LADYBUG_TUMBLEBUG_URL") else {
        eprintln!("SKIPPED: LADYBUG_TUMBLEBUG_URL names no server, so the kit did not run against a live one");
        return;
    };
    let mut failed = Vec::new();
    for (check, outcome) in outcomes(async || bench(&url)).await {
        eprintln!("{}: {outcome:?}", check.name());
        if let Outcome::Failed(why) = outcome {
            failed.push(format!("{}: {why}", check.name()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
