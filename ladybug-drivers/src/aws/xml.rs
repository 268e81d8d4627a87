//! XML answers as small trees, read by local names: name spaces differ with the age of an API.

use ladybug_core::{Error, ErrorKind, Result};
use quick_xml::{Reader, events::Event};

/// Deeper answers are not read; the clouds' have about ten levels.
const DEEPEST: usize = 64;

/// An element with its text and children; attributes are dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Self>,
}

impl Element {
    /// Reads a document; `None` when it is none.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => {
                    open.push(Self { name: start.local_name().as_ref().to_owned(), ..Self::default() });
                    if open.len() > DEEPEST {
                        return None;
                    }
                }
                Event::End(_) => {
                    let done = open.pop()?;
                    open.last_mut()?.children.push(done);
                }
                Event::Text(text) => open.last_mut()?.text.push_str(&text),
                Event::CData(text) => open.last_mut()?.text.push_str(&text),
                Event::GeneralRef(name) => {
                    let found = match name.resolve_char_ref().ok()? {
                        Some(character) => character,
                        None => entity(&name)?,
                    };
                    open.last_mut()?.text.push(found);
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Empty(_) => {}
            }
        }
        let [root] = <[Self; 1]>::try_from(open).ok()?;
        let [document] = <[Self; 1]>::try_from(root.children).ok()?;
        Some(document)
    }

    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The element at the end of a path of names.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The text of a child, unless it is empty.
    pub(super) fn word(&self, name: &str) -> Option<&str> {
        self.child(name).and_then(Self::own_word)
    }

    /// The text at the end of a path, unless it is empty.
    pub(super) fn word_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path).and_then(Self::own_word)
    }

    fn own_word(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|word| !word.is_empty())
    }

    /// The text of a child that every such answer has.
    ///
    /// # Errors
    /// `Unexpected`, naming the child and `what` was being done.
    pub(super) fn need(&self, what: &str, name: &str) -> Result<&str> {
        self.word(name).ok_or_else(|| {
            Error::new(ErrorKind::Unexpected, what.to_owned())
                .with_message(format!("the answer's {} has no {name}", self.name))
                .with_remedy("check that the endpoint is the cloud's; if it is, report this defect")
        })
    }

    /// The elements of a list: EC2 calls them `item`, the load balancers' API `member`.
    pub(super) fn items(&self, list: &str) -> impl Iterator<Item = &Self> {
        let children = self.child(list).map(|list| list.children.as_slice()).unwrap_or_default();
        children.iter().filter(|child| child.name == "item" || child.name == "member")
    }

    /// Whether a child says `true`.
    pub(super) fn says(&self, name: &str) -> bool {
        self.word(name) == Some("true")
    }
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_local_name_and_text_is_unescaped() {
        let body = br#"<?xml version="1.0"?><x:R xmlns:x="u"><set><item><a>1 &lt; 2 &#x41;</a></item><item/></set><ok>true</ok></x:R>"#;
        let answer = Element::parse(body).unwrap();
        let items: Vec<_> = answer.items("set").collect();
        assert_eq!((items.len(), items[0].word("a"), items[1].word("a")), (2, Some("1 < 2 A"), None));
        assert!(answer.says("ok") && !answer.says("set"));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let deep = "<a>".repeat(100) + &"</a>".repeat(100);
        for bad in ["", "nonsense", "<a>", "<a></b>", "<a/><b/>", "<a>&boom;</a>", deep.as_str()] {
            assert_eq!(Element::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
