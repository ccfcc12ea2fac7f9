//! Gemini. <https://ai.google.dev/api/generate-content>

use serde_json::{Value, json};

use super::{CACHED_TOKENS, Event, INPUT_TOKENS, OUTPUT_TOKENS, Said, THINKING_TOKENS};
use crate::mock::ask::Ask;

/// Opaque to clients, and replayed by them.
const SIGNATURE: &str = "bW9jay10aG91Z2h0";

pub(super) fn value(ask: &Ask, said: &Said<'_>) -> Value {
    let mut parts = Vec::new();
    if let Some(thinking) = said.thinking {
        parts.push(thought(thinking));
    }
    if !said.text.is_empty() {
        parts.push(json!({ "text": said.whole() }));
    }
    parts.extend(call(ask, said));
    chunk(ask, parts, true)
}

pub(super) fn events(ask: &Ask, said: &Said<'_>) -> Vec<Event> {
    let mut parts: Vec<Value> = said.thinking.map(thought).into_iter().collect();
    parts.extend(said.text.iter().map(|text| json!({ "text": text })));
    parts.extend(call(ask, said));
    let last = parts.len().saturating_sub(1);
    parts
        .into_iter()
        .enumerate()
        .map(|(index, part)| Event::plain(chunk(ask, vec![part], index == last)))
        .collect()
}

pub(super) fn count() -> Value {
    json!({
        "totalTokens": INPUT_TOKENS,
        "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": INPUT_TOKENS }],
    })
}

pub(super) fn embed(ask: &Ask) -> Value {
    json!({ "embedding": vector(ask.number("/outputDimensionality")) })
}

pub(super) fn batch_embed(ask: &Ask) -> Value {
    let requests = ask.body.get("requests").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let embeddings: Vec<_> = requests
        .iter()
        .map(|request| vector(request.get("outputDimensionality").and_then(Value::as_u64)))
        .collect();
    json!({ "embeddings": embeddings })
}

fn vector(dimensions: Option<u64>) -> Value {
    json!({ "values": super::embeddings::vector(dimensions) })
}

fn thought(text: &str) -> Value {
    json!({ "text": text, "thought": true })
}

fn call(ask: &Ask, said: &Said<'_>) -> Option<Value> {
    let (name, arguments) = said.tool.as_ref()?;
    let call = json!({ "id": format!("call_mock_{}", ask.serial), "name": name, "args": arguments });
    Some(json!({ "functionCall": call, "thoughtSignature": SIGNATURE }))
}

fn chunk(ask: &Ask, parts: Vec<Value>, last: bool) -> Value {
    let mut candidate = json!({ "content": { "parts": parts, "role": "model" }, "index": 0 });
    let mut usage = json!({
        "promptTokenCount": INPUT_TOKENS,
        "cachedContentTokenCount": CACHED_TOKENS,
        "totalTokenCount": INPUT_TOKENS,
    });
    if last {
        if let Some(candidate) = candidate.as_object_mut() {
            candidate.insert("finishReason".to_owned(), json!("STOP"));
        }
        usage = json!({
            "promptTokenCount": INPUT_TOKENS,
            "cachedContentTokenCount": CACHED_TOKENS,
            "candidatesTokenCount": OUTPUT_TOKENS - THINKING_TOKENS,
            "thoughtsTokenCount": THINKING_TOKENS,
            "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS,
        });
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": ask.model,
        "responseId": format!("mock-{}", ask.serial),
    })
}
