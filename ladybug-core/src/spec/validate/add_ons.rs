//! Rules of add-ons.

use super::{
    rules::{Found, Rule},
    syntax::{DNS_LABEL, is_dns_label, is_word, repeated},
};
use crate::spec::ClusterSpec;

pub(super) const RULES: &[Rule] = &[names, versions, no_duplicates];

fn names(spec: &ClusterSpec, found: &mut Found) {
    for (index, add_on) in spec.add_ons.iter().enumerate() {
        found.unless(is_dns_label(&add_on.name), format!("add_ons[{index}].name"), || DNS_LABEL.to_owned());
    }
}

fn versions(spec: &ClusterSpec, found: &mut Found) {
    for (index, add_on) in spec.add_ons.iter().enumerate() {
        let fits = add_on.version.as_ref().is_none_or(|version| is_word(version, 64));
        found.unless(fits, format!("add_ons[{index}].version"), || {
            "must be an exact version: 1 to 64 of letters, digits, '-', '_', '.' and '+'".to_owned()
        });
    }
}

fn no_duplicates(spec: &ClusterSpec, found: &mut Found) {
    for index in repeated(spec.add_ons.iter().map(|add_on| &add_on.name)) {
        found.add(format!("add_ons[{index}].name"), "is listed twice");
    }
}
