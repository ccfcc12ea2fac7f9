//! Whether a stream keeps the grammar of its protocol, whoever wrote it.
//!
//! Knows nothing of the codecs: it is what they are measured by.
#![expect(clippy::indexing_slicing, reason = "a field that JSON lacks is null")]

mod chat;
mod gemini;
mod messages;
mod responses;

use serde_json::Value;

use crate::codec::sse;
use crate::config::Protocol;

/// Checks server-sent events to their end, clean or bad.
///
/// # Errors
/// What is wrong first, in a sentence.
pub fn check(protocol: Protocol, stream: &[u8]) -> Result<(), String> {
    check_with(Leeway::None, protocol, stream)
}

/// As [`check`], for a stream whose upstream may have told anything at all.
///
/// # Errors
/// What is wrong first, in a sentence.
pub fn check_with(leeway: Leeway, protocol: Protocol, stream: &[u8]) -> Result<(), String> {
    let events = events(stream)?;
    match protocol {
        Protocol::Messages => messages::check(&events, leeway),
        Protocol::Responses => responses::check(&events, leeway),
        Protocol::Gemini => gemini::check(&events, leeway),
        Protocol::Chat | Protocol::Images | Protocol::Embeddings => chat::check(&events),
    }
}

/// What a stream may hold because it is not for its writer to mend. Each includes the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leeway {
    None,
    /// Ids that an upstream of another protocol made, and arguments that are no JSON object.
    Ids,
    /// Unknown pieces as an upstream of the same protocol made them.
    Pieces,
}

/// One event: its name, and its data as JSON; `null` for data that is none.
struct Event {
    name: Option<String>,
    text: String,
    data: Value,
}

impl Event {
    /// The data's `type`, which the event's name must repeat.
    fn kind(&self) -> Result<&str, String> {
        let kind = self.data["type"].as_str().ok_or_else(|| format!("no `type` in {}", self.text))?;
        match &self.name {
            Some(name) if name == kind => Ok(kind),
            name => Err(format!("`{kind}` is named {name:?}")),
        }
    }
}

fn events(stream: &[u8]) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    let mut decoder = sse::Decoder::new(usize::MAX);
    let mut take = |event: sse::Event<'_>| {
        let text = String::from_utf8_lossy(&event.data).into_owned();
        let name = event.name.map(|name| String::from_utf8_lossy(&name).into_owned());
        let data = serde_json::from_str(&text).or_else(|_| serde_json::from_str(&paired(&text)));
        events.push(Event { name, data: data.unwrap_or_default(), text });
    };
    decoder.push(stream, &mut take).map_err(|error| error.to_string())?;
    if !decoder.at_boundary() {
        return Err("the stream ends inside of an event".into());
    }
    std::str::from_utf8(stream).map_err(|error| error.to_string())?;
    Ok(events)
}

/// `json` without the escapes of surrogates: JSON allows lone ones, of which no `Value` can be made.
fn paired(json: &str) -> String {
    let mut pieces = json.split("\\u");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let escaped = !text.bytes().rev().take_while(|byte| *byte == b'\\').count().is_multiple_of(2);
        let surrogate =
            matches!(piece.as_bytes(), [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
        text.push_str("\\u");
        match piece.get(4..).filter(|_| surrogate && !escaped) {
            Some(rest) => text.extend(["fffd", rest]),
            None => text.push_str(piece),
        }
    }
    text
}

/// `Err` with `why` unless `fine`.
fn must(fine: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if fine { Ok(()) } else { Err(why()) }
}

fn text<'v>(value: &'v Value, name: &str) -> Result<&'v str, String> {
    value[name].as_str().ok_or_else(|| format!("`{name}` is no string in {value}"))
}

fn count(value: &Value, name: &str) -> Result<u64, String> {
    value[name].as_u64().ok_or_else(|| format!("`{name}` is no count in {value}"))
}
