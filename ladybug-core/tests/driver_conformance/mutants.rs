//! Every misbehaviour is caught.

use std::sync::Arc;

use ladybug_core::{
    cloud::CloudDriver,
    conformance::driver::{Outcome, outcomes},
    sim::CloudStyle,
};

use super::{
    bench::SimBench,
    flaw::{FLAWS, Flaw},
    mutant::Mutant,
};

/// The names of the checks that fail, in order.
async fn catches(flaw: Flaw) -> Vec<(&'static str, String)> {
    let style = match flaw {
        Flaw::MakesTwice | Flaw::IgnoresGenerations => CloudStyle::Aws,
        _ => CloudStyle::Gcp,
    };
    let make = async || {
        let bench = SimBench::new(style);
        let world = bench.world.clone();
        bench.with_driver(|inner| -> Arc<dyn CloudDriver> { Arc::new(Mutant::new(inner, world, flaw)) })
    };
    let failed = outcomes(make).await.into_iter().filter_map(|(check, outcome)| match outcome {
        Outcome::Failed(why) => Some((check.name(), why)),
        _ => None,
    });
    failed.collect()
}

#[tokio::test(start_paused = true)]
async fn a_wrapper_without_a_flaw_passes() {
    assert_eq!(catches(Flaw::None).await, []);
}

#[tokio::test(start_paused = true)]
async fn every_flaw_is_caught() {
    assert!(FLAWS.len() >= 40, "{}", FLAWS.len());
    let mut missed: Vec<Flaw> = Vec::new();
    println!("{:<28} {:>6}  caught first by", "the driver", "checks");
    for flaw in FLAWS {
        let caught = catches(*flaw).await;
        let first = caught.first().map_or("-", |(check, _)| *check);
        println!("{:<28} {:>6}  {first}", format!("{flaw:?}"), caught.len());
        missed.extend(caught.is_empty().then_some(*flaw));
    }
    assert!(missed.is_empty(), "not caught: {missed:?}");
}
