//! What Claude refuses in a conversation. <https://docs.anthropic.com/en/api/errors>

use serde_json::Value;

use super::{Problem, foreign, list, refuse, safe_name, text};
use crate::mock::issued::Issued;

/// Fields of other protocols.
const FOREIGN: &[&str] = &[
    "contents",
    "functions",
    "generationConfig",
    "input",
    "instructions",
    "max_completion_tokens",
    "max_output_tokens",
    "parallel_tool_calls",
    "prompt_cache_key",
    "reasoning",
    "reasoning_effort",
    "response_format",
    "seed",
    "stop",
    "store",
    "stream_options",
    "text",
];

/// Blocks of an assistant's turn; all others are the user's.
const ASSISTANT: &[&str] =
    &["text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "fallback", "compaction"];

pub(super) fn check(body: &Value, issued: &Issued) -> Result<(), Problem> {
    foreign(body, FOREIGN)?;
    thinking(body)?;
    tools(body)?;
    let turns: Vec<_> = list(body, "messages").iter().filter(|turn| text(turn, "role") != "system").collect();
    let mut open: Vec<&str> = Vec::new();
    for (index, turn) in turns.iter().enumerate() {
        let role = text(turn, "role");
        if role != if index % 2 == 0 { "user" } else { "assistant" } {
            return refuse(format!("messages.{index}: roles must alternate, beginning with the user"));
        }
        if turn["content"] == "" || turn["content"].as_array().is_some_and(Vec::is_empty) {
            return refuse(format!("messages.{index}: content must be non-empty"));
        }
        results(turn, &mut open).map_err(|problem| problem.at(format!("messages.{index}")))?;
        for (position, block) in list(turn, "content").iter().enumerate() {
            let checked = match role {
                "assistant" => said(block, issued),
                _ => asked(block),
            };
            checked.map_err(|problem| problem.at(format!("messages.{index}.content.{position}")))?;
            if text(block, "type") == "tool_use" {
                open.push(text(block, "id"));
            }
        }
    }
    if let Some(id) = open.first() {
        return refuse(format!("`tool_use` ids were found without `tool_result` blocks: {id}"));
    }
    let last = turns.iter().rev().find(|turn| text(turn, "role") == "assistant");
    let calls =
        last.is_some_and(|turn| list(turn, "content").iter().any(|it| text(it, "type") == "tool_use"));
    let first = last.and_then(|turn| list(turn, "content").first()).map_or("", |block| text(block, "type"));
    if text(&body["thinking"], "type") == "enabled" && calls && !first.ends_with("thinking") {
        return refuse(format!("Expected `thinking` or `redacted_thinking`, but found `{first}`"));
    }
    Ok(())
}

/// Each call of the turn before is answered, once, before anything else is said.
fn results(turn: &Value, open: &mut Vec<&str>) -> Result<(), Problem> {
    let mut others = false;
    for block in list(turn, "content") {
        if text(block, "type") != "tool_result" {
            others = true;
            continue;
        }
        let id = text(block, "tool_use_id");
        let Some(at) = open.iter().position(|wanted| *wanted == id) else {
            return refuse(format!("unexpected `tool_use_id` found in `tool_result` blocks: {id}"));
        };
        open.remove(at);
        if others {
            return refuse("`tool_result` blocks must come first");
        }
    }
    match open.first() {
        Some(id) => refuse(format!("`tool_use` ids were found without `tool_result` blocks: {id}")),
        None => Ok(()),
    }
}

fn said(block: &Value, issued: &Issued) -> Result<(), Problem> {
    let kind = text(block, "type");
    if !ASSISTANT.contains(&kind) && !kind.ends_with("_tool_result") {
        return refuse(format!("unexpected block `{kind}` of the assistant"));
    }
    match kind {
        "text" if text(block, "text").is_empty() => refuse("text content blocks must be non-empty"),
        "thinking" => match issued.thinking(text(block, "signature")) {
            Some(thinking) if ["", thinking].contains(&text(block, "thinking")) => Ok(()),
            _ => refuse("Invalid `signature` in `thinking` block"),
        },
        "tool_use" if !block["input"].is_object() => refuse("input: should be an object"),
        "tool_use" if !safe_name(text(block, "id"), 256, "-_") => refuse("id: should match ^[a-zA-Z0-9_-]+$"),
        _ => Ok(()),
    }
}

fn asked(block: &Value) -> Result<(), Problem> {
    match text(block, "type") {
        "text" if text(block, "text").is_empty() => refuse("text content blocks must be non-empty"),
        "text" | "search_result" | "container_upload" => Ok(()),
        "image" | "document" => source(&block["source"]),
        "tool_result" => list(block, "content").iter().try_for_each(asked),
        kind => refuse(format!("unexpected block `{kind}` of the user")),
    }
}

fn source(source: &Value) -> Result<(), Problem> {
    let fields: &[&str] = match text(source, "type") {
        "base64" | "text" => &["media_type", "data"],
        "url" => &["url"],
        "file" => &["file_id"],
        "content" => return Ok(()),
        kind => return refuse(format!("unexpected source `{kind}`")),
    };
    match fields.iter().find(|field| text(source, field).is_empty()) {
        Some(field) => refuse(format!("source.{field}: field required")),
        None => Ok(()),
    }
}

fn thinking(body: &Value) -> Result<(), Problem> {
    let thinking = &body["thinking"];
    if !["enabled", "adaptive"].contains(&text(thinking, "type")) {
        return Ok(());
    }
    if thinking["type"] == "enabled" {
        let budget = thinking["budget_tokens"].as_u64().unwrap_or_default();
        if budget < 1024 || budget >= body["max_tokens"].as_u64().unwrap_or_default() {
            return refuse("thinking.budget_tokens: should be at least 1024 and less than `max_tokens`");
        }
    }
    if body["temperature"].as_f64().is_some_and(|temperature| temperature != 1.0) || !body["top_k"].is_null()
    {
        return refuse(
            "`temperature` may only be set to 1, and `top_k` not at all, when thinking is enabled",
        );
    }
    if ["any", "tool"].contains(&text(&body["tool_choice"], "type")) {
        return refuse("Thinking may not be enabled when tool_choice forces tool use.");
    }
    Ok(())
}

fn tools(body: &Value) -> Result<(), Problem> {
    let mut names = Vec::new();
    for (index, tool) in list(body, "tools").iter().enumerate() {
        let (kind, name) = (text(tool, "type"), text(tool, "name"));
        let own = ["", "custom"].contains(&kind);
        if names.contains(&name) || !safe_name(name, 128, "-_") {
            return refuse(format!(
                "tools.{index}.name: should be unique and match ^[a-zA-Z0-9_-]{{1,128}}$"
            ));
        }
        if own && text(&tool["input_schema"], "type") != "object" {
            return refuse(format!("tools.{index}.input_schema.type: should be `object`"));
        }
        names.push(name);
    }
    if names.is_empty() && !body["tool_choice"].is_null() && text(&body["tool_choice"], "type") != "none" {
        return refuse("tool_choice may only be specified while providing tools");
    }
    Ok(())
}
