//! What the demo upstream says, in each protocol's shape.

pub(super) mod chat;
pub(super) mod gemini;
pub(super) mod messages;
pub(super) mod responses;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_core::platform::{Clock, Entropy};
use serde_json::{Value, json};

use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;

const MODEL: &str = "demo";
const SENTENCE: &str =
    "Hello from the demo upstream behind Causeway. It speaks every protocol and says only this.";
/// One transparent pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const EMBEDDING: [f32; 8] = [0.5, -0.25, 0.125, 0.0, 0.375, -0.5, 0.25, 0.125];

/// What of a request matters for the answer.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) model: String,
    /// Chat: usage was asked for in the stream.
    pub(super) usage_in_stream: bool,
    base64: bool,
    inputs: usize,
    length: usize,
}

impl Ask {
    pub(super) fn read(body: &Value) -> Self {
        let inputs = body.get("input").and_then(Value::as_array);
        // A list of numbers is one input, given as tokens.
        let inputs = inputs.filter(|inputs| !inputs.iter().any(Value::is_number)).map_or(1, Vec::len);
        Self {
            model: body.get("model").and_then(Value::as_str).unwrap_or(MODEL).to_owned(),
            usage_in_stream: body.pointer("/stream_options/include_usage") == Some(&Value::Bool(true)),
            base64: body.get("encoding_format").and_then(Value::as_str) == Some("base64"),
            inputs,
            length: body.to_string().len(),
        }
    }

    pub(super) fn of(self, model: &str) -> Self {
        Self { model: model.to_owned(), ..self }
    }

    /// A rough guess, as good as a demo needs.
    pub(super) fn input_tokens(&self) -> usize {
        self.length / 4
    }
}

fn output_tokens() -> usize {
    words().count()
}

/// The sentence in pieces that give it when put together.
fn words() -> impl Iterator<Item = &'static str> {
    SENTENCE.split_inclusive(' ')
}

fn id(prefix: &str) -> String {
    format!("{prefix}{:016x}", SystemEntropy.word())
}

fn now() -> u64 {
    SystemClock.now().as_secs()
}

/// <https://platform.openai.com/docs/api-reference/models/list>
pub(super) fn models() -> Value {
    json!({
        "object": "list",
        "data": [{ "id": MODEL, "object": "model", "created": now(), "owned_by": "causeway" }],
    })
}

/// <https://ai.google.dev/api/models#method:-models.list>
pub(super) fn gemini_models() -> Value {
    json!({
        "models": [{
            "name": format!("models/{MODEL}"),
            "displayName": "Demo",
            "supportedGenerationMethods": ["generateContent", "countTokens"],
        }],
    })
}

/// <https://platform.openai.com/docs/api-reference/images/object>
pub(super) fn image(ask: &Ask) -> Value {
    json!({
        "created": now(),
        "data": [{ "b64_json": PNG }],
        "usage": {
            "input_tokens": ask.input_tokens(),
            "input_tokens_details": { "text_tokens": ask.input_tokens(), "image_tokens": 0 },
            "output_tokens": 1,
            "total_tokens": ask.input_tokens() + 1,
        },
    })
}

/// <https://platform.openai.com/docs/api-reference/embeddings/object>. The official SDKs ask for base64 of
/// little-endian floats on their own.
pub(super) fn embedding(ask: &Ask) -> Value {
    let vector = if ask.base64 {
        Value::from(STANDARD.encode(EMBEDDING.map(f32::to_le_bytes).as_flattened()))
    } else {
        Value::from(EMBEDDING.to_vec())
    };
    let one = |index| json!({ "object": "embedding", "index": index, "embedding": vector });
    json!({
        "object": "list",
        "model": ask.model,
        "data": (0..ask.inputs).map(one).collect::<Vec<_>>(),
        "usage": { "prompt_tokens": ask.input_tokens(), "total_tokens": ask.input_tokens() },
    })
}

fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// An event whose name repeats the type in its data.
fn named(value: &Value) -> String {
    let name = value.get("type").and_then(Value::as_str).unwrap_or_default();
    format!("event: {name}\ndata: {value}\n\n")
}
