use serde_json::json;

use super::{cps, created, play::Player, pool, spec, workers};
use crate::plan::plan_delete;

#[test]
fn a_create_over_three_clouds_reads_well() {
    let spec = spec(json!([cps("aws", 1), workers("gcp", 1), pool("x", "worker", "azure", 1)]));
    let plan = created(&spec);
    insta::assert_snapshot!("create_text", plan.to_text());
    insta::assert_snapshot!("create_mermaid", plan.to_mermaid());
}

#[test]
fn a_replacement_and_a_deletion_read_well() {
    let spec = spec(json!([cps("aws", 1), workers("gcp", 3)]));
    let player = Player::ready(&spec);
    insta::assert_snapshot!("replace_text", player.scaled(&spec, &["demo-w-1"]).to_text());
    insta::assert_snapshot!("delete_text", plan_delete(&player.state).unwrap().to_text());
    insta::assert_snapshot!("empty_text", player.scaled(&spec, &[]).to_text());
}

#[test]
fn a_thousand_nodes_fit_on_a_page() {
    let pools: Vec<_> = (0..40).map(|pool_number| pool(&format!("w{pool_number}"), "worker", "gcp", 25)).collect();
    let text = created(&spec([vec![cps("aws", 3)], pools].concat().into())).to_text();
    assert!(text.lines().count() <= 60, "{text}");
}
