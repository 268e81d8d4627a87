//! What to look for: every secret, in every form in which one gets out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write},
};

use base64::{Engine, engine::general_purpose::STANDARD};

/// How long a word of a secret must be to be one; shorter ones could be names or addresses.
const WORD: usize = 32;

/// How much of a word is looked for, from its middle, so that a secret that was cut is found too.
const PIECE: usize = 24;

/// The secrets to look for, by name.
#[derive(Clone, Default)]
pub(crate) struct Needles(BTreeMap<String, BTreeSet<(&'static str, String)>>);

impl Needles {
    /// Takes the secrets but what is public of them.
    pub(crate) fn new(secrets: &BTreeMap<String, BTreeSet<Vec<u8>>>) -> Self {
        let public: Vec<&str> = ["ca.crt", "ssh.pub"].iter().flat_map(|name| texts(secrets, name)).collect();
        let is_public = |word: &str| public.iter().any(|text| text.contains(word));
        let mut needles = Self::default();
        for name in secrets.keys().filter(|name| !["ca.crt", "ssh.pub"].contains(&name.as_str())) {
            let words = texts(secrets, name).flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
            for word in words.filter(|word| word.len() >= WORD && !is_public(word)) {
                let start = (word.len() - PIECE) / 2;
                needles.0.entry(name.clone()).or_default().extend(forms(&word.as_bytes()[start..start + PIECE]));
            }
            assert!(needles.has(name), "{name} is no text with a long word");
        }
        needles
    }

    /// Looks for the sealing key too.
    pub(crate) fn with_key(mut self, key: &[u8]) -> Self {
        self.0.insert("the sealing key".to_owned(), forms(key));
        self
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// How many secrets there are.
    pub(crate) fn secrets(&self) -> usize {
        self.0.len()
    }

    /// What of it is in `text`: names and forms.
    pub(crate) fn within(&self, text: &str) -> BTreeSet<String> {
        let all = self.0.iter().flat_map(|(name, forms)| forms.iter().map(move |(form, needle)| (name, form, needle)));
        let hits = all.filter(|(_, _, needle)| text.contains(needle.as_str()));
        hits.map(|(name, form, _)| format!("{name} as {form}")).collect()
    }
}

/// Names only.
impl fmt::Debug for Needles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Bytes as a text in which every byte is one character, so that texts and files are searched alike.
pub(crate) fn latin(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn texts<'a>(secrets: &'a BTreeMap<String, BTreeSet<Vec<u8>>>, name: &str) -> impl Iterator<Item = &'a str> {
    secrets.get(name).into_iter().flatten().filter_map(|secret| std::str::from_utf8(secret).ok())
}

/// The forms of a piece of a secret. Words are letters and digits, which JSON and `Debug` leave as they are.
fn forms(piece: &[u8]) -> BTreeSet<(&'static str, String)> {
    let hex = piece.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    let numbers = |gap: &str| piece.iter().map(u8::to_string).collect::<Vec<_>>().join(gap);
    let mut forms = BTreeSet::from([
        ("text", latin(piece)),
        ("hex", hex.to_uppercase()),
        ("hex", hex),
        ("numbers", numbers(", ")),
        ("numbers", numbers(",")),
    ]);
    for shift in 0..3 {
        let text = aligned(piece, shift);
        forms.insert(("base64", text.replace('+', "-").replace('/', "_")));
        forms.insert(("base64", text));
    }
    forms
}

/// The base64 of `piece` as it is inside of a longer one in which `shift` bytes more stand before it, without the
/// characters that depend on what is around.
fn aligned(piece: &[u8], shift: usize) -> String {
    let text = STANDARD.encode([&vec![0; shift], piece].concat());
    let end = (shift + piece.len()) * 8 / 6;
    text[(shift * 8).div_ceil(6)..end].to_owned()
}

#[test]
fn a_piece_is_found_in_every_form_wherever_it_stands() {
    let secret = "0123456789abcdefABCDEFghijklmnopqrstuvwxyz".to_owned();
    let needles = Needles::new(&BTreeMap::from([("it".to_owned(), BTreeSet::from([secret.clone().into_bytes()]))]));
    let json = serde_json::to_string(&secret.as_bytes()).unwrap();
    for (form, text) in [
        ("it as text", secret.clone()),
        ("it as text", serde_json::to_string(&[&secret]).unwrap()),
        ("it as hex", secret.bytes().map(|byte| format!("{byte:02X}")).collect()),
        ("it as numbers", json),
        ("it as numbers", format!("{:?}", secret.as_bytes())),
        ("it as base64", STANDARD.encode(&secret)),
        ("it as base64", STANDARD.encode(format!("x{secret}"))),
        ("it as base64", STANDARD.encode(format!("xy{secret}"))),
    ] {
        assert!(needles.within(&format!("before {text} after")).contains(form), "{form} is not seen in {text}");
    }
    assert!(needles.within("0123456789abcdef and nothing more").is_empty());
}
