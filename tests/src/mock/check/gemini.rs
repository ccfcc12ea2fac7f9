//! What Gemini refuses in its contents. <https://ai.google.dev/api/caching#Content>,
//! <https://ai.google.dev/gemini-api/docs/thought-signatures>

use serde_json::Value;

use super::{Problem, foreign, list, refuse, safe_name, text};
use crate::mock::issued::Issued;

/// Fields of other protocols.
const FOREIGN: &[&str] = &[
    "input",
    "instructions",
    "max_tokens",
    "messages",
    "metadata",
    "model",
    "response_format",
    "stop",
    "stream",
    "stream_options",
    "system",
    "thinking",
    "tool_choice",
];

/// One of them makes a part.
const PARTS: &[&str] = &[
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

/// Said for a call whose own signature nobody knows.
const SKIPPED: &[&str] = &["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];

/// What `Schema` has, unlike JSON Schema.
const SCHEMA: &[&str] = &[
    "additionalProperties",
    "anyOf",
    "default",
    "defs",
    "description",
    "enum",
    "example",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "nullable",
    "pattern",
    "properties",
    "propertyOrdering",
    "ref",
    "required",
    "title",
    "type",
];

pub(super) fn check(body: &Value, issued: &Issued) -> Result<(), Problem> {
    foreign(body, FOREIGN)?;
    let config = &body["generationConfig"];
    schema(&config["responseSchema"]).map_err(|problem| problem.at("generationConfig.responseSchema"))?;
    functions(body)?;
    let mut open: Vec<&Value> = Vec::new();
    for (index, content) in list(body, "contents").iter().enumerate() {
        let at = |problem: Problem| problem.at(format!("contents[{index}]"));
        if list(content, "parts").is_empty() {
            return refuse("parts must not be empty.").map_err(at);
        }
        answered(content, &mut open).map_err(at)?;
        let mut calls = list(content, "parts").iter().filter(|part| !part["functionCall"].is_null());
        for part in list(content, "parts") {
            one(part).map_err(at)?;
        }
        if let Some(first) = calls.next() {
            signed(first, issued).map_err(at)?;
            open = std::iter::once(first).chain(calls).map(|part| &part["functionCall"]).collect();
        }
    }
    if open.is_empty() {
        Ok(())
    } else {
        refuse("a function call turn must be followed by function responses")
    }
}

/// A turn of calls is followed by as many responses, of the same names.
fn answered(content: &Value, open: &mut Vec<&Value>) -> Result<(), Problem> {
    let responses = list(content, "parts").iter().map(|part| &part["functionResponse"]);
    let responses: Vec<_> = responses.filter(|response| !response.is_null()).collect();
    if responses.len() != open.len() {
        return refuse(
            "Please ensure that the number of function response parts is equal to the number of function \
             call parts of the function call turn.",
        );
    }
    for response in responses {
        let same = |call: &&Value| {
            let ids = (text(call, "id"), text(response, "id"));
            call["name"] == response["name"] && (ids.0.is_empty() || ids.1.is_empty() || ids.0 == ids.1)
        };
        let Some(at) = open.iter().position(same) else {
            return refuse(format!("no function call fits the response {response}"));
        };
        open.remove(at);
        if !response["response"].is_object() {
            return refuse("function_response.response: should be an object");
        }
    }
    Ok(())
}

fn one(part: &Value) -> Result<(), Problem> {
    let data = PARTS.iter().filter(|name| !part[**name].is_null()).count();
    if data != 1 {
        return refuse(format!("a part must have exactly one kind of data: {part}"));
    }
    let inline = &part["inlineData"];
    if !inline.is_null() && (mime(inline).is_empty() || text(inline, "data").is_empty()) {
        return refuse("inline_data: mime_type and data are required");
    }
    let call = &part["functionCall"];
    if !(call["args"].is_null() || call["args"].is_object()) {
        return refuse("function_call.args: should be an object");
    }
    Ok(())
}

/// Google's own SDK writes both.
fn mime(inline: &Value) -> &str {
    if inline["mime_type"].is_null() { text(inline, "mimeType") } else { text(inline, "mime_type") }
}

/// The first call of a turn brings its signature along.
fn signed(part: &Value, issued: &Issued) -> Result<(), Problem> {
    let (signature, call) = (text(part, "thoughtSignature"), &part["functionCall"]);
    let known = issued.called(text(call, "id"));
    if known.is_some_and(|known| known.name != text(call, "name")) {
        return refuse("the function call has another name than it had");
    }
    if signature.is_empty() {
        return match known.and_then(|known| known.seal.as_ref()) {
            Some(_) => refuse("Function call is missing a thought_signature in functionCall parts."),
            None => Ok(()),
        };
    }
    if issued.thinking(signature).is_none() && !SKIPPED.contains(&signature) {
        return refuse("Thought signature is not valid.");
    }
    Ok(())
}

fn functions(body: &Value) -> Result<(), Problem> {
    let tools = list(body, "tools").iter();
    let mut names = Vec::new();
    for function in tools.flat_map(|tool| list(tool, "functionDeclarations")) {
        let name = text(function, "name");
        if names.contains(&name)
            || !safe_name(name, 64, "-_.:")
            || name.starts_with(|it: char| it.is_ascii_digit())
        {
            return refuse(format!("function_declarations: '{name}' is taken or not allowed"));
        }
        names.push(name);
        if !function["parameters"].is_null() && !function["parametersJsonSchema"].is_null() {
            return refuse(
                "function_declarations: only one of parameters and parameters_json_schema may be set",
            );
        }
        schema(&function["parameters"]).map_err(|problem| problem.at(format!("{name}.parameters")))?;
    }
    Ok(())
}

/// Gemini's own kind of schema knows no other keyword.
fn schema(value: &Value) -> Result<(), Problem> {
    let Some(fields) = value.as_object() else { return Ok(()) };
    if let Some(unknown) = fields.keys().find(|key| !SCHEMA.contains(&key.as_str())) {
        return refuse(format!("Invalid JSON payload received. Unknown name \"{unknown}\""));
    }
    if value["type"].is_array() {
        return refuse("Proto field is not repeating, cannot start list: type");
    }
    schema(&value["items"])?;
    list(value, "anyOf").iter().try_for_each(schema)?;
    value["properties"].as_object().into_iter().flatten().try_for_each(|(_, property)| schema(property))
}
