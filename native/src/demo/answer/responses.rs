//! OpenAI Responses: <https://platform.openai.com/docs/api-reference/responses-streaming>

use serde_json::{Value, json};

use super::{Ask, SENTENCE, id, named, now, output_tokens, words};

pub(in crate::demo) fn whole(ask: &Ask) -> Value {
    Answer::new(ask).response("completed", json!([item(&id("msg_"), "completed")]), true)
}

pub(in crate::demo) fn stream(ask: &Ask) -> Vec<String> {
    let answer = Answer::new(ask);
    let item_id = id("msg_");
    let started = || answer.response("in_progress", json!([]), false);
    let part = |text: &str| json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] });
    let place =
        |kind: &str| json!({ "type": kind, "item_id": item_id, "output_index": 0, "content_index": 0 });
    let mut events = vec![
        json!({ "type": "response.created", "response": started() }),
        json!({ "type": "response.in_progress", "response": started() }),
        json!({
            "type": "response.output_item.added",
            "output_index": 0,
            "item": { "id": item_id, "type": "message", "status": "in_progress", "role": "assistant", "content": [] },
        }),
        with(place("response.content_part.added"), "part", part("")),
    ];
    events.extend(words().map(|word| {
        with(with(place("response.output_text.delta"), "delta", json!(word)), "logprobs", json!([]))
    }));
    events.extend([
        with(with(place("response.output_text.done"), "text", json!(SENTENCE)), "logprobs", json!([])),
        with(place("response.content_part.done"), "part", part(SENTENCE)),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item(&item_id, "completed") }),
        json!({
            "type": "response.completed",
            "response": answer.response("completed", json!([item(&item_id, "completed")]), true),
        }),
    ]);
    let numbered = events.into_iter().enumerate();
    numbered.map(|(number, event)| named(&with(event, "sequence_number", json!(number)))).collect()
}

struct Answer<'a> {
    ask: &'a Ask,
    id: String,
    created_at: u64,
}

impl<'a> Answer<'a> {
    fn new(ask: &'a Ask) -> Self {
        Self { ask, id: id("resp_"), created_at: now() }
    }

    fn response(&self, status: &str, output: Value, ended: bool) -> Value {
        let (input_tokens, output_tokens) = (self.ask.input_tokens(), output_tokens());
        let usage = json!({
            "input_tokens": input_tokens,
            "input_tokens_details": { "cached_tokens": 0 },
            "output_tokens": output_tokens,
            "output_tokens_details": { "reasoning_tokens": 0 },
            "total_tokens": input_tokens + output_tokens,
        });
        json!({
            "id": self.id,
            "object": "response",
            "created_at": self.created_at,
            "status": status,
            "error": null,
            "incomplete_details": null,
            "instructions": null,
            "metadata": {},
            "model": self.ask.model,
            "output": output,
            "parallel_tool_calls": true,
            "temperature": 1.0,
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "usage": if ended { usage } else { Value::Null },
        })
    }
}

fn item(id: &str, status: &str) -> Value {
    json!({
        "id": id,
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": [{ "type": "output_text", "text": SENTENCE, "annotations": [], "logprobs": [] }],
    })
}

fn with(mut event: Value, name: &str, value: Value) -> Value {
    if let Some(fields) = event.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    event
}
