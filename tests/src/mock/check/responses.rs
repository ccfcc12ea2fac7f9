//! What OpenAI refuses in the items of a response. <https://platform.openai.com/docs/api-reference/responses/create>

use serde_json::Value;

use super::{Problem, foreign, list, refuse, safe_name, text};
use crate::mock::issued::Issued;

/// Fields of other protocols.
const FOREIGN: &[&str] = &[
    "contents",
    "functions",
    "generationConfig",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "n",
    "output_config",
    "reasoning_effort",
    "response_format",
    "seed",
    "stop",
    "stop_sequences",
    "system",
    "thinking",
];

/// Item types, and what their ids begin with where somebody looks.
const ITEMS: &[(&str, &str)] = &[
    ("message", "msg"),
    ("reasoning", "rs"),
    ("function_call", "fc"),
    ("function_call_output", ""),
    ("custom_tool_call", "ctc"),
    ("custom_tool_call_output", ""),
    ("local_shell_call", ""),
    ("local_shell_call_output", ""),
    ("shell_call", ""),
    ("shell_call_output", ""),
    ("apply_patch_call", ""),
    ("apply_patch_call_output", ""),
    ("tool_search_call", ""),
    ("tool_search_output", ""),
    ("web_search_call", ""),
    ("file_search_call", ""),
    ("code_interpreter_call", ""),
    ("image_generation_call", ""),
    ("computer_call", ""),
    ("computer_call_output", ""),
    ("mcp_call", ""),
    ("mcp_list_tools", ""),
    ("mcp_approval_request", ""),
    ("mcp_approval_response", ""),
    ("compaction", ""),
    ("compaction_trigger", ""),
    ("additional_tools", ""),
    ("configuration_update", ""),
    ("item_reference", ""),
];

pub(super) fn check(body: &Value, issued: &Issued) -> Result<(), Problem> {
    foreign(body, FOREIGN)?;
    options(body)?;
    let items = list(body, "input");
    let stored = !body["previous_response_id"].is_null() || !body["conversation"].is_null();
    let mut open: Vec<&str> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let at = |problem: Problem| problem.at(format!("input[{index}]"));
        let kind = kind(item);
        one(item, kind, issued).map_err(at)?;
        let call = text(item, "call_id");
        if call.len() > 64 {
            return refuse("call_id: string too long, expected a maximum length of 64").map_err(at);
        }
        if kind.ends_with("_call") && !call.is_empty() {
            open.push(call);
        } else if kind.ends_with("_output") && !(call.is_empty() && kind == "tool_search_output") {
            match open.iter().position(|wanted| *wanted == call) {
                Some(position) => drop(open.remove(position)),
                None if stored => {}
                None => {
                    return refuse(format!(
                        "No tool call found for function call output with call_id {call}."
                    ))
                    .map_err(at);
                }
            }
        }
        let next = items.get(index + 1).map(self::kind);
        if kind == "reasoning"
            && !next.is_some_and(|next| next == "message" || next.contains("_call"))
            && next != Some("reasoning")
        {
            return refuse("Item of type 'reasoning' was provided without its required following item.")
                .map_err(at);
        }
    }
    match open.first() {
        Some(call) => refuse(format!("No tool output found for function call {call}.")),
        None => Ok(()),
    }
}

/// A message need not say that it is one.
fn kind(item: &Value) -> &str {
    if item["type"].is_null() && !item["role"].is_null() { "message" } else { text(item, "type") }
}

fn options(body: &Value) -> Result<(), Problem> {
    if body.pointer("/stream_options/include_usage").is_some() {
        return refuse("Unknown parameter: 'stream_options.include_usage'.");
    }
    if body["max_output_tokens"].as_u64().is_some_and(|tokens| tokens < 16) {
        return refuse("Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16.");
    }
    for (index, tool) in list(body, "tools").iter().enumerate() {
        if tool["type"].is_null() {
            return refuse(format!("Missing required parameter: 'tools[{index}].type'."));
        }
        let named = ["function", "custom", "namespace"].contains(&text(tool, "type"));
        if named && !safe_name(text(tool, "name"), 128, "-_") {
            return refuse(format!("Invalid 'tools[{index}].name'."));
        }
    }
    let format = body.pointer("/text/format").unwrap_or(&Value::Null);
    if format["type"] == "json_schema" && (text(format, "name").is_empty() || !format["schema"].is_object()) {
        return refuse("Missing required parameter: 'text.format.name' or 'text.format.schema'.");
    }
    Ok(())
}

fn one(item: &Value, kind: &str, issued: &Issued) -> Result<(), Problem> {
    let Some((_, prefix)) = ITEMS.iter().find(|(name, _)| *name == kind) else {
        return refuse(format!("Invalid value: '{kind}'."));
    };
    let id = text(item, "id");
    if !id.is_empty() && !id.starts_with(prefix) {
        return refuse(format!("Invalid 'id': '{id}'. Expected an ID that begins with '{prefix}'."));
    }
    let missing = |fields: &[&str]| match fields.iter().find(|field| !item[**field].is_string()) {
        Some(field) => refuse(format!("Missing required parameter: '{field}'.")),
        None => Ok(()),
    };
    match kind {
        "message" => message(item),
        "reasoning" => match item["encrypted_content"].as_str() {
            Some(sealed) if issued.thinking(sealed).is_none() => {
                refuse("The encrypted content could not be verified.")
            }
            _ if !item["summary"].is_array() => refuse("Missing required parameter: 'summary'."),
            _ => Ok(()),
        },
        "compaction" => match issued.thinking(text(item, "encrypted_content")) {
            None => refuse("The encrypted content could not be verified."),
            Some(_) => Ok(()),
        },
        "function_call" => missing(&["call_id", "name", "arguments"]),
        "custom_tool_call" => missing(&["call_id", "name", "input"]),
        "function_call_output" | "custom_tool_call_output" if item["output"].is_null() => {
            refuse("Missing required parameter: 'output'.")
        }
        "function_call_output" | "custom_tool_call_output" => missing(&["call_id"]),
        _ => Ok(()),
    }
}

fn message(item: &Value) -> Result<(), Problem> {
    let role = text(item, "role");
    let parts: &[&str] = match role {
        "user" | "system" | "developer" => &["input_text", "input_image", "input_file", "input_audio"],
        "assistant" => &["output_text", "refusal"],
        _ => return refuse(format!("Invalid value: '{role}'.")),
    };
    for part in list(item, "content") {
        let kind = text(part, "type");
        if !parts.contains(&kind) {
            return refuse(format!("Invalid value: '{kind}' in a message of role '{role}'."));
        }
        if kind == "input_image" && part["image_url"].is_null() && part["file_id"].is_null() {
            return refuse("Missing required parameter: 'image_url'.");
        }
    }
    if item["content"].is_null() { refuse("Missing required parameter: 'content'.") } else { Ok(()) }
}
