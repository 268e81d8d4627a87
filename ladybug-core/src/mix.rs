//! Numbers that look random and are a function of words, so that they do not depend on who asks first.

/// FNV-1a over the words, finished by SplitMix64's mixer, so that near words give far numbers.
pub(crate) fn mix(seed: u64, words: &[&str]) -> u64 {
    let bytes = words.iter().flat_map(|word| word.bytes().chain([0]));
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// A number from 0 up to, but without, 1.
pub(crate) fn fraction(seed: u64, words: &[&str]) -> f64 {
    const STEPS: f64 = (1_u64 << 53) as f64;
    (mix(seed, words) >> 11) as f64 / STEPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_spread_evenly() {
        let all: Vec<_> = (0..1000).map(|n: u32| fraction(7, &["word", &n.to_string()])).collect();
        assert!(all.iter().all(|fraction| (0.0..1.0).contains(fraction)));
        for tenth in 0..10 {
            let low = f64::from(tenth) / 10.0;
            let count = all.iter().filter(|fraction| (low..low + 0.1).contains(*fraction)).count();
            assert!((60..140).contains(&count), "{count} from {low}");
        }
    }
}
