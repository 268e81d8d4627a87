//! "Did you mean".

use std::collections::BinaryHeap;

/// Longer words get no suggestion: they are no slips, and the comparison is quadratic.
const LONGEST: usize = 40;

/// The candidate that `word` is most likely a slip of, if any is near.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let plain = plain(word);
    let most = (plain.len() / 3).max(1);
    let near = candidates.into_iter().map(|candidate| (slips(&plain, &self::plain(candidate)), candidate));
    near.filter(|(distance, _)| *distance <= most).min().map(|(_, candidate)| candidate)
}

fn plain(word: &str) -> Vec<char> {
    word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// How many slips lie between the words; letters in another order are one.
fn slips(a: &[char], b: &[char]) -> usize {
    let sorted = |word: &[char]| word.iter().copied().collect::<BinaryHeap<_>>().into_sorted_vec();
    if a != b && sorted(a) == sorted(b) { 1 } else { distance(a, b) }
}

/// How many insertions, deletions and replacements make `a` into `b` (Wagner and Fischer, one row at a time).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (1..=b.len()).collect();
    let mut last = b.len();
    for (above_left, x) in a.iter().enumerate() {
        let mut diagonal = above_left;
        last = above_left + 1;
        for (cell, y) in row.iter_mut().zip(b) {
            last = (last + 1).min(*cell + 1).min(diagonal + usize::from(x != y));
            diagonal = std::mem::replace(cell, last);
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word() {
        let known = ["name", "role", "memory_gib", "add_ons"];
        for (slip, wanted) in
            [("nme", "name"), ("nmae", "name"), ("memoryGib", "memory_gib"), ("add-ons", "add_ons"), ("rule", "role")]
        {
            assert_eq!(nearest(slip, known), Some(wanted), "{slip}");
        }
        for far in ["colour", "", "x", &"name".repeat(100)] {
            assert_eq!(nearest(far, known), None, "{far}");
        }
    }

    #[test]
    fn distances_are_levenshtein() {
        let distance = |a, b| distance(&plain(a), &plain(b));
        assert_eq!(
            [distance("kitten", "sitting"), distance("", "abc"), distance("abc", ""), distance("ab", "ab")],
            [3, 3, 3, 0]
        );
    }
}
