//! OpenAI Chat Completions. <https://platform.openai.com/docs/api-reference/chat-streaming>

use serde_json::{Value, json};

use super::{CACHED_TOKENS, Call, Event, INPUT_TOKENS, OUTPUT_TOKENS, Said, THINKING_TOKENS};
use crate::mock::ask::Ask;

pub(super) const CREATED: u64 = 1_760_000_000;

pub(super) fn value(ask: &Ask, said: &Said<'_>) -> Value {
    let mut message = json!({ "role": "assistant", "content": said.whole(), "refusal": null });
    let fields = message.as_object_mut();
    if let Some(fields) = fields {
        if let Some(thinking) = said.thinking {
            fields.insert("reasoning_content".to_owned(), json!(thinking));
        }
        if !said.calls.is_empty() {
            let calls: Vec<_> = said.calls.iter().map(|call| whole(call, &call.arguments)).collect();
            fields.insert("tool_calls".to_owned(), json!(calls));
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
    deltas.extend(said.thoughts().iter().map(|thought| json!({ "reasoning_content": thought })));
    deltas.extend(said.text.iter().map(|text| json!({ "content": text })));
    for (index, call) in said.calls.iter().enumerate() {
        let mut start = whole(call, "");
        if let Some(start) = start.as_object_mut() {
            start.insert("index".to_owned(), json!(index));
        }
        deltas.push(json!({ "tool_calls": [start] }));
    }
    // The calls' arguments arrive in turns.
    for half in [|[head, _]: [_; 2]| head, |[_, tail]: [_; 2]| tail] {
        for (index, call) in said.calls.iter().enumerate() {
            let part: &str = half(call.halves());
            let more = match call.free {
                true => json!({ "index": index, "custom": { "input": part } }),
                false => json!({ "index": index, "function": { "arguments": part } }),
            };
            deltas.push(json!({ "tool_calls": [more] }));
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
    if said.calls.is_empty() { "stop" } else { "tool_calls" }
}

fn whole(call: &Call, arguments: &str) -> Value {
    match call.free {
        true => {
            json!({ "id": call.id, "type": "custom", "custom": { "name": call.name, "input": arguments } })
        }
        false => {
            json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": arguments } })
        }
    }
}
