//! Required fields and types of JSON bodies.

use serde_json::Value;

use super::{Checked, Problem};
use crate::mock::route::Operation;

/// What a field must be.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Count,
    Flag,
    List,
    /// Not empty.
    Filled,
    Object,
    /// Text, or a list that is not empty.
    Input,
}

pub(super) fn check(operation: Operation, body: &[u8]) -> Result<Checked, Problem> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::new(400, format!("the body is not valid JSON: {error}")))?;
    if !body.is_object() {
        return Err(Problem::new(400, "the body is not a JSON object"));
    }
    for (field, kind) in required(operation) {
        let value = body.get(field).ok_or_else(|| Problem::new(400, format!("{field}: field required")))?;
        expect(field, *kind, value)?;
    }
    for (field, kind) in optional(operation) {
        if let Some(value) = body.get(field).filter(|value| !value.is_null()) {
            expect(field, *kind, value)?;
        }
    }
    items(operation, &body)?;
    let stream =
        operation == Operation::GeminiStream || body.get("stream").and_then(Value::as_bool).unwrap_or(false);
    let model = body.get("model").and_then(Value::as_str).map(str::to_owned);
    Ok(Checked { model, stream, body })
}

fn required(operation: Operation) -> &'static [(&'static str, Kind)] {
    match operation {
        Operation::Messages => {
            &[("model", Kind::Text), ("messages", Kind::Filled), ("max_tokens", Kind::Count)]
        }
        Operation::CountTokens | Operation::Chat => &[("model", Kind::Text), ("messages", Kind::Filled)],
        Operation::Responses | Operation::ResponsesCompact | Operation::ResponsesInputTokens => {
            &[("model", Kind::Text), ("input", Kind::Input)]
        }
        Operation::GeminiGenerate | Operation::GeminiStream => &[("contents", Kind::Filled)],
        Operation::GeminiEmbed => &[("content", Kind::Object)],
        Operation::GeminiBatchEmbed => &[("requests", Kind::Filled)],
        Operation::ImageGenerate => &[("prompt", Kind::Text)],
        Operation::ImageEdit => &[("prompt", Kind::Text), ("images", Kind::Filled)],
        Operation::Embeddings => &[("model", Kind::Text), ("input", Kind::Input)],
        Operation::GeminiCountTokens | Operation::ImageVariation | Operation::Models => &[],
    }
}

fn optional(operation: Operation) -> &'static [(&'static str, Kind)] {
    match operation {
        Operation::Messages | Operation::CountTokens => {
            &[("stream", Kind::Flag), ("tools", Kind::List), ("metadata", Kind::Object)]
        }
        Operation::Chat => &[("stream", Kind::Flag), ("tools", Kind::List), ("stream_options", Kind::Object)],
        Operation::Responses | Operation::ResponsesCompact | Operation::ResponsesInputTokens => {
            &[("stream", Kind::Flag), ("tools", Kind::List), ("instructions", Kind::Text)]
        }
        Operation::GeminiGenerate | Operation::GeminiStream => {
            &[("tools", Kind::List), ("generationConfig", Kind::Object), ("systemInstruction", Kind::Object)]
        }
        Operation::ImageGenerate | Operation::ImageEdit => {
            &[("model", Kind::Text), ("n", Kind::Count), ("stream", Kind::Flag)]
        }
        Operation::Embeddings => &[("dimensions", Kind::Count), ("encoding_format", Kind::Text)],
        _ => &[],
    }
}

fn expect(field: &str, kind: Kind, value: &Value) -> Result<(), Problem> {
    let filled = value.as_array().is_some_and(|list| !list.is_empty());
    let (fits, wanted) = match kind {
        Kind::Text => (value.is_string(), "a string"),
        Kind::Count => (value.is_u64(), "a whole number"),
        Kind::Flag => (value.is_boolean(), "a boolean"),
        Kind::List => (value.is_array(), "a list"),
        Kind::Filled => (filled, "a list with at least one item"),
        Kind::Object => (value.is_object(), "an object"),
        Kind::Input => (value.is_string() || filled, "a string or a list with at least one item"),
    };
    if fits { Ok(()) } else { Err(Problem::new(400, format!("{field}: should be {wanted}"))) }
}

/// Each item of a conversation has what makes it one.
fn items(operation: Operation, body: &Value) -> Result<(), Problem> {
    let (list, roles): (_, &[&str]) = match operation {
        Operation::Messages | Operation::CountTokens => ("messages", &["user", "assistant", "system"]),
        Operation::Chat => ("messages", &["system", "developer", "user", "assistant", "tool", "function"]),
        Operation::GeminiGenerate | Operation::GeminiStream => ("contents", &["user", "model", "function"]),
        _ => return Ok(()),
    };
    for (index, item) in body.get(list).and_then(Value::as_array).into_iter().flatten().enumerate() {
        match item.get("role").map(Value::as_str) {
            Some(Some(role)) if roles.contains(&role) => {}
            None if list == "contents" => {}
            role => return Err(Problem::new(400, format!("{list}.{index}.role: unexpected {role:?}"))),
        }
        let content = if list == "contents" { "parts" } else { "content" };
        if item.get(content).is_none() && item.get("tool_calls").is_none() {
            return Err(Problem::new(400, format!("{list}.{index}.{content}: field required")));
        }
    }
    Ok(())
}
