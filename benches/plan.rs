//! How long planning takes, and what is done with plans.

use divan::{Bencher, black_box};
use ladybug::{
    ClusterUid, Result,
    lifecycle::ClusterLifecycle,
    plan::{Choices, Plan, Survey, plan_create, plan_delete, plan_scale},
    spec::ClusterSpec,
    state::ClusterState,
};
use ladybug_benches::{chosen, run, spec, world};

const NODES: [u32; 3] = [10, 100, 1000];

fn main() {
    divan::main();
}

/// Everything that plans of a cluster start from.
struct Scene {
    spec: ClusterSpec,
    choices: Choices,
    plan: Plan,
    state: ClusterState,
}

/// A cluster that is there.
fn scene(nodes: u32) -> Scene {
    let made = async || -> Result<Scene> {
        let (world, spec) = (world(1), spec("big", nodes)?);
        let (ladybug, choices) = (world.ladybug()?, chosen(&world, &spec).await?);
        let plan = plan_create(ClusterUid::from_uuid(Default::default()), &spec, &choices)?;
        ladybug.apply(plan.clone()).await?.success().await?;
        let state = ladybug.get(&plan.cluster).await?;
        Ok(Scene { spec, choices, plan, state })
    };
    run(made()).expect("a world where nothing goes wrong")
}

#[divan::bench(args = NODES)]
fn create(bencher: Bencher<'_, '_>, nodes: u32) {
    let scene = scene(nodes);
    bencher.bench(|| plan_create(scene.plan.cluster, black_box(&scene.spec), &scene.choices));
}

/// One more worker for every pool of workers.
#[divan::bench(args = NODES)]
fn grow(bencher: Bencher<'_, '_>, nodes: u32) {
    let scene = scene(nodes);
    let mut spec = scene.spec.clone();
    spec.pools.iter_mut().skip(1).for_each(|pool| pool.count += 1);
    bencher.bench(|| plan_scale(black_box(&scene.state), &spec, &[], &scene.choices, &Survey::default()));
}

#[divan::bench(args = NODES)]
fn delete(bencher: Bencher<'_, '_>, nodes: u32) {
    let scene = scene(nodes);
    bencher.bench(|| plan_delete(black_box(&scene.state)));
}

#[divan::bench(args = NODES)]
fn to_text(bencher: Bencher<'_, '_>, nodes: u32) {
    let scene = scene(nodes);
    bencher.bench(|| black_box(&scene.plan).to_text());
}

#[divan::bench(args = NODES)]
fn to_json(bencher: Bencher<'_, '_>, nodes: u32) {
    let scene = scene(nodes);
    bencher.bench(|| serde_json::to_vec(black_box(&scene.plan)));
}
