//! OpenAI Chat Completions. <https://platform.openai.com/docs/api-reference/chat-streaming>

use serde_json::{Value, json};

use super::{CACHED_TOKENS, Event, INPUT_TOKENS, OUTPUT_TOKENS, Said, THINKING_TOKENS};
use crate::mock::ask::Ask;

pub(super) const CREATED: u64 = 1_760_000_000;

pub(super) fn value(ask: &Ask, said: &Said<'_>) -> Value {
    let mut message = json!({ "role": "assistant", "content": said.whole(), "refusal": null });
    let fields = message.as_object_mut();
    if let Some(fields) = fields {
        if let Some(thinking) = said.thinking {
            fields.insert("reasoning_content".to_owned(), json!(thinking));
        }
        if let Some((name, arguments)) = &said.tool {
            let call = json!({
                "id": tool_id(ask),
                "type": "function",
                "function": { "name": name, "arguments": arguments.to_string() },
            });
            fields.insert("tool_calls".to_owned(), json!([call]));
        }
    }
    json!({
        "id": format!("chatcmpl-mock-{}", ask.serial),
        "object": "chat.completion",
        "created": CREATED,
        "model": ask.model,
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(said) }],
        "usage": usage(),
        "system_fingerprint": "fp_mock",
    })
}

pub(super) fn events(ask: &Ask, said: &Said<'_>) -> Vec<Event> {
    let chunk = |delta: Value, finish: Option<&str>| {
        json!({
            "id": format!("chatcmpl-mock-{}", ask.serial),
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": ask.model,
            "system_fingerprint": "fp_mock",
            "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }],
        })
    };
    let mut deltas = vec![json!({ "role": "assistant", "content": "", "refusal": null })];
    if let Some(thinking) = said.thinking {
        deltas.push(json!({ "reasoning_content": thinking }));
    }
    deltas.extend(said.text.iter().map(|text| json!({ "content": text })));
    if let Some((name, arguments)) = &said.tool {
        let arguments = arguments.to_string();
        let (head, tail) = arguments.split_at(arguments.floor_char_boundary(arguments.len() / 2));
        deltas.push(json!({ "tool_calls": [{
            "index": 0,
            "id": tool_id(ask),
            "type": "function",
            "function": { "name": name, "arguments": "" },
        }] }));
        for part in [head, tail] {
            deltas.push(json!({ "tool_calls": [{ "index": 0, "function": { "arguments": part } }] }));
        }
    }
    let mut events: Vec<_> = deltas.into_iter().map(|delta| Event::plain(chunk(delta, None))).collect();
    events.push(Event::plain(chunk(json!({}), Some(finish_reason(said)))));
    if ask.wants_usage() {
        events.push(Event::plain(json!({
            "id": format!("chatcmpl-mock-{}", ask.serial),
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": ask.model,
            "system_fingerprint": "fp_mock",
            "choices": [],
            "usage": usage(),
        })));
    }
    events.push(Event { name: None, data: "[DONE]".to_owned() });
    events
}

fn usage() -> Value {
    json!({
        "prompt_tokens": INPUT_TOKENS,
        "completion_tokens": OUTPUT_TOKENS,
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
        "prompt_tokens_details": { "cached_tokens": CACHED_TOKENS, "audio_tokens": 0 },
        "completion_tokens_details": { "reasoning_tokens": THINKING_TOKENS, "audio_tokens": 0 },
    })
}

fn finish_reason(said: &Said<'_>) -> &'static str {
    if said.tool.is_some() { "tool_calls" } else { "stop" }
}

fn tool_id(ask: &Ask) -> String {
    format!("call_mock_{}", ask.serial)
}
