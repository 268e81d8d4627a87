//! Forms of text that several rules want.

use std::{collections::BTreeSet, net::IpAddr};

/// The rule of [`is_dns_label`] in words.
pub(super) const DNS_LABEL: &str = "must be a DNS label: 1 to 63 of a-z, 0-9 and '-', letter or digit first and last";

/// Whether `text` is a DNS label in lower case (RFC 1123).
pub(super) fn is_dns_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len()) && text.chars().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// Whether `text` is a DNS name in lower case: labels with dots between, 253 characters at most.
pub(super) fn is_dns_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}

/// Whether `text` is a DNS name that cannot be taken for an address, or the address of another machine.
pub(super) fn is_host(text: &str) -> bool {
    match text.parse::<IpAddr>() {
        Ok(address) => !address.is_loopback() && !address.is_unspecified() && !address.is_multicast(),
        Err(_) => is_dns_name(text) && text.rsplit('.').next().is_some_and(|last| last.parse::<u64>().is_err()),
    }
}

/// Whether `text` is 1 to `most` of ASCII letters, digits and `-_.+`: fit for a file, a command and a template.
pub(super) fn is_word(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c))
}

/// Whether `text` is 1 to `most` printable ASCII characters without white space.
pub(super) fn is_graphic(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic())
}

/// The places of the entries that came before.
pub(super) fn repeated<T: Ord>(entries: impl IntoIterator<Item = T>) -> impl Iterator<Item = usize> {
    let mut seen = BTreeSet::new();
    entries.into_iter().enumerate().filter_map(move |(index, entry)| (!seen.insert(entry)).then_some(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_names_are_lower_case_labels_with_dots() {
        assert!(["a", "cluster.local", "0.example-1.org", &"a".repeat(63)].iter().all(|text| is_dns_name(text)));
        let long = vec!["a".repeat(63); 4].join(".");
        for bad in ["", ".", "a.", ".a", "A.b", "a..b", "-a.b", "a-.b", "a_b", &"a".repeat(64), &long] {
            assert!(!is_dns_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_another_machines_address() {
        assert!(["api.example.org", "10.0.0.1", "2001:db8::1", "1a"].iter().all(|text| is_host(text)));
        for bad in ["", "127.0.0.1", "::1", "0.0.0.0", "224.0.0.1", "300.1.1.1", "a b", "https://a", "a:6443"] {
            assert!(!is_host(bad), "{bad:?}");
        }
    }

    #[test]
    fn only_later_entries_are_repeated() {
        assert_eq!(repeated(["a", "b", "a", "a"]).collect::<Vec<_>>(), [2, 3]);
    }
}
