//! A local estimate of a request's input tokens, for when no upstream counts them.

#[cfg(test)]
mod tests;
mod text;

use crate::codec::json;
use crate::protocol::event::field;

/// About how many input tokens a Messages request has.
///
/// An estimate: within about 15 % of a real tokenizer on English prose and code, further off on other
/// scripts and on media. Images and documents count by what they are, never by the size of their base64.
/// Reads what it understands and passes over the rest, so every body gets a number.
/// <https://platform.claude.com/docs/en/build-with-claude/token-counting>
pub fn estimate(body: &[u8]) -> u64 {
    let mut tokens = REQUEST;
    for part in json::fields(body).map_while(Result::ok) {
        tokens += if json::key_is(part.key, "system") {
            content(part.value, 0)
        } else if json::key_is(part.key, "messages") {
            items(part.value, |message| MESSAGE + named(message, "content", |value| content(value, 0)))
        } else if json::key_is(part.key, "tools") {
            tools(part.value)
        } else {
            0
        };
    }
    tokens
}

/// What frames a request, and each message in it.
const REQUEST: u64 = 3;
const MESSAGE: u64 = 4;

/// The system prompt that comes with tools.
/// <https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview#pricing>
const TOOLS: u64 = 340;

/// The id and framing of a tool call or its result.
const CALL: u64 = 12;

/// An image of the usual size; larger ones are scaled down to about this.
/// <https://platform.claude.com/docs/en/build-with-claude/vision>
const IMAGE: u64 = 1_600;

/// A PDF page: its text, and the page as an image.
/// <https://platform.claude.com/docs/en/build-with-claude/pdf-support>
const PAGE: u64 = 3_000;

/// Base64 characters of a typical PDF page, 48 KiB of it.
const PAGE_BASE64: u64 = 64 * 1024;

/// Pages of a document that is only named, by address or file id.
const UNSEEN_PAGES: u64 = 4;

/// Tool results and documents hold content in turn, but no API lets it go deep.
const MAX_NESTING: u32 = 8;

/// A text, or a list of blocks.
fn content(value: &[u8], nesting: u32) -> u64 {
    if value.starts_with(b"[") && nesting < MAX_NESTING {
        items(value, |item| block(item, nesting))
    } else {
        string(value)
    }
}

fn block(block: &[u8], nesting: u32) -> u64 {
    let inner = |value: &[u8]| content(value, nesting + 1);
    let kind = field(block, "type").unwrap_or_default();
    match kind {
        br#""text""# => named(block, "text", string),
        br#""thinking""# => named(block, "thinking", string),
        br#""image""# => IMAGE,
        br#""document""# => {
            named(block, "title", string)
                + named(block, "context", string)
                + named(block, "source", |source| document(source, nesting))
        }
        br#""tool_use""# | br#""server_tool_use""# | br#""mcp_tool_use""# => {
            CALL + named(block, "name", string) + named(block, "input", raw)
        }
        br#""tool_result""# => CALL + named(block, "content", inner),
        br#""redacted_thinking""# => 0,
        _ => named(block, "title", string) + named(block, "text", string) + named(block, "content", inner),
    }
}

fn document(source: &[u8], nesting: u32) -> u64 {
    match field(source, "type").unwrap_or_default() {
        br#""base64""# => {
            let length = field(source, "data").map_or(0, <[u8]>::len);
            PAGE * u64::try_from(length).unwrap_or(u64::MAX).div_ceil(PAGE_BASE64).max(1)
        }
        br#""text""# => named(source, "data", string),
        br#""content""# => named(source, "content", |value| content(value, nesting + 1)),
        _ => PAGE * UNSEEN_PAGES,
    }
}

/// Tools count as they are written: names, descriptions and schemas.
fn tools(tools: &[u8]) -> u64 {
    match items(tools, raw) {
        0 => 0,
        tokens => TOOLS + tokens,
    }
}

fn items(array: &[u8], count: impl Fn(&[u8]) -> u64) -> u64 {
    json::elements(array).map_while(Result::ok).map(|item| count(item.value)).sum()
}

fn named(object: &[u8], name: &str, count: impl Fn(&[u8]) -> u64) -> u64 {
    field(object, name).map_or(0, count)
}

fn string(value: &[u8]) -> u64 {
    json::string(value).map_or(0, |string| text::tokens(&string))
}

/// JSON that the model sees as JSON.
fn raw(value: &[u8]) -> u64 {
    text::tokens(&String::from_utf8_lossy(value))
}
