//! Templates of users, and values in every language.

use std::fs;

use ladybug_core::ErrorKind;
use serde_json::{Value, json};

use super::Templates;

fn with(name: &str, text: &str) -> ladybug_core::Result<Templates> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    Templates::with_dir(dir.path())
}

#[test]
fn a_template_of_the_user_replaces_the_one_of_its_name() {
    let templates = with("cni/flannel.yaml", "net: {{ net_conf }}\n").unwrap();
    let text = templates.render("cni/flannel.yaml", &json!({ "net_conf": "a\"b: c\n" })).unwrap();
    assert_eq!(text.expose(), "net: \"a\\\"b: c\\n\"\n");
}

#[test]
fn a_file_that_replaces_nothing_is_refused() {
    assert_eq!(with("dran.sh", "").unwrap_err().kind(), ErrorKind::InvalidSpec);
}

#[test]
fn a_value_in_a_script_stands_alone_or_the_template_is_refused() {
    for bad in [
        "echo {{ node }}",
        "x=\"{{ node }}\"",
        "x=a{{ node }}",
        "cat <<X\n{{ node }}\nX",
        "x={{ node }} y",
        "x={{ node }}{{ node }}",
    ] {
        assert_eq!(with("drain.sh", bad).unwrap_err().kind(), ErrorKind::InvalidSpec, "{bad}");
    }
    assert!(with("drain.sh", "  x={{ node }}\n").is_ok());
}

#[test]
fn there_is_no_way_around_quoting() {
    let templates = with("drain.sh", "x={{ node | safe }}\n").unwrap();
    assert!(templates.render("drain.sh", &json!({ "node": "$(id)" })).is_err());
}

#[test]
fn a_variable_that_nobody_gave_is_an_error_that_names_it() {
    let templates = with("drain.sh", "x={{ nod }}\n").unwrap();
    let error = templates.render("drain.sh", &json!({ "node": "hunter2" })).unwrap_err();
    let told = format!("{:?}", error.report());
    assert!(told.contains("nod") && !told.contains("hunter2"), "{told}");
}

#[test]
fn a_value_with_meaning_in_a_plain_file_is_refused() {
    let templates = Templates::embedded();
    let render = |after: &str| templates.render("kubelet-order.conf", &json!({ "after": after }));
    assert!(render("a.service b.service").is_ok());
    for bad in ["a\nExecStart=/bin/sh", "$(id)", "%i", "a;b", "#", "\"", "\\"] {
        assert!(render(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn yaml_reads_every_string_back() {
    let templates = with("encryption.yaml", "key: {{ key }}\n").unwrap();
    for value in [
        "",
        "no",
        "1e3",
        "a: b # c",
        "{{ x }}",
        "'\"\\\n\t\u{7f}\u{85}\u{2028}\u{feff}\u{1f41e}",
        "- x",
        "!!int 1",
        "&a *b",
    ] {
        let text = templates.render("encryption.yaml", &json!({ "key": value })).unwrap();
        let read: Value = serde_saphyr::from_str(text.expose()).unwrap();
        assert_eq!(read["key"], value, "{}", text.expose());
    }
}
