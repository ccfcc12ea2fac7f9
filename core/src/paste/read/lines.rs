//! Lines: variables of a shell or a `.env` file, TOML, YAML, and prose.

use std::borrow::Cow;

use super::{Home, Scrap};
use crate::paste::name::SECTION;
use crate::paste::{name, vendor};

/// The longest name that something is taken to stand under, in characters.
const MAX_NAME: usize = 60;
/// What stands in front of a name.
const LEADS: [&str; 8] = ["export ", "set ", "setx ", "$env:", "const ", "let ", "- ", "* "];

/// Remembers the section of a TOML file.
#[derive(Default)]
pub(super) struct Reader {
    section: Option<(String, usize)>,
}

impl Reader {
    pub(super) fn read<'a>(
        &mut self,
        line: &'a str,
        number: usize,
        blocks: &mut usize,
        out: &mut Vec<Scrap<'a>>,
    ) {
        let line = line.trim();
        if line.is_empty() || line.starts_with("//") || line.starts_with("# ") || line.starts_with("```") {
            return;
        }
        if let Some(section) = section(line) {
            *blocks += 1;
            self.section = Some((section.to_owned(), *blocks));
            let named = section.rsplit_once('.').map(|(_, name)| name.trim_matches('"'));
            if let Some(named) = named {
                out.push(self.scrap(SECTION, named, number));
            }
            return;
        }
        let setx = line.strip_prefix("setx ").and_then(|rest| rest.trim().split_once(' '));
        match setx.or_else(|| assignment(line)) {
            Some((name, value)) => self.assigned(name, value.trim(), number, out),
            None => self.prose("", line, number, out),
        }
    }

    fn assigned<'a>(&self, name: &'a str, value: &'a str, number: usize, out: &mut Vec<Scrap<'a>>) {
        let bare = unquoted(value);
        if value.starts_with('{') {
            return self.table(name, value, number, out);
        }
        if value.starts_with('[') || !name::of(name).is_text() {
            return self.prose(name, value, number, out);
        }
        out.push(self.scrap(name, bare, number));
    }

    /// `{ "X-Title" = "team" }`, as TOML writes it in one line.
    fn table<'a>(&self, name: &'a str, value: &'a str, number: usize, out: &mut Vec<Scrap<'a>>) {
        for pair in value.trim_matches(['{', '}']).split(',') {
            let Some((field, value)) = pair.split_once(['=', ':']) else { continue };
            let field = unquoted(field.trim());
            let mut scrap = self.scrap(field, unquoted(value.trim()), number);
            if name::of(name) == name::Meaning::Headers {
                scrap.name = Cow::Owned(format!("header:{}", field.to_ascii_lowercase()));
            }
            out.push(scrap);
        }
    }

    /// The words of `text`; those of the form `NAME=value` by their names, all others under `name`.
    fn prose<'a>(&self, name: &'a str, text: &'a str, number: usize, out: &mut Vec<Scrap<'a>>) {
        let words = text.split(|c: char| !c.is_ascii_graphic() || "\"'`,;()<>[]{}|".contains(c));
        for word in words.flat_map(|word| word.split("----")).filter(|word| !word.is_empty()) {
            match word.split_once('=') {
                Some((variable, value)) if is_variable(variable) => {
                    out.push(self.scrap(variable, unquoted(value), number));
                }
                _ => out.push(self.scrap(name, word, number)),
            }
        }
    }

    fn scrap<'a>(&self, name: &'a str, value: &'a str, number: usize) -> Scrap<'a> {
        let home = match &self.section {
            Some((_, block)) => Home::Block(*block),
            None if is_variable(name) => vendor::prefix(name).map_or(Home::Text, Home::Vendor),
            None => Home::Text,
        };
        let from = match (&self.section, name) {
            (Some((section, _)), name) if !name.is_empty() && name != SECTION => {
                format!("{section}.{name}, line {number}")
            }
            (None, name) if !name.is_empty() => format!("{name}, line {number}"),
            _ => format!("line {number}"),
        };
        Scrap { name: Cow::Borrowed(name), value: Cow::Borrowed(value), from, home }
    }
}

/// `[model_providers.relay]`
fn section(line: &str) -> Option<&str> {
    let section = line.strip_prefix('[')?.strip_suffix(']')?.trim_matches(['[', ']']);
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-\"".contains(c);
    (!section.is_empty() && section.chars().all(plain)).then_some(section)
}

/// A name and what it is set to: `NAME=value`, `name: value`, `接口地址：…`.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = LEADS.iter().fold(line, |line, lead| line.strip_prefix(lead).unwrap_or(line).trim_start());
    let at = line.find(['=', ':', '：'])?;
    let (name, value) = (line.get(..at)?, line.get(at..)?);
    let value = value.trim_start_matches(['=', ':', '：']);
    let name = name.trim().trim_matches(['"', '\'', '*', '`']);
    let address = value.starts_with("//") || name.contains('/');
    (!name.is_empty() && name.chars().count() <= MAX_NAME && !address).then_some((name, value))
}

/// As shells and `.env` files spell the name of one.
fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Without quotes, what follows them, and what ends a line.
fn unquoted(value: &str) -> &str {
    for quote in ['"', '\'', '`'] {
        if let Some(quoted) = value.strip_prefix(quote) {
            return quoted.split(quote).next().unwrap_or(quoted);
        }
    }
    let value = value.split(" #").next().unwrap_or(value);
    value.trim_end_matches([',', ';', '"', '\'', ' ', '。', '，', '；'])
}
