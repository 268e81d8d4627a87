//! Text to a spec: YAML, its traps, and its bounds.

use ladybug_core::spec::ClusterSpec;

const MINIMAL: &str = "
name: demo
kubernetes: 1.36.4
operators: [203.0.113.7/32]
pools:
  - {name: cp, role: control_plane, provider: aws, region: ap-northeast-2}
  - {name: w, role: worker, provider: gcp, region: asia-northeast3, count: 2}
";

fn only_problem(text: &str) -> String {
    match ClusterSpec::parse(text).unwrap_err().problems() {
        [only] => only.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_minimal_spec_is_short_and_gets_the_defaults() {
    let spec = ClusterSpec::parse(MINIMAL).unwrap();
    assert_eq!((spec.project.as_str(), spec.pools[0].count, spec.pools[1].machine.vcpu), ("default", 1, 2));
}

#[test]
fn json_is_read_too() {
    let spec = ClusterSpec::parse(MINIMAL).unwrap();
    assert_eq!(ClusterSpec::parse(&serde_json::to_string_pretty(&spec).unwrap()).unwrap(), spec);
}

#[test]
fn a_syntax_error_gives_one_problem_with_line_and_column() {
    for (text, wanted) in [
        ("name: [", "unclosed bracket '[' at line 1, column 7"),
        ("name: a\nname: b", "the key name is given twice at line 2, column 1"),
        ("{\"name\": 1,\n \"name\": 2}", "the key name is given twice at line 2, column 2"),
        ("--- {}\n--- {}", "is more than one document at line 2, column 1"),
        ("a: *x", "alias references unknown anchor at line 1, column 4"),
        ("a: .nan", "non-finite float `.nan` rejected by the configured policy at line 1, column 4"),
    ] {
        assert_eq!(only_problem(text), wanted);
    }
}

#[test]
fn what_is_no_mapping_is_refused() {
    assert_eq!(only_problem(""), "must be a mapping, not empty");
    assert_eq!(only_problem("demo"), "must be a mapping, not \"demo\"");
}

#[test]
fn words_of_yaml_1_1_are_text() {
    let text = MINIMAL.replace("name: w,", "name: w, labels: {a: yes, b: 010, c: 1_0, d: off},");
    let spec = ClusterSpec::parse(&text).unwrap();
    assert_eq!(spec.pools[1].labels.values().collect::<Vec<_>>(), ["yes", "010", "1_0", "off"]);
}

#[test]
fn anchors_and_merges_spare_repetition() {
    let text = "
name: demo
kubernetes: 1.36.4
pools:
  - &base {name: cp, role: control_plane, provider: aws, region: ap-northeast-2}
  - {<<: *base, name: w, role: worker}
";
    assert_eq!(ClusterSpec::parse(text).unwrap().pools[1].region.as_str(), "ap-northeast-2");
}

#[test]
fn bombs_are_defused() {
    let layer = |name: &str, of: &str| format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 9].join(","));
    let laughs = ["b", "c", "d", "e", "f", "g"].windows(2).map(|pair| layer(pair[1], pair[0])).collect::<String>();
    let long = format!("a: &x {}\nb: [{}]", "y".repeat(1 << 20), ["*x"; 1000].join(","));
    for (bomb, part) in [
        (format!("b: &b [x]\n{laughs}"), "limit exceeded"),
        (long, "too large or too deep (Scalar"),
        ("[".repeat(100_000), "limit exceeded at line 1, column 33"),
        ("- ".repeat(100_000), "too large or too deep (Depth"),
        (" ".repeat((4 << 20) + 1), "bytes long"),
    ] {
        let problem = only_problem(&bomb);
        assert!(problem.contains(part), "{problem}");
    }
}

#[test]
fn a_hostile_key_is_cut_in_the_message() {
    let error = ClusterSpec::parse(&format!("\"{}\": 1", "k\\n".repeat(10_000))).unwrap_err();
    assert!(error.to_string().len() < 2_000);
}

#[test]
fn a_thousand_pools_are_read() {
    let pool = |at| format!("  - {{name: w{at}, role: worker, provider: p{at}, region: r}}\n");
    let head = "name: a\nkubernetes: 1.36.4\nnetwork: {machines: 172.0.0.0/8, pods: 11.0.0.0/8}\npools:\n";
    let cp = "  - {name: cp, role: control_plane, provider: p0, region: r}\n";
    let text = format!("{head}{cp}{}", (0..1000).map(pool).collect::<String>());
    assert_eq!(ClusterSpec::parse(&text).unwrap().pools.len(), 1001);
}

#[test]
fn numbers_that_fit_nowhere_are_refused_with_their_place() {
    for number in ["99999999999999999999999999", "1e3", "-9223372036854775809", "2.0", "0x1_0"] {
        let error = ClusterSpec::parse(&MINIMAL.replace("count: 2", &format!("count: {number}"))).unwrap_err();
        let paths: Vec<_> = error.problems().iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["pools[1].count"], "{number}: {error}");
    }
}
