//! Reads answers the way each protocol's clients do: what was said, how it ended, what went wrong.

use serde_json::Value;

use crate::mock::Protocol;

/// One server-sent event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub name: Option<String>,
    pub data: String,
}

impl Event {
    /// `Null` where the data is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_default()
    }
}

/// The events of a stream; comments are none.
pub fn events(body: &[u8]) -> Vec<Event> {
    let text = String::from_utf8_lossy(body).replace("\r\n", "\n");
    let mut events = Vec::new();
    for block in text.split("\n\n") {
        let field = |line: &str, name: &str| {
            let value = line.strip_prefix(name)?.strip_prefix(':')?;
            Some(value.strip_prefix(' ').unwrap_or(value).to_owned())
        };
        let name = block.lines().find_map(|line| field(line, "event"));
        let data: Vec<_> = block.lines().filter_map(|line| field(line, "data")).collect();
        if !data.is_empty() {
            events.push(Event { name, data: data.join("\n") });
        }
    }
    events
}

/// Whether an event tells of a failure.
pub fn is_error(protocol: Protocol, event: &Event) -> bool {
    let data = event.json();
    let kind = data.get("type").and_then(Value::as_str).unwrap_or_default();
    match protocol {
        Protocol::Messages => kind == "error",
        Protocol::Responses => matches!(kind, "response.failed" | "error"),
        _ => kind == "error" || data.get("error").is_some_and(|error| !error.is_null()),
    }
}

/// Whether an event ends a stream that went well.
pub fn is_clean_end(protocol: Protocol, event: &Event) -> bool {
    let data = event.json();
    let kind = data.get("type").and_then(Value::as_str).unwrap_or_default();
    match protocol {
        Protocol::Messages => kind == "message_stop",
        Protocol::Chat => event.data == "[DONE]",
        Protocol::Responses => matches!(kind, "response.completed" | "response.incomplete"),
        Protocol::Gemini => data.pointer("/candidates/0/finishReason").is_some(),
        Protocol::Images => kind.ends_with(".completed"),
        Protocol::Embeddings => false,
    }
}

/// What is wrong with an error answer's body in the eyes of the protocol's clients.
pub fn error_problem(protocol: Protocol, status: u16, body: &Value) -> Option<String> {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let fits = match protocol {
        Protocol::Messages => text("/type") == Some("error") && text("/error/type").is_some(),
        Protocol::Gemini => {
            body.pointer("/error/code").and_then(Value::as_u64) == Some(u64::from(status))
                && text("/error/status").is_some()
        }
        _ => text("/error/type").is_some() && body.pointer("/error/code").is_some(),
    };
    let fits = fits && text("/error/message").is_some();
    (!fits).then(|| format!("not an error of {}: {body}", protocol.as_str()))
}

/// What an error answer tells people; empty where it says nothing.
pub fn error_message(body: &Value) -> String {
    body.pointer("/error/message").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What a client would show of an answer: its text, or the fact that there is an image or a vector.
pub fn said(protocol: Protocol, stream: bool, body: &[u8]) -> String {
    if stream {
        return events(body).iter().map(|event| said_by(protocol, &event.json())).collect();
    }
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let join = |list: Option<&Value>, pointer: &str| -> String {
        let items = list.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.pointer(pointer).and_then(Value::as_str)).collect()
    };
    match protocol {
        Protocol::Messages => join(body.get("content"), "/text"),
        Protocol::Chat => join(body.get("choices"), "/message/content"),
        Protocol::Responses => join(body.get("output"), "/content/0/text"),
        Protocol::Gemini => join(body.pointer("/candidates/0/content/parts"), "/text"),
        Protocol::Images => body.pointer("/data/0").map(|_| "image".to_owned()).unwrap_or_default(),
        Protocol::Embeddings => body.pointer("/data/0").map(|_| "vector".to_owned()).unwrap_or_default(),
    }
}

fn said_by(protocol: Protocol, data: &Value) -> String {
    let text = |pointer: &str| data.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    match protocol {
        Protocol::Messages => text("/delta/text"),
        Protocol::Chat => text("/choices/0/delta/content"),
        Protocol::Responses if text("/type") == "response.output_text.delta" => text("/delta"),
        Protocol::Gemini => text("/candidates/0/content/parts/0/text"),
        Protocol::Images if text("/type").ends_with(".completed") => "image".to_owned(),
        _ => String::new(),
    }
}
