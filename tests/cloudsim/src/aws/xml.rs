//! Answers as XML: a JSON tree in the answer's own names, with lists as `item` or `member`.

use serde_json::Value;

/// Text as XML holds it.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            letter => out.push(letter),
        }
    }
    out
}

/// Writes a value's content; `item` is what list members are called. Null is nothing.
pub(super) fn write(out: &mut String, value: &Value, item: &str) {
    if let Some(map) = value.as_object() {
        for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
            element(out, name, value, item);
        }
    } else if let Some(list) = value.as_array() {
        for value in list {
            element(out, item, value, item);
        }
    } else if let Some(text) = value.as_str() {
        out.push_str(&escaped(text));
    } else if !value.is_null() {
        out.push_str(&value.to_string());
    }
}

fn element(out: &mut String, name: &str, value: &Value, item: &str) {
    out.push_str(&format!("<{name}>"));
    write(out, value, item);
    out.push_str(&format!("</{name}>"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn trees_become_elements_and_lists_become_items() {
        let mut out = String::new();
        write(&mut out, &json!({ "set": [{ "a": "<1>" }, { "a": true }], "none": null, "empty": [] }), "item");
        assert_eq!(out, "<empty></empty><set><item><a>&lt;1&gt;</a></item><item><a>true</a></item></set>");
    }
}
