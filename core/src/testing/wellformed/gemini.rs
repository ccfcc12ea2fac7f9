//! Gemini's streams. <https://ai.google.dev/api/generate-content>

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Event, Leeway, count, must, text};

/// What a part may hold, one of them at most: vendors add more.
const DATA: [&str; 7] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
];

pub(super) fn check(events: &[Event], leeway: Leeway) -> Result<(), String> {
    let (last, before) = events.split_last().ok_or("an empty stream")?;
    let failed = last.data["error"].is_object();
    if failed {
        text(&last.data["error"], "message")?;
        count(&last.data["error"], "code")?;
        text(&last.data["error"], "status")?;
    }
    let mut finished = BTreeMap::<u64, bool>::new();
    let mut blocked = false;
    for event in if failed { before } else { events } {
        must(event.name.is_none(), || format!("a named event: {:?}", event.name))?;
        must(event.data.is_object(), || format!("no object: {}", event.text))?;
        for name in ["responseId", "modelVersion"] {
            let first = events.first().map(|first| &first.data[name]);
            must(first == Some(&event.data[name]), || format!("`{name}` changes to {}", event.data[name]))?;
        }
        for candidate in event.data["candidates"].as_array().into_iter().flatten() {
            let done = finished.entry(candidate["index"].as_u64().unwrap_or_default()).or_default();
            must(!*done, || format!("{candidate} after its finish"))?;
            check_candidate(candidate, leeway)?;
            *done = candidate["finishReason"].is_string();
        }
        blocked |= event.data["promptFeedback"]["blockReason"].is_string();
        if event.data["usageMetadata"].is_object() {
            usage(&event.data["usageMetadata"])?;
        }
    }
    must(failed || blocked || !finished.is_empty(), || "no candidate".into())?;
    must(failed || finished.into_values().all(|done| done), || "a candidate does not finish".into())
}

fn check_candidate(candidate: &Value, leeway: Leeway) -> Result<(), String> {
    let Some(content) = candidate.get("content") else { return Ok(()) };
    must(content["role"] == "model", || format!("role of {content}"))?;
    content["parts"].as_array().into_iter().flatten().try_for_each(|it| part(it, leeway))
}

fn part(part: &Value, leeway: Leeway) -> Result<(), String> {
    let held = DATA.iter().filter(|name| part.get(name).is_some()).count();
    if held > 1 && leeway >= Leeway::Pieces {
        return Ok(());
    }
    must(held <= 1, || format!("a part that holds {held} things: {part}"))?;
    must(part["thought"].is_null() || part["thought"].is_boolean(), || format!("thought of {part}"))?;
    if let Some(call) = part.get("functionCall") {
        let named = leeway >= Leeway::Pieces || !text(call, "name")?.is_empty();
        must(named, || "a call without a name".into())?;
        must(call["args"].is_null() || call["args"].is_object(), || format!("args of {call}"))?;
        must(part.get("thought").is_none(), || format!("a thought that is a call: {part}"))?;
    }
    Ok(())
}

/// The total covers the prompt, what tools added to it, the answer and the thoughts.
fn usage(usage: &Value) -> Result<(), String> {
    let part = |name: &str| usage[name].as_u64().unwrap_or_default();
    let sum = ["promptTokenCount", "toolUsePromptTokenCount", "candidatesTokenCount", "thoughtsTokenCount"]
        .into_iter()
        .fold(0, |sum: u64, name| sum.saturating_add(part(name)));
    must(count(usage, "totalTokenCount")? == sum, || format!("a total that is none: {usage}"))
}
