//! Gemini. <https://ai.google.dev/api/generate-content>

use serde_json::{Value, json};

use super::{CACHED_TOKENS, Call, Event, INPUT_TOKENS, OUTPUT_TOKENS, Said, THINKING_TOKENS, seal};
use crate::mock::ask::Ask;

pub(super) fn value(ask: &Ask, said: &Said<'_>) -> Value {
    let mut parts = Vec::new();
    if let Some(thinking) = said.thinking {
        parts.push(thought(thinking));
    }
    if !said.text.is_empty() {
        parts.push(json!({ "text": said.whole() }));
    }
    parts.extend(calls(ask, said));
    chunk(ask, parts, true)
}

pub(super) fn events(ask: &Ask, said: &Said<'_>) -> Vec<Event> {
    let mut parts: Vec<Value> = said.thoughts().into_iter().map(thought).collect();
    parts.extend(said.text.iter().map(|text| json!({ "text": text })));
    parts.extend(calls(ask, said));
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

/// The first of parallel calls is signed for all of them.
fn calls(ask: &Ask, said: &Said<'_>) -> Vec<Value> {
    let part = |(index, call): (usize, &Call)| {
        let call = json!({ "id": call.id, "name": call.name, "args": call.value() });
        match index {
            0 => json!({ "functionCall": call, "thoughtSignature": seal(ask.protocol, ask.serial) }),
            _ => json!({ "functionCall": call }),
        }
    };
    said.calls.iter().enumerate().map(part).collect()
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
