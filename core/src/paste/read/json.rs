//! JSON: of vendors, gateways and clients, which put the same things under many names.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Home, Scrap};
use crate::codec::json;
use crate::paste::{key, name, site};

/// Objects below these belong to the object around them.
const PARTS: [&str; 6] = ["options", "env", "config", "settings", "auth", "provider_config"];
/// Values nested deeper are not looked at.
const MAX_DEPTH: usize = 16;

/// Where a document begins with `line`: its text up to the bracket that closes it.
pub(super) fn begun<'a>(text: &'a str, line: &'a str) -> Option<&'a str> {
    let begins = line.trim_start();
    if !begins.starts_with(['{', '[']) {
        return None;
    }
    let from = begins.as_ptr() as usize - text.as_ptr() as usize;
    let text = text.get(from..)?;
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return text.get(..=at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Reads `text` where it is a whole document that holds something of use; `blocks` counts them.
pub(super) fn read(text: &str, blocks: &mut usize, out: &mut Vec<Scrap<'_>>) -> bool {
    let Ok(document) = json::from_str::<Value>(text).or_else(|_| json::from_str(&plain(text))) else {
        return false;
    };
    if !document.is_object() && !document.is_array() {
        return false;
    }
    let before = out.len();
    Reader { blocks, out }.value(&document, "", 0, None);
    out.len() > before
}

/// Without comments and trailing commas, as some clients allow them.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '/' if !quoted && rest.peek() == Some(&'/') => {
                while rest.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            '}' | ']' if !quoted => {
                let kept = out.trim_end().len();
                if out.get(..kept).is_some_and(|kept| kept.ends_with(',')) {
                    out.truncate(kept - 1);
                }
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

struct Reader<'r, 'a> {
    blocks: &'r mut usize,
    out: &'r mut Vec<Scrap<'a>>,
}

impl Reader<'_, '_> {
    fn value(&mut self, value: &Value, path: &str, depth: usize, home: Option<usize>) {
        match value {
            _ if depth > MAX_DEPTH => {}
            Value::Object(fields) => self.object(fields, path, depth, home),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{path}[{index}]"), depth + 1, home);
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, path: &str, depth: usize, home: Option<usize>) {
        let home = home.or_else(|| {
            tells(fields).then(|| {
                *self.blocks += 1;
                *self.blocks
            })
        });
        // What an object is filed under names it.
        if let Some(block) = home
            && !path.is_empty()
            && !path.ends_with(']')
            && !fields.contains_key("name")
        {
            let filed = path.rsplit('.').next().unwrap_or(path);
            if !PARTS.contains(&filed) {
                self.push(name::SECTION, filed, path.to_owned(), block);
            }
        }
        for (field, value) in fields {
            let path = if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
            match (value, home) {
                (Value::String(text), Some(block)) => self.push(field, text, path, block),
                (Value::Number(number), Some(block)) => self.push(field, &number.to_string(), path, block),
                (Value::Array(items), Some(block)) if name::lists(field) => {
                    self.list(field, items, &path, block)
                }
                (Value::Object(models), Some(block)) if field == "models" => {
                    models.keys().for_each(|model| self.push(field, model, path.clone(), block));
                }
                (Value::Object(map), Some(block)) if name::of(field) == name::Meaning::ModelMap => {
                    self.push(field, &Value::Object(map.clone()).to_string(), path, block);
                }
                (Value::Object(headers), Some(block)) if name::of(field) == name::Meaning::Headers => {
                    for (header, value) in
                        headers.iter().filter_map(|(name, value)| Some((name, value.as_str()?)))
                    {
                        let name = format!("header:{}", header.to_ascii_lowercase());
                        self.push(&name, value, format!("{path}.{header}"), block);
                    }
                }
                (value, Some(block)) if PARTS.contains(&field.as_str()) => {
                    self.value(value, &path, depth + 1, Some(block));
                }
                (value, _) => self.value(value, &path, depth + 1, None),
            }
        }
    }

    /// Names of models, or keys, whether alone or in objects.
    fn list(&mut self, field: &str, items: &[Value], path: &str, block: usize) {
        for item in items {
            let named = ["id", "name", "key", "apiKey", "api_key", "api-key"];
            let text = item.as_str().or_else(|| named.iter().find_map(|name| item.get(name)?.as_str()));
            if let Some(text) = text {
                self.push(field, text, path.to_owned(), block);
            }
        }
    }

    fn push(&mut self, name: &str, value: &str, from: String, block: usize) {
        self.out.push(Scrap {
            name: Cow::Owned(name.to_owned()),
            value: Cow::Owned(value.to_owned()),
            from,
            home: Home::Block(block),
        });
    }
}

/// Whether an object describes an upstream itself, or in one of its parts.
fn tells(fields: &Map<String, Value>) -> bool {
    fields.iter().any(|(field, value)| match value {
        Value::String(text) => match name::of(field) {
            name::Meaning::Url => site::find(text).is_some() || site::is_bare(text),
            name::Meaning::Key => key::plausible(text),
            _ => key::vendor(text).is_some(),
        },
        Value::Array(items) if name::of(field) == name::Meaning::Key => {
            items.iter().any(|item| item.as_str().is_some_and(key::plausible))
        }
        Value::Object(part) if PARTS.contains(&field.as_str()) => tells(part),
        _ => false,
    })
}
