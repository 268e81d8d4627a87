//! Every text that a user can give, with hostile values, up to a real shell.

use std::{path::Path, sync::LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use ladybug_core::{
    Secret,
    bootstrap::{Bootstrapper, StageKind},
    spec::ClusterSpec,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    bash::bash_in,
    support::{Bench, spec, stages},
};
use crate::tool::{EtcdClient, Options};

/// Where a text shows up in the scripts when no rule refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lands {
    /// It is for the cloud, or for the plan.
    Nowhere,
    /// In the value of a variable, as it is.
    Whole,
    /// In a list of files, in base64.
    Base64,
}

/// One place for a text: its name, where it lands and how to put it there.
type Hole = (&'static str, Lands, fn(&mut Value, &mut Options, &str));

const HOLES: [Hole; 30] = {
    use Lands::{Base64, Nowhere, Whole};
    [
        ("name", Whole, |spec, _, text| spec["name"] = text.into()),
        ("kubernetes", Whole, |spec, _, text| spec["kubernetes"] = format!("1.36.4{text}").into()),
        ("labels key", Nowhere, |spec, _, text| spec["labels"] = json!({ text: "a" })),
        ("labels value", Nowhere, |spec, _, text| spec["labels"] = json!({ "a": text })),
        ("pool name", Nowhere, |spec, _, text| spec["pools"][2]["name"] = text.into()),
        ("provider", Nowhere, |spec, _, text| spec["pools"][0]["provider"] = text.into()),
        ("region", Nowhere, |spec, _, text| spec["pools"][0]["region"] = text.into()),
        ("zones", Nowhere, |spec, _, text| spec["pools"][0]["zones"] = json!([text])),
        ("pool label key", Whole, |spec, _, text| spec["pools"][0]["labels"] = json!({ text: "a" })),
        ("pool label value", Whole, |spec, _, text| spec["pools"][0]["labels"] = json!({ "a": text })),
        ("taint key", Whole, |spec, _, text| spec["pools"][0]["taints"] = taint(text, "a")),
        ("taint value", Whole, |spec, _, text| spec["pools"][0]["taints"] = taint("a", text)),
        ("image family", Whole, |spec, _, text| spec["pools"][0]["image"] = json!({ "family": text, "id": "ami-1" })),
        ("image version", Whole, |spec, _, text| spec["pools"][0]["image"] = json!({ "version": text })),
        ("image version tail", Whole, |spec, _, text| {
            spec["pools"][0]["image"] = json!({ "version": format!("24.04.{text}") });
        }),
        ("image id", Nowhere, |spec, _, text| spec["pools"][0]["image"] = json!({ "id": text })),
        ("machine type", Nowhere, |spec, _, text| spec["pools"][0]["machine"] = json!({ "type": text })),
        ("disk type", Nowhere, |spec, _, text| spec["pools"][0]["disk"] = json!({ "type": text })),
        ("dns domain", Whole, |spec, _, text| spec["network"] = json!({ "dns_domain": text })),
        ("endpoint host", Whole, |spec, _, text| spec["endpoint"] = json!({ "kind": "external", "host": text })),
        ("etcd endpoint", Whole, |spec, options, text| {
            spec["etcd"] = json!({ "kind": "external", "endpoints": [format!("https://{text}:2379")] });
            options.external_etcd = Some(client());
        }),
        ("mirror", Whole, |_, options, text| options.mirror = Some(format!("https://mirror.example/{text}"))),
        ("image repository", Whole, |_, options, text| options.image_repository = Some(text.to_owned())),
        ("images", Whole, |_, options, text| options.images_dir = Some(format!("/opt/{text}"))),
        ("checksum path", Nowhere, |_, options, text| {
            options.checksums.insert(text.to_owned(), "0".repeat(64));
        }),
        ("checksum", Whole, |_, options, text| {
            options.checksums.insert("v1.36.4/bin/linux/amd64/kubeadm".to_owned(), text.to_owned());
        }),
        ("manifest", Whole, |_, options, text| {
            options.cni_manifest = Some(format!("kind: DaemonSet\nnote: {}\n# {text}", Value::from(text)));
        }),
        ("etcd ca", Base64, |spec, options, text| etcd(spec, options, |client| client.ca.push_str(text))),
        ("etcd certificate", Base64, |spec, options, text| {
            etcd(spec, options, |client| client.certificate.push_str(text));
        }),
        ("etcd key", Base64, |spec, options, text| {
            etcd(spec, options, |client| {
                client.key = Secret::new(format!("-----BEGIN PRIVATE KEY-----\n{text}"));
            });
        }),
    ]
};

fn taint(key: &str, value: &str) -> Value {
    json!([{ "key": key, "value": value, "effect": "NoSchedule" }])
}

fn client() -> EtcdClient {
    let certificate = "-----BEGIN CERTIFICATE-----\n".to_owned();
    EtcdClient { ca: certificate.clone(), certificate, key: Secret::new("-----BEGIN PRIVATE KEY-----\n".to_owned()) }
}

fn etcd(spec: &mut Value, options: &mut Options, change: impl FnOnce(&mut EtcdClient)) {
    spec["etcd"] = json!({ "kind": "external", "endpoints": ["https://10.0.0.5:2379"] });
    let mut own = client();
    change(&mut own);
    options.external_etcd = Some(own);
}

/// The usual cluster with a text in a hole; `None` when a rule refuses it.
fn fill(bench: &Bench, (_, _, put): &Hole, text: &str) -> Option<Bench> {
    let (mut document, mut options) = (spec(json!({})), Options::default());
    // Three control planes, of which two are enough here.
    document["pools"][1]["count"] = 2.into();
    put(&mut document, &mut options, text);
    let wanted: ClusterSpec = serde_json::from_value(document).ok()?;
    let mut bench = bench.clone();
    bench.tool = bench.tool.with_options(options);
    let refused = !wanted.problems().is_empty() || !bench.tool.validate(&wanted).is_empty();
    bench.cluster.spec = std::sync::Arc::new(wanted);
    (!refused).then_some(bench)
}

/// Its keys take longer than all else.
static BENCH: LazyLock<Bench> = LazyLock::new(|| Bench::new(json!({})));

/// Reads the head of every script of a control plane with bash, and prints what its variables hold. What the scripts
/// do with them is left out.
fn variables(bench: &Bench, dir: &Path) -> Option<String> {
    let node = bench.node("demo-cp-a-1");
    let heads = stages(bench, node).into_iter().map(|kind: StageKind| {
        let text = bench.text("demo-cp-a-1", &kind);
        let head = text.strip_suffix("main </dev/null\n").unwrap();
        let names: Vec<&str> = head.lines().filter_map(|line| Some(line.split_once("='")?.0)).filter(is_name).collect();
        format!("(\n{head}\nfor name in {}; do printf '%s\\n' \"${{!name-}}\"; done\n)\n", names.join(" "))
    });
    let output = bash_in(dir, &["-s"], &heads.collect::<String>())?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn is_name(name: &&str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

fn decoded(dump: &str) -> String {
    let words = dump.split_ascii_whitespace().filter(|word| word.len() > 8);
    let texts = words.filter_map(|word| String::from_utf8(STANDARD.decode(word).ok()?).ok());
    texts.collect::<Vec<_>>().join("\n")
}

/// A text that would leave a file behind if any shell took it for more than itself.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "'",
            "\"",
            "\\",
            "\n",
            "\r",
            "\t",
            " ",
            "\0",
            ";",
            "&",
            "|",
            "$(touch was-here)",
            "`touch was-here`",
            "';touch was-here;'",
            "\"; touch was-here #",
            "\ntouch was-here\n",
            "${x:-$(touch was-here)}",
            "{{ token }}",
            "{{",
            "{% raw %}",
            "{#",
            "$((1))",
            "\nEOF\n",
            "!!",
            "~",
            "*",
            "--flag",
            "\u{2028}",
            "\u{feff}",
            "\u{1f41e}",
            "a",
            "a.b",
            "1",
            "x'\n",
            "main() { touch was-here; }",
        ])
        .prop_map(str::to_owned),
        "(?s).{0,6}",
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

#[test]
fn harmless_values_pass_every_hole_but_those_with_a_form_of_their_own() {
    let bench = Bench::new(json!({}));
    let refused: Vec<&str> =
        HOLES.iter().filter(|hole| fill(&bench, hole, "a1").is_none()).map(|(name, ..)| *name).collect();
    assert_eq!(refused, ["kubernetes", "image family", "image version", "checksum path", "checksum"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hostile_text_anywhere_is_refused_or_means_itself(text in hostile()) {
        let bench = BENCH.clone();
        let dir = tempfile::tempdir().unwrap();
        for hole in &HOLES {
            let Some(bench) = fill(&bench, hole, &text) else { continue };
            let Some(dump) = variables(&bench, dir.path()) else { return Ok(()) };
            prop_assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{} with {:?}", hole.0, text);
            let arrived = match hole.1 {
                Lands::Nowhere => true,
                Lands::Whole => dump.contains(&text),
                Lands::Base64 => decoded(&dump).contains(&text),
            };
            prop_assert!(arrived, "{} with {:?}", hole.0, text);
        }
    }
}
