//! What a well-behaved vendor answers, as values and as stream events.

mod chat;
mod embeddings;
mod gemini;
mod images;
mod messages;
mod models;
mod responses;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::ask::Ask;
use super::behaviour::Reply;
use super::error;
use super::issued::Issued;
use super::route::{Operation, Protocol};

/// Said where nobody told what to say.
pub(super) const TEXT: &str = "Hello from the mock upstream.";

/// Tokens of every answer, so that tests can name them.
const INPUT_TOKENS: u64 = 21;
const CACHED_TOKENS: u64 = 4;
const OUTPUT_TOKENS: u64 = 9;
const THINKING_TOKENS: u64 = 3;

/// What an answer says, in order.
struct Said<'a> {
    thinking: Option<&'a str>,
    text: Vec<String>,
    calls: Vec<Call>,
}

/// One of the tools that an answer calls.
struct Call {
    id: String,
    name: String,
    /// JSON, or the text of a tool that takes free text.
    arguments: String,
    free: bool,
}

impl<'a> Said<'a> {
    fn new(ask: &Ask, reply: &'a Reply) -> Self {
        let wanted = reply.tool.iter().chain(&reply.tools);
        let calls = wanted.filter_map(|tool| Some((ask.callable(&tool.name)?, &tool.arguments)));
        let calls = calls.enumerate().map(|(index, (tool, arguments))| {
            let prefix = if ask.protocol == Protocol::Messages { "toolu" } else { "call" };
            let text = arguments.get("input").and_then(Value::as_str).filter(|_| tool.free);
            Call {
                id: format!("{prefix}_mock_{}_{index}", ask.serial),
                name: tool.name,
                arguments: text.map_or_else(|| arguments.to_string(), str::to_owned),
                free: tool.free,
            }
        });
        Self { thinking: reply.thinking.as_deref(), text: pieces(ask, reply), calls: calls.collect() }
    }

    fn whole(&self) -> String {
        self.text.concat()
    }

    /// The thinking by words.
    fn thoughts(&self) -> Vec<&'a str> {
        self.thinking.unwrap_or_default().split_inclusive(' ').collect()
    }
}

impl Call {
    /// The arguments in two pieces.
    fn halves(&self) -> [&str; 2] {
        halves(&self.arguments)
    }

    fn value(&self) -> Value {
        serde_json::from_str(&self.arguments).unwrap_or_default()
    }
}

/// A text in two pieces.
fn halves(text: &str) -> [&str; 2] {
    let (head, tail) = text.split_at(text.floor_char_boundary(text.len() / 2));
    [head, tail]
}

/// Opaque to clients, different in each answer, and to be replayed as it is.
pub(super) fn seal(protocol: Protocol, serial: u64) -> String {
    let kind = match protocol {
        Protocol::Messages => "signature",
        Protocol::Gemini => "a-thought",
        _ => "encrypted",
    };
    STANDARD.encode(format!("mock-{kind}-{serial:06}"))
}

/// What the client must bring back unchanged.
pub(super) fn issued(ask: &Ask, reply: &Reply) -> Issued {
    let said = Said::new(ask, reply);
    let mut issued = Issued::default();
    if reply.body.is_some() {
        return issued;
    }
    let seal = seal(ask.protocol, ask.serial);
    let thinking = said.thinking.unwrap_or_default();
    let sealed = match ask.protocol {
        Protocol::Gemini => true,
        Protocol::Messages => said.thinking.is_some(),
        Protocol::Responses => said.thinking.is_some() || ask.operation == Operation::ResponsesCompact,
        Protocol::Chat | Protocol::Images | Protocol::Embeddings => false,
    };
    if sealed {
        issued.seal(&seal, thinking);
    }
    for (index, call) in said.calls.iter().enumerate() {
        let sealed = ask.protocol == Protocol::Gemini && index == 0;
        issued.call(&call.id, &call.name, thinking, sealed.then_some(seal.as_str()));
    }
    issued
}

/// One event of a stream, before it is framed.
pub(super) struct Event {
    pub(super) name: Option<&'static str>,
    pub(super) data: String,
}

impl Event {
    /// An event whose name is also the `type` of its data, as Anthropic and OpenAI's Responses write them.
    fn named(name: &'static str, data: Value) -> Self {
        Self { name: Some(name), data: data.to_string() }
    }

    fn plain(data: Value) -> Self {
        Self { name: None, data: data.to_string() }
    }

    /// As an SSE event with `\n` line ends.
    pub(super) fn frame(&self) -> Bytes {
        let data = &self.data;
        match self.name {
            Some(name) => format!("event: {name}\ndata: {data}\n\n").into(),
            None => format!("data: {data}\n\n").into(),
        }
    }
}

/// The answer to a request that wants no stream.
pub(super) fn value(ask: &Ask, reply: &Reply) -> Value {
    let said = Said::new(ask, reply);
    match ask.operation {
        Operation::Messages => messages::value(ask, &said),
        Operation::CountTokens => json!({ "input_tokens": INPUT_TOKENS }),
        Operation::Chat => chat::value(ask, &said),
        Operation::Responses => responses::value(ask, &said),
        Operation::ResponsesCompact => responses::compact(ask),
        Operation::ResponsesInputTokens => {
            json!({ "object": "response.input_tokens", "input_tokens": INPUT_TOKENS })
        }
        Operation::GeminiGenerate | Operation::GeminiStream => gemini::value(ask, &said),
        Operation::GeminiCountTokens => gemini::count(),
        Operation::GeminiEmbed => gemini::embed(ask),
        Operation::GeminiBatchEmbed => gemini::batch_embed(ask),
        Operation::ImageGenerate | Operation::ImageEdit | Operation::ImageVariation => images::value(ask),
        Operation::Embeddings => embeddings::value(ask),
        Operation::Models => models::value(ask),
    }
}

/// The events of a stream, the last one terminal.
pub(super) fn events(ask: &Ask, reply: &Reply) -> Vec<Event> {
    let said = Said::new(ask, reply);
    match ask.protocol {
        Protocol::Messages => messages::events(ask, &said),
        Protocol::Chat => chat::events(ask, &said),
        Protocol::Responses => responses::events(ask, &said),
        Protocol::Gemini => gemini::events(ask, &said),
        Protocol::Images => images::events(ask),
        Protocol::Embeddings => Vec::new(),
    }
}

/// The error of a stream that began with status 200.
pub(super) fn error_event(ask: &Ask, status: u16, message: &str) -> Event {
    match ask.protocol {
        Protocol::Messages => Event::named(
            "error",
            json!({ "type": "error", "error": { "type": error::anthropic(status), "message": message } }),
        ),
        Protocol::Responses => responses::failed(ask, message),
        Protocol::Images => Event::named(
            "error",
            json!({ "type": "error", "error": { "type": "server_error", "code": null, "message": message, "param": null } }),
        ),
        Protocol::Chat | Protocol::Gemini | Protocol::Embeddings => {
            Event::plain(error::body(ask.protocol, status, message))
        }
    }
}

/// The text in as many pieces as asked, or by words.
fn pieces(ask: &Ask, reply: &Reply) -> Vec<String> {
    if let Some(structured) = reply.structured.as_ref().filter(|_| ask.wants_json()) {
        return vec![structured.to_string()];
    }
    let text = reply.text.as_deref().unwrap_or(TEXT);
    let Some(wanted) = reply.events else {
        return text.split_inclusive(' ').map(str::to_owned).collect();
    };
    if text.chars().count() < wanted {
        return (0..wanted).map(|index| format!("piece {index} ")).collect();
    }
    let each = text.chars().count().div_ceil(wanted.max(1));
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(each).map(|piece| piece.iter().collect()).collect()
}
