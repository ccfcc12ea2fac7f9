//! Text to scraps: JSON, curl commands, TOML, `NAME=value` lines and prose, in one text if need be.

mod curl;
mod json;
mod lines;

use std::borrow::Cow;

/// One value, and what the text says of it.
#[derive(Clone, Debug)]
pub(super) struct Scrap<'a> {
    /// What it stands under: a field, a variable, a header. Empty in prose.
    pub(super) name: Cow<'a, str>,
    pub(super) value: Cow<'a, str>,
    /// For people.
    pub(super) from: String,
    pub(super) home: Home,
}

/// What keeps scraps together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// The order of the text.
    Text,
    /// A variable's prefix: `OPENAI` of `OPENAI_API_KEY`.
    Vendor(String),
    /// One command, object or section; each has a number of its own.
    Block(usize),
}

/// Lines of one command.
const MAX_COMMAND: usize = 200;
/// So often a document that begins within the text is looked for.
const MAX_DOCUMENTS: usize = 20;

/// Everything in `text` that may matter, in its order.
pub(super) fn scraps(text: &str) -> Vec<Scrap<'_>> {
    let mut out = Vec::new();
    let mut blocks = 0;
    if json::read(text.trim(), &mut blocks, &mut out) {
        return out;
    }
    let mut lines = text.lines().enumerate();
    let mut prose = lines::Reader::default();
    let mut documents = 0;
    while let Some((number, line)) = lines.next() {
        if curl::begins(line) {
            let mut command = line.to_owned();
            for _ in 1..MAX_COMMAND {
                if !curl::continues(&command) {
                    break;
                }
                let Some((_, next)) = lines.next() else { break };
                command.push('\n');
                command.push_str(next);
            }
            blocks += 1;
            curl::read(&command, number + 1, Home::Block(blocks), &mut out);
        } else if documents < MAX_DOCUMENTS
            && let Some(document) = json::begun(text, line)
        {
            documents += 1;
            if json::read(document, &mut blocks, &mut out) {
                let rest = document.lines().count().saturating_sub(1);
                lines.by_ref().take(rest).for_each(drop);
            } else {
                prose.read(line, number + 1, &mut blocks, &mut out);
            }
        } else {
            prose.read(line, number + 1, &mut blocks, &mut out);
        }
    }
    out
}
