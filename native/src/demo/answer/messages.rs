//! Claude Messages: <https://docs.claude.com/en/api/messages-streaming>

use serde_json::{Value, json};

use super::{Ask, SENTENCE, id, named, output_tokens, words};

pub(in crate::demo) fn whole(ask: &Ask) -> Value {
    message(ask, json!([{ "type": "text", "text": SENTENCE }]), json!("end_turn"), output_tokens())
}

pub(in crate::demo) fn stream(ask: &Ask) -> Vec<String> {
    let delta = |word| json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": word } });
    let mut events = vec![
        json!({ "type": "message_start", "message": message(ask, json!([]), Value::Null, 1) }),
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
        json!({ "type": "ping" }),
    ];
    events.extend(words().map(delta));
    events.extend([
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({
            "type": "message_delta",
            "delta": { "stop_reason": "end_turn", "stop_sequence": null },
            "usage": { "output_tokens": output_tokens() },
        }),
        json!({ "type": "message_stop" }),
    ]);
    events.iter().map(named).collect()
}

fn message(ask: &Ask, content: Value, stop_reason: Value, output: usize) -> Value {
    json!({
        "id": id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": null,
        "usage": { "input_tokens": ask.input_tokens(), "output_tokens": output },
    })
}
