//! What a command prints: kept up to a limit, and cut into lines.

/// How much of one stream is kept, in bytes.
const KEPT: usize = 8 << 20;

/// A line longer than this many bytes is handed on in pieces.
const LONGEST_LINE: usize = 64 << 10;

/// The end of a stream; what went before is counted.
#[derive(Default)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    lost: usize,
}

impl Tail {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > 2 * KEPT {
            self.trim();
        }
    }

    /// Whether a line has come, and nothing after it.
    pub(super) fn ends_line(&self) -> bool {
        self.bytes.ends_with(b"\n")
    }

    /// The kept text, with a first line that says what is missing.
    pub(super) fn into_text(mut self) -> String {
        self.trim();
        let text = String::from_utf8(self.bytes);
        let text = text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        match self.lost {
            0 => text,
            lost => format!("[{lost} bytes before this were dropped]\n{text}"),
        }
    }

    fn trim(&mut self) {
        let excess = self.bytes.len().saturating_sub(KEPT);
        self.bytes.drain(..excess);
        self.lost += excess;
    }
}

/// Cuts a stream after its newlines.
#[derive(Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Takes in `bytes` and gives the whole lines there are by now.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<String> {
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |index| index + 1);
        let (whole, begun) = bytes.split_at(end);
        if whole.is_empty() && self.rest.len() + begun.len() <= LONGEST_LINE {
            self.rest.extend_from_slice(begun);
            return None;
        }
        let mut lines = std::mem::take(&mut self.rest);
        lines.extend_from_slice(whole);
        self.rest.extend_from_slice(begun);
        (!lines.is_empty()).then(|| String::from_utf8_lossy(&lines).into_owned())
    }

    /// The last line, when no newline ended it.
    pub(super) fn finish(self) -> Option<String> {
        (!self.rest.is_empty()).then(|| String::from_utf8_lossy(&self.rest).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_keeps_the_end_and_says_what_it_dropped() {
        let mut tail = Tail::default();
        (0..5).for_each(|_| tail.push(&vec![b'x'; KEPT / 2]));
        tail.push(b"end");
        let text = tail.into_text();
        let first = format!("[{} bytes before this were dropped]\n", KEPT / 2 * 3 + 3);
        assert!(text.starts_with(&first) && text.ends_with("xend"), "{}", &text[..60]);
        assert_eq!(text.len(), first.len() + KEPT);
    }

    #[test]
    fn lines_are_whole_wherever_the_packets_end() {
        let text = "a\n\nümlaut 🐞\nlast";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let mut seen: Vec<String> = text.as_bytes().chunks(size).filter_map(|chunk| lines.push(chunk)).collect();
            assert!(seen.iter().all(|piece| piece.ends_with('\n')), "{size}: {seen:?}");
            seen.extend(lines.finish());
            assert_eq!(seen.concat(), text);
        }
    }

    #[test]
    fn an_endless_line_is_handed_on_in_pieces() {
        let mut lines = Lines::default();
        let pieces: Vec<_> = (0..100).filter_map(|_| lines.push(&[b'x'; 4096])).collect();
        assert!(pieces.len() > 4 && pieces.iter().all(|piece| piece.len() <= LONGEST_LINE), "{}", pieces.len());
    }
}
