//! OpenAI Chat's streams. <https://platform.openai.com/docs/api-reference/chat-streaming>

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Event, count, must, text};

/// What all chunks say alike.
const CONSTANT: [&str; 4] = ["id", "object", "created", "model"];

/// One choice so far.
#[derive(Default)]
struct Choice {
    started: bool,
    /// How many calls were opened.
    calls: usize,
    finished: bool,
}

pub(super) fn check(events: &[Event]) -> Result<(), String> {
    let (last, chunks) = events.split_last().ok_or("an empty stream")?;
    let clean = last.text == "[DONE]";
    must(clean || last.data["error"]["message"].is_string(), || format!("ends with {}", last.text))?;
    let mut choices = BTreeMap::<u64, Choice>::new();
    let mut counted = false;
    for event in chunks {
        must(event.name.is_none(), || format!("a named event: {:?}", event.name))?;
        let chunk = &event.data;
        must(chunk["object"] == "chat.completion.chunk", || format!("no chunk: {}", event.text))?;
        must(!text(chunk, "id")?.is_empty(), || "an empty id".into())?;
        count(chunk, "created")?;
        for name in CONSTANT {
            let first = chunks.first().map(|first| &first.data[name]);
            must(first == Some(&chunk[name]), || format!("`{name}` changes to {}", chunk[name]))?;
        }
        must(!counted, || format!("{} after the usage", event.text))?;
        let told = chunk["choices"].as_array().ok_or("no `choices`")?;
        for choice in told {
            choices.entry(count(choice, "index")?).or_default().take(choice)?;
        }
        if chunk["usage"].is_object() {
            must(told.is_empty(), || "usage beside choices".into())?;
            must(choices.values().all(|choice| choice.finished), || "usage before the finish".into())?;
            usage(&chunk["usage"])?;
            counted = true;
        }
    }
    must(!clean || !choices.is_empty(), || "no choice".into())?;
    for choice in choices.values().filter(|_| clean) {
        must(choice.finished, || "a choice does not finish".into())?;
    }
    Ok(())
}

impl Choice {
    fn take(&mut self, choice: &Value) -> Result<(), String> {
        must(!self.finished, || format!("{choice} after its finish"))?;
        let delta = choice["delta"].as_object().ok_or("no `delta`")?;
        let role = delta.get("role").and_then(Value::as_str);
        let expected = if self.started { None } else { Some("assistant") };
        must(role == expected, || format!("role of {choice}"))?;
        self.started = true;
        for name in ["content", "refusal", "reasoning_content"] {
            let fine = delta.get(name).is_none_or(|value| value.is_string() || value.is_null());
            must(fine, || format!("`{name}` of {choice}"))?;
        }
        for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            self.call(call)?;
        }
        if let Some(reason) = choice["finish_reason"].as_str() {
            must(REASONS.contains(&reason), || format!("finish reason `{reason}`"))?;
            self.finished = true;
        }
        Ok(())
    }

    fn call(&mut self, call: &Value) -> Result<(), String> {
        let index = usize::try_from(count(call, "index")?).map_err(|error| error.to_string())?;
        must(index <= self.calls, || format!("call {index} of {}", self.calls))?;
        let body = ["function", "custom"].into_iter().find_map(|kind| call.get(kind)).ok_or("no function")?;
        if index == self.calls {
            must(!text(call, "id")?.is_empty(), || "an empty call id".into())?;
            must(!text(body, "name")?.is_empty(), || "an empty name".into())?;
            text(call, "type")?;
            self.calls += 1;
        } else {
            must(call.get("id").is_none(), || format!("{call} names its id again"))?;
        }
        Ok(())
    }
}

fn usage(usage: &Value) -> Result<(), String> {
    let sum = count(usage, "prompt_tokens")?.saturating_add(count(usage, "completion_tokens")?);
    must(count(usage, "total_tokens")? == sum, || format!("a total that is none: {usage}"))
}

const REASONS: [&str; 5] = ["stop", "length", "tool_calls", "content_filter", "function_call"];
