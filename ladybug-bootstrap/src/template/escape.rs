//! How a value is written in each language, so that it can only mean itself.

use std::io::{Error, Result, Write};

/// A word of a POSIX shell.
pub(super) fn shell(value: &str, out: &mut dyn Write) -> Result<()> {
    if value.contains('\0') {
        return Err(Error::other("a shell's word cannot hold a NUL"));
    }
    out.write_all(b"'")?;
    out.write_all(value.replace('\'', r"'\''").as_bytes())?;
    out.write_all(b"'")
}

/// A string of JSON, which is also one of YAML and TOML.
pub(super) fn quoted(value: &str, out: &mut dyn Write) -> Result<()> {
    let text = serde_json::to_string(value)?;
    // TOML wants DEL escaped, YAML the two separators and the byte order mark; JSON allows all escapes.
    let text = text.chars().fold(String::with_capacity(text.len()), |mut done, c| {
        match c {
            '\u{7f}'..='\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                done.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => done.push(c),
        }
        done
    });
    out.write_all(text.as_bytes())
}

/// A word of a file without quotes, such as a systemd unit: only characters that mean nothing there.
pub(super) fn plain(value: &str, out: &mut dyn Write) -> Result<()> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./:+=@,[] ".contains(c);
    match value.chars().find(|c| !harmless(*c)) {
        None => out.write_all(value.as_bytes()),
        Some(bad) => Err(Error::other(format!("{bad:?} has no place in this file"))),
    }
}
