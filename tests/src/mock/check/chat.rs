//! What OpenAI, and vendors that follow it, refuse in a chat. <https://platform.openai.com/docs/api-reference/chat/create>,
//! <https://api-docs.deepseek.com/guides/thinking_mode>

use serde_json::Value;

use super::{Problem, foreign, list, refuse, safe_name, text};
use crate::mock::issued::Issued;

/// Fields of other protocols.
const FOREIGN: &[&str] = &[
    "contents",
    "generationConfig",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "output_config",
    "stop_sequences",
    "system",
    "systemInstruction",
    "text",
    "truncation",
];

/// Parts of a user's or a tool's content; the assistant's may also be a refusal.
const PARTS: &[&str] = &["text", "image_url", "input_audio", "file", "video_url"];

pub(super) fn check(body: &Value, issued: &Issued) -> Result<(), Problem> {
    foreign(body, FOREIGN)?;
    options(body)?;
    let mut open: Vec<&str> = Vec::new();
    for (index, message) in list(body, "messages").iter().enumerate() {
        let at = |problem: Problem| problem.at(format!("messages[{index}]"));
        let role = text(message, "role");
        if role == "tool" {
            let id = text(message, "tool_call_id");
            let Some(position) = open.iter().position(|wanted| *wanted == id) else {
                return refuse("a message of role `tool` must follow the message with its `tool_calls`")
                    .map_err(at);
            };
            open.remove(position);
        } else if let Some(id) = open.first() {
            return refuse(format!("`tool_calls` must be followed by tool messages, missing: {id}"))
                .map_err(at);
        }
        content(message, role).map_err(at)?;
        for call in list(message, "tool_calls") {
            tool_call(message, call, issued).map_err(at)?;
            open.push(text(call, "id"));
        }
    }
    match open.first() {
        Some(id) => refuse(format!("`tool_calls` must be followed by tool messages, missing: {id}")),
        None => Ok(()),
    }
}

fn options(body: &Value) -> Result<(), Problem> {
    if !body["stream_options"].is_null() && body["stream"] != true {
        return refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.");
    }
    if !body["max_tokens"].is_null() && !body["max_completion_tokens"].is_null() {
        return refuse("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.");
    }
    if list(body, "tools").is_empty() {
        for field in ["tool_choice", "parallel_tool_calls"] {
            if !body[field].is_null() {
                return refuse(format!("'{field}' is only allowed when 'tools' are specified."));
            }
        }
        if body["tools"].is_array() {
            return refuse("[] is too short - 'tools'");
        }
    }
    for (index, tool) in list(body, "tools").iter().enumerate() {
        let name = match text(tool, "type") {
            "function" => text(&tool["function"], "name"),
            "custom" => text(&tool["custom"], "name"),
            kind => return refuse(format!("Invalid value: '{kind}' for tools[{index}].type")),
        };
        if !safe_name(name, 64, "-_") {
            return refuse(format!("Invalid tools[{index}].function.name: '{name}'"));
        }
    }
    let format = &body["response_format"];
    if format["type"] == "json_schema" && text(&format["json_schema"], "name").is_empty() {
        return refuse("Missing required parameter: 'response_format.json_schema.name'.");
    }
    Ok(())
}

fn content(message: &Value, role: &str) -> Result<(), Problem> {
    if message["content"].is_null() && (role != "assistant" || list(message, "tool_calls").is_empty()) {
        return refuse("content: field required");
    }
    for part in list(message, "content") {
        let kind = text(part, "type");
        let fits = match role {
            "user" => PARTS.contains(&kind),
            "assistant" => ["text", "refusal"].contains(&kind),
            "tool" => ["text", "image_url"].contains(&kind),
            _ => kind == "text",
        };
        if !fits {
            return refuse(format!("unexpected part `{kind}` in a message of role `{role}`"));
        }
        if kind == "image_url" && text(&part["image_url"], "url").is_empty() {
            return refuse("image_url.url: field required");
        }
    }
    Ok(())
}

fn tool_call(message: &Value, call: &Value, issued: &Issued) -> Result<(), Problem> {
    let id = text(call, "id");
    if id.is_empty() || id.len() > 40 {
        return refuse(format!("tool_calls.id: should have 1 to 40 characters: '{id}'"));
    }
    let strings = |it: &Value, fields: [&str; 2]| fields.iter().all(|field| it[*field].is_string());
    let whole = match text(call, "type") {
        "function" => strings(&call["function"], ["name", "arguments"]),
        "custom" => strings(&call["custom"], ["name", "input"]),
        _ => false,
    };
    if !whole {
        return refuse(format!("tool_calls: incomplete: {call}"));
    }
    // As DeepSeek, which wants back what was thought before a call.
    match issued.called(id) {
        Some(known) if !known.thinking.is_empty() && text(message, "reasoning_content") != known.thinking => {
            refuse("The `reasoning_content` in the thinking mode must be passed back to the API.")
        }
        _ => Ok(()),
    }
}
