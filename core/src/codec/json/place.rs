//! Where in a document something is wrong.

use std::ops::Range;

use super::{elements, fields, unescape};

/// The path of the innermost member around byte `offset` of `document`: `channels[0].name`.
///
/// A member reaches from the end of the one before it to its own end, so that its key belongs to it. What lies
/// behind the last one, or in no member that is well formed, is told of the container; `.` is the document.
pub fn place(document: &[u8], mut offset: usize) -> String {
    let mut path = String::new();
    let mut value = document;
    while let Some((name, span)) = named_member(value, offset).or_else(|| numbered_member(value, offset)) {
        path.push_str(&name);
        value = value.get(span.clone()).unwrap_or_default();
        let Some(within) = offset.checked_sub(span.start) else { break };
        offset = within;
    }
    match path.strip_prefix('.') {
        Some(path) => path.to_owned(),
        None if path.is_empty() => ".".to_owned(),
        None => path,
    }
}

fn named_member(object: &[u8], offset: usize) -> Option<(String, Range<usize>)> {
    let mut before = 0;
    for field in fields(object).map_while(Result::ok) {
        if (before + 1..=field.span.end).contains(&offset) {
            let key = String::from_utf8_lossy(field.key);
            return Some((format!(".{}", unescape(&key).unwrap_or_default()), field.span));
        }
        before = field.span.end;
    }
    None
}

fn numbered_member(array: &[u8], offset: usize) -> Option<(String, Range<usize>)> {
    let spans = elements(array).map_while(Result::ok).map(|element| element.span);
    let (index, span) = spans.enumerate().find(|(_, span)| (span.start..=span.end).contains(&offset))?;
    Some((format!("[{index}]"), span))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn the_innermost_member_is_named() {
        let document = r#" {"a": {"b\u0063": [10, {"d": [], "e": "two"}], "f": 1}, "": [[]]}"#;
        for (before, path) in [
            ("", "."),
            (r#" {"a""#, "a"),
            (r#" {"a": "#, "a"),
            (r#" {"a": {"b\u0063""#, "a.bc"),
            (r#" {"a": {"b\u0063": [1"#, "a.bc[0]"),
            (r#" {"a": {"b\u0063": [10"#, "a.bc[0]"),
            (r#" {"a": {"b\u0063": [10, "#, "a.bc[1]"),
            (r#" {"a": {"b\u0063": [10, {"d": []"#, "a.bc[1].d"),
            (r#" {"a": {"b\u0063": [10, {"d": [], "e": "two""#, "a.bc[1].e"),
            (r#" {"a": {"b\u0063": [10, {"d": [], "e": "two"}"#, "a.bc[1]"),
            (r#" {"a": {"b\u0063": [10, {"d": [], "e": "two"}], "f": 1"#, "a.f"),
            (r#" {"a": {"b\u0063": [10, {"d": [], "e": "two"}], "f": 1}"#, "a"),
            (document, "."),
        ] {
            assert!(document.starts_with(before));
            assert_eq!(place(document.as_bytes(), before.len()), path, "{before}");
        }
    }

    #[test]
    fn a_list_at_the_top_and_text_without_end_have_places_too() {
        for (document, offset, path) in [
            (&b"[1, {\"a\": 2}]"[..], 11, "[1].a"),
            (b"[1, 2", 2, "[0]"),
            (b"{\"a\": [", 7, "."),
            (b"{} {}", 4, "."),
            (b"7", 1, "."),
            (b"", 0, "."),
        ] {
            assert_eq!(place(document, offset), path);
        }
    }
}
