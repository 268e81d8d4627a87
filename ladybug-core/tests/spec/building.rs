//! Specs made in Rust.

use std::time::Duration;

use ladybug_core::{
    NodeName,
    spec::{AddOn, ClusterSpec, ClusterSpecBuilder, Policies, PoolSpec, Problem},
};

fn base() -> ClusterSpecBuilder {
    ClusterSpec::builder("demo", "1.36.4").with_pool(PoolSpec::control_plane("cp", "aws", "r"))
}

fn paths(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.path.as_str()).collect()
}

#[test]
fn a_built_spec_equals_the_read_one() {
    let text = "{name: demo, kubernetes: 1.36.4, pools: [{name: cp, role: control_plane, provider: aws, region: r}]}";
    assert_eq!(base().build().unwrap(), ClusterSpec::parse(text).unwrap());
}

#[test]
fn all_wrong_names_are_reported_at_once_with_their_places() {
    let builder =
        ClusterSpec::builder("Demo", "latest").with_project("").with_operator("10.0.0.0/8").with_operator("me");
    let error = builder
        .with_pool(PoolSpec::control_plane("", "A", "a b"))
        .with_pool(PoolSpec::worker("w", "gcp", "r").with_zone("a").with_zone("b/c"))
        .build()
        .unwrap_err();
    assert_eq!(
        paths(error.problems()),
        [
            "kubernetes",
            "name",
            "operators[1]",
            "pools[0].name",
            "pools[0].provider",
            "pools[0].region",
            "pools[1].zones[1]",
            "project",
        ]
    );
    assert!(error.to_string().starts_with("build the spec of cluster \"Demo\": 8 problems"), "{error}");
}

#[test]
fn a_builder_keeps_the_rules() {
    let second = PoolSpec::control_plane("cp", "aws", "r").with_spot(true);
    let error = base().with_pool(second).with_add_on(AddOn::new("")).build().unwrap_err();
    assert_eq!(paths(error.problems()), ["add_ons[0].name", "pools", "pools[1].name", "pools[1].spot"]);
}

#[test]
fn what_no_text_can_say_is_refused_too() {
    for dollars in [f64::NAN, f64::INFINITY, 0.0] {
        let error = base().with_policies(Policies::default().with_budget_per_hour(dollars)).build().unwrap_err();
        assert_eq!(paths(error.problems()), ["policies.budget_per_hour"]);
    }
    let error =
        base().with_policies(Policies::default().with_deadline(Duration::from_millis(60_001))).build().unwrap_err();
    assert_eq!(paths(error.problems()), ["policies.deadline_seconds"]);
}

#[test]
fn a_pool_can_be_built_alone_and_built_upon() {
    let error = PoolSpec::worker("W", "gcp", "").build().unwrap_err();
    assert_eq!(paths(error.problems()), ["name", "region"]);
    let pool = PoolSpec::worker("w", "gcp", "r").with_zone("a").with_count(3).build().unwrap();
    let spec = base().with_pool(pool.clone()).build().unwrap();
    assert_eq!(spec.pools[1], pool);
}

#[test]
fn a_changed_spec_can_be_checked_again() {
    let mut spec = base().build().unwrap();
    spec.validate().unwrap();
    spec.pools[0].count = 2;
    assert_eq!(paths(spec.validate().unwrap_err().problems()), ["pools"]);
}

/// Names are `<cluster>-<pool>-<number>`; no rule is needed because the parts are short enough.
#[test]
fn the_longest_node_name_fits() {
    let spec = ClusterSpec::builder("c".repeat(40), "1.36.4")
        .with_pool(PoolSpec::control_plane("p".repeat(16), "aws", "r").with_count(3))
        .build()
        .unwrap();
    let name = format!("{}-{}-5000", spec.name, spec.pools[0].name);
    assert!(NodeName::new(name).is_ok());
}
