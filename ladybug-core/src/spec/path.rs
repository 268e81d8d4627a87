//! Paths of problems, and text from outside that is fit to show in them.

use std::fmt::Write;

/// The path of `name` inside `path`: `a.b`, or `a["b c"]` when the name is not a plain word.
pub(super) fn field(path: &str, name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    match (plain, path.is_empty()) {
        (true, true) => shown(name),
        (true, false) => format!("{path}.{}", shown(name)),
        (false, _) => format!("{path}[{:?}]", shown(name)),
    }
}

/// The path of entry `index` inside `path`.
pub(super) fn item(path: &str, index: usize) -> String {
    let mut path = path.to_owned();
    write!(path, "[{index}]").expect("writing to a string does not fail");
    path
}

/// At most 80 characters of `text`.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_quotes_what_is_not_a_word() {
        assert_eq!(field(&item("pools", 1), "labels"), "pools[1].labels");
        assert_eq!(field("labels", "a.b/c"), "labels[\"a.b/c\"]");
        assert_eq!(field("", "name"), "name");
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(field("", &"x".repeat(1000)).len(), 80);
    }
}
