//! OpenAI Responses. <https://platform.openai.com/docs/api-reference/responses-streaming>

use serde_json::{Value, json};

use super::chat::CREATED;
use super::{CACHED_TOKENS, Event, INPUT_TOKENS, OUTPUT_TOKENS, Said, THINKING_TOKENS, halves, seal};
use crate::mock::ask::Ask;

pub(super) fn value(ask: &Ask, said: &Said<'_>) -> Value {
    response(ask, "completed", &items(ask, said), true)
}

pub(super) fn compact(ask: &Ask) -> Value {
    json!({
        "id": format!("resp_mock_{}", ask.serial),
        "object": "response.compaction",
        "created_at": CREATED,
        "output": [{
            "type": "compaction",
            "id": format!("cmp_mock_{}", ask.serial),
            "encrypted_content": seal(ask.protocol, ask.serial),
        }],
        "usage": usage(),
    })
}

pub(super) fn events(ask: &Ask, said: &Said<'_>) -> Vec<Event> {
    let mut events = Events(Vec::new());
    events.push("response.created", json!({ "response": response(ask, "in_progress", &[], false) }));
    events.push("response.in_progress", json!({ "response": response(ask, "in_progress", &[], false) }));
    let items = items(ask, said);
    for (index, item) in items.iter().enumerate() {
        match item.get("type").and_then(Value::as_str) {
            Some("reasoning") => events.reasoning(index, item, &said.thoughts()),
            Some("message") => events.message(index, item, &said.text),
            Some("custom_tool_call") => events.custom(index, item),
            _ => events.call(index, item),
        }
    }
    events.push("response.completed", json!({ "response": response(ask, "completed", &items, true) }));
    events.0
}

/// The terminal event of an answer that failed.
pub(super) fn failed(ask: &Ask, message: &str) -> Event {
    let mut response = response(ask, "failed", &[], false);
    if let Some(error) = response.get_mut("error") {
        *error = json!({ "code": "server_error", "message": message });
    }
    Event::named(
        "response.failed",
        json!({ "type": "response.failed", "sequence_number": 99, "response": response }),
    )
}

struct Events(Vec<Event>);

impl Events {
    fn push(&mut self, name: &'static str, fields: Value) {
        let mut data = json!({ "type": name, "sequence_number": self.0.len() });
        if let (Some(data), Value::Object(fields)) = (data.as_object_mut(), fields) {
            data.extend(fields);
        }
        self.0.push(Event::named(name, data));
    }

    fn added(&mut self, index: usize, item: &Value, blank: &[(&str, Value)]) {
        let mut item = item.clone();
        for (field, value) in blank {
            if let Some(slot) = item.get_mut(field) {
                *slot = value.clone();
            }
        }
        self.push("response.output_item.added", json!({ "output_index": index, "item": item }));
    }

    fn done(&mut self, index: usize, item: &Value) {
        self.push("response.output_item.done", json!({ "output_index": index, "item": item }));
    }

    fn reasoning(&mut self, index: usize, item: &Value, thoughts: &[&str]) {
        let text = thoughts.concat();
        let at = json!({ "item_id": item["id"], "output_index": index, "summary_index": 0 });
        self.added(index, item, &[("summary", json!([]))]);
        let part = json!({ "type": "summary_text", "text": "" });
        self.push("response.reasoning_summary_part.added", with(&at, "part", part));
        for thought in thoughts {
            self.push("response.reasoning_summary_text.delta", with(&at, "delta", json!(thought)));
        }
        self.push("response.reasoning_summary_text.done", with(&at, "text", json!(text)));
        let part = json!({ "type": "summary_text", "text": text });
        self.push("response.reasoning_summary_part.done", with(&at, "part", part));
        self.done(index, item);
    }

    fn message(&mut self, index: usize, item: &Value, pieces: &[String]) {
        let at = json!({ "item_id": item["id"], "output_index": index, "content_index": 0 });
        self.added(index, item, &[("status", json!("in_progress")), ("content", json!([]))]);
        self.push("response.content_part.added", with(&at, "part", text_part("")));
        for piece in pieces {
            let delta = with(&at, "delta", json!(piece));
            self.push("response.output_text.delta", with(&delta, "logprobs", json!([])));
        }
        let text = pieces.concat();
        let done = with(&at, "text", json!(text));
        self.push("response.output_text.done", with(&done, "logprobs", json!([])));
        self.push("response.content_part.done", with(&at, "part", text_part(&text)));
        self.done(index, item);
    }

    fn call(&mut self, index: usize, item: &Value) {
        let at = json!({ "item_id": item["id"], "output_index": index });
        let arguments = item["arguments"].as_str().unwrap_or_default();
        self.added(index, item, &[("status", json!("in_progress")), ("arguments", json!(""))]);
        for part in halves(arguments) {
            self.push("response.function_call_arguments.delta", with(&at, "delta", json!(part)));
        }
        let done = with(&at, "name", item["name"].clone());
        self.push("response.function_call_arguments.done", with(&done, "arguments", json!(arguments)));
        self.done(index, item);
    }

    fn custom(&mut self, index: usize, item: &Value) {
        let at = json!({ "item_id": item["id"], "output_index": index });
        let input = item["input"].as_str().unwrap_or_default();
        self.added(index, item, &[("status", json!("in_progress")), ("input", json!(""))]);
        for part in halves(input) {
            self.push("response.custom_tool_call_input.delta", with(&at, "delta", json!(part)));
        }
        self.push("response.custom_tool_call_input.done", with(&at, "input", json!(input)));
        self.done(index, item);
    }
}

fn items(ask: &Ask, said: &Said<'_>) -> Vec<Value> {
    let serial = ask.serial;
    let mut items = Vec::new();
    if let Some(thinking) = said.thinking {
        items.push(json!({
            "id": format!("rs_mock_{serial}"),
            "type": "reasoning",
            "summary": [{ "type": "summary_text", "text": thinking }],
            "encrypted_content": seal(ask.protocol, ask.serial),
        }));
    }
    if !said.text.is_empty() {
        items.push(json!({
            "id": format!("msg_mock_{serial}"),
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [text_part(&said.whole())],
        }));
    }
    for (index, call) in said.calls.iter().enumerate() {
        let (kind, prefix, slot) = match call.free {
            true => ("custom_tool_call", "ctc", "input"),
            false => ("function_call", "fc", "arguments"),
        };
        items.push(json!({
            "id": format!("{prefix}_mock_{serial}_{index}"),
            "type": kind,
            "status": "completed",
            "call_id": call.id,
            "name": call.name,
            slot: call.arguments,
        }));
    }
    items
}

fn response(ask: &Ask, status: &str, output: &[Value], ended: bool) -> Value {
    json!({
        "id": format!("resp_mock_{}", ask.serial),
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "background": false,
        "error": null,
        "incomplete_details": null,
        "instructions": ask.body.get("instructions"),
        "max_output_tokens": null,
        "metadata": {},
        "model": ask.model,
        "output": output,
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": { "effort": null, "summary": null },
        "service_tier": "default",
        "store": false,
        "temperature": 1.0,
        "text": { "format": { "type": "text" } },
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": if ended { usage() } else { Value::Null },
        "user": null,
    })
}

fn usage() -> Value {
    json!({
        "input_tokens": INPUT_TOKENS,
        "input_tokens_details": { "cached_tokens": CACHED_TOKENS },
        "output_tokens": OUTPUT_TOKENS,
        "output_tokens_details": { "reasoning_tokens": THINKING_TOKENS },
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
    })
}

fn text_part(text: &str) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
}

fn with(object: &Value, field: &str, value: Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
    object
}
