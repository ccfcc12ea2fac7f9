//! Claude Messages. <https://docs.anthropic.com/en/api/messages-streaming>

use serde_json::{Value, json};

use super::{CACHED_TOKENS, Event, INPUT_TOKENS, OUTPUT_TOKENS, Said};
use crate::mock::ask::Ask;

/// Opaque to clients, and replayed by them.
const SIGNATURE: &str = "bW9jay1zaWduYXR1cmU=";

pub(super) fn value(ask: &Ask, said: &Said<'_>) -> Value {
    let mut content = Vec::new();
    if let Some(thinking) = said.thinking {
        content.push(json!({ "type": "thinking", "thinking": thinking, "signature": SIGNATURE }));
    }
    if !said.text.is_empty() {
        content.push(json!({ "type": "text", "text": said.whole() }));
    }
    if let Some((name, arguments)) = &said.tool {
        content.push(json!({ "type": "tool_use", "id": tool_id(ask), "name": name, "input": arguments }));
    }
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
    if let Some(thinking) = said.thinking {
        block(
            json!({ "type": "thinking", "thinking": "", "signature": "" }),
            vec![
                json!({ "type": "thinking_delta", "thinking": thinking }),
                json!({ "type": "signature_delta", "signature": SIGNATURE }),
            ],
        );
    }
    if !said.text.is_empty() {
        let deltas = said.text.iter().map(|text| json!({ "type": "text_delta", "text": text })).collect();
        block(json!({ "type": "text", "text": "" }), deltas);
    }
    if let Some((name, arguments)) = &said.tool {
        let arguments = arguments.to_string();
        let (head, tail) = arguments.split_at(arguments.floor_char_boundary(arguments.len() / 2));
        block(
            json!({ "type": "tool_use", "id": tool_id(ask), "name": name, "input": {} }),
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
        "service_tier": "standard",
    })
}

fn stop_reason(said: &Said<'_>) -> &'static str {
    if said.tool.is_some() { "tool_use" } else { "end_turn" }
}

fn tool_id(ask: &Ask) -> String {
    format!("toolu_mock_{}", ask.serial)
}

fn set(object: &mut Value, field: &str, value: Value) {
    if let Some(slot) = object.get_mut(field) {
        *slot = value;
    }
}
