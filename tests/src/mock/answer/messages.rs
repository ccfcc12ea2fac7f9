//! Claude Messages. <https://docs.anthropic.com/en/api/messages-streaming>

use serde_json::{Value, json};

use super::{CACHED_TOKENS, Call, Event, INPUT_TOKENS, OUTPUT_TOKENS, Said, THINKING_TOKENS, seal};
use crate::mock::ask::Ask;

pub(super) fn value(ask: &Ask, said: &Said<'_>) -> Value {
    let mut content = Vec::new();
    if let Some(thinking) = said.thinking {
        let signature = seal(ask.protocol, ask.serial);
        content.push(json!({ "type": "thinking", "thinking": thinking, "signature": signature }));
    }
    if !said.text.is_empty() {
        content.push(json!({ "type": "text", "text": said.whole() }));
    }
    content.extend(said.calls.iter().map(|call| tool_use(call, call.value())));
    let mut message = message(ask, content);
    set(&mut message, "stop_reason", json!(stop_reason(said)));
    set(&mut message, "usage", usage(OUTPUT_TOKENS));
    message
}

pub(super) fn events(ask: &Ask, said: &Said<'_>) -> Vec<Event> {
    let mut events = vec![
        Event::named(
            "message_start",
            json!({ "type": "message_start", "message": message(ask, Vec::new()) }),
        ),
        Event::named("ping", json!({ "type": "ping" })),
    ];
    let mut index = 0;
    let mut block = |start: Value, deltas: Vec<Value>| {
        events.push(Event::named(
            "content_block_start",
            json!({ "type": "content_block_start", "index": index, "content_block": start }),
        ));
        for delta in deltas {
            events.push(Event::named(
                "content_block_delta",
                json!({ "type": "content_block_delta", "index": index, "delta": delta }),
            ));
        }
        events.push(Event::named(
            "content_block_stop",
            json!({ "type": "content_block_stop", "index": index }),
        ));
        index += 1;
    };
    if said.thinking.is_some() {
        let thoughts = said.thoughts();
        let deltas = thoughts.iter().map(|thought| json!({ "type": "thinking_delta", "thinking": thought }));
        let signature = json!({ "type": "signature_delta", "signature": seal(ask.protocol, ask.serial) });
        block(
            json!({ "type": "thinking", "thinking": "", "signature": "" }),
            deltas.chain([signature]).collect(),
        );
    }
    if !said.text.is_empty() {
        let deltas = said.text.iter().map(|text| json!({ "type": "text_delta", "text": text })).collect();
        block(json!({ "type": "text", "text": "" }), deltas);
    }
    for call in &said.calls {
        let [head, tail] = call.halves();
        block(
            tool_use(call, json!({})),
            ["", head, tail]
                .iter()
                .map(|part| json!({ "type": "input_json_delta", "partial_json": part }))
                .collect(),
        );
    }
    events.push(Event::named(
        "message_delta",
        json!({
            "type": "message_delta",
            "delta": { "stop_reason": stop_reason(said), "stop_sequence": null },
            "usage": usage(OUTPUT_TOKENS),
        }),
    ));
    events.push(Event::named("message_stop", json!({ "type": "message_stop" })));
    events
}

fn message(ask: &Ask, content: Vec<Value>) -> Value {
    json!({
        "id": format!("msg_mock_{}", ask.serial),
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": content,
        "stop_reason": null,
        "stop_sequence": null,
        "usage": usage(1),
    })
}

fn usage(output: u64) -> Value {
    json!({
        "input_tokens": INPUT_TOKENS - CACHED_TOKENS,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": CACHED_TOKENS,
        "output_tokens": output,
        "output_tokens_details": { "thinking_tokens": THINKING_TOKENS.min(output) },
        "service_tier": "standard",
    })
}

fn stop_reason(said: &Said<'_>) -> &'static str {
    if said.calls.is_empty() { "end_turn" } else { "tool_use" }
}

fn tool_use(call: &Call, input: Value) -> Value {
    json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": input })
}

fn set(object: &mut Value, field: &str, value: Value) {
    if let Some(slot) = object.get_mut(field) {
        *slot = value;
    }
}
