//! A curl command: its address, its headers, the model in its body.

use std::borrow::Cow;

use serde_json::Value;

use super::{Home, Scrap};
use crate::codec::json;

/// Whether a command begins with this line, be it after a prompt.
pub(super) fn begins(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches(['$', '>', '#', '`', ' ']);
    line.starts_with("curl ") || line.starts_with("curl.exe ") || line == "curl \\"
}

/// Whether the command goes on in the next line: after a `\`, a `^` or a backtick, or within quotes.
pub(super) fn continues(command: &str) -> bool {
    let ends = command.trim_end();
    ends.ends_with(['\\', '^', '`']) || words(command).1
}

/// Reads the command that begins in line `line`.
pub(super) fn read(command: &str, line: usize, home: Home, out: &mut Vec<Scrap<'_>>) {
    let (words, _) = words(command);
    let mut words = words.into_iter().skip(1);
    let mut push = |name: String, value: String, from: String| {
        out.push(Scrap { name: Cow::Owned(name), value: Cow::Owned(value), from, home: home.clone() });
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "-H" | "--header" => {
                let header = words.next().unwrap_or_default();
                if let Some((name, value)) = header.split_once(':') {
                    let name = name.trim().to_ascii_lowercase();
                    let from = format!("header {name}");
                    push(format!("header:{name}"), value.trim().to_owned(), from);
                }
            }
            "-d" | "--data" | "--data-raw" | "--data-binary" | "--json" => {
                let body: Value = json::from_str(&words.next().unwrap_or_default()).unwrap_or_default();
                if let Some(model) = body.get("model").and_then(Value::as_str) {
                    push("model".to_owned(), model.to_owned(), format!("curl body, line {line}"));
                }
            }
            "-X" | "--request" | "-o" | "--output" | "-m" | "--max-time" | "-A" | "--user-agent" | "-u"
            | "--user" => {
                words.next();
            }
            word if word.contains("://") => {
                push("url".to_owned(), word.to_owned(), format!("curl, line {line}"))
            }
            _ => {}
        }
    }
}

/// As a shell splits them, and whether a quote is still open at the end.
fn words(command: &str) -> (Vec<String>, bool) {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = command.chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => match rest.next() {
                None | Some('\n') => {}
                Some(escaped) => word.get_or_insert_default().push(escaped),
            },
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (words, quote.is_some())
}
