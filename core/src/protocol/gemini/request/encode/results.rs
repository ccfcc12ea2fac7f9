//! What tools said. <https://ai.google.dev/api/caching#FunctionResponse>

use std::borrow::Cow;

use serde_json::Value;

use super::media;
use crate::codec::json;
use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{Block, Ext, Losses, Raw, ResultContent, ToolCall, ToolResult};
use crate::protocol::gemini::wire::part::{FunctionResponse, Part, Written, object_of};

/// The name is the call's, not what the client may have written, and never the id.
pub(super) fn encode<'a>(
    result: &'a ToolResult,
    name: Cow<'a, str>,
    origin: Protocol,
    compat: &'a Compat,
    lost: &mut Losses,
) -> Part<'a> {
    if result.cache.is_some() {
        lost.dropped("cache_control");
    }
    let ext = (origin == Protocol::Gemini).then_some(&result.ext);
    if ext.is_none() {
        result.ext.keys().for_each(|field| lost.dropped(format!("ext.{field}")));
    }
    let failed = result.is_error == Some(true);
    let (response, parts) = match &result.content {
        ResultContent::Text(text) => (said(text, failed), Vec::new()),
        ResultContent::Json(raw) => (json(raw, failed), Vec::new()),
        ResultContent::Blocks(blocks) => {
            let (texts, shown) = of_blocks(blocks, origin, compat, lost);
            let silent = texts.is_empty() && !shown.is_empty() && !failed;
            let response =
                if silent { Raw::from(Value::Object(Ext::new())) } else { said(&texts.join("\n"), failed) };
            (response, shown)
        }
    };
    let function_response = FunctionResponse {
        id: result.call_id.as_str().into(),
        name,
        response,
        parts,
        ext: ext.map(Cow::Borrowed).unwrap_or_default(),
    };
    Part { function_response: Some(function_response), ..Part::default() }
}

/// Stands for a result that never came.
pub(super) fn missing<'a>(call: &'a ToolCall, name: Cow<'a, str>) -> Part<'a> {
    let function_response = FunctionResponse {
        id: call.id.as_str().into(),
        name,
        response: object_of("error", "The call was not answered."),
        parts: Vec::new(),
        ext: Cow::default(),
    };
    Part { function_response: Some(function_response), ..Part::default() }
}

/// A result of no call, in words.
pub(super) fn orphan(result: &ToolResult, lost: &mut Losses) -> String {
    let said = match &result.content {
        ResultContent::Text(text) => text.clone(),
        ResultContent::Json(raw) => raw.get().to_owned(),
        ResultContent::Blocks(blocks) => media::text_of(blocks, lost),
    };
    let what = if result.is_error == Some(true) { "Error" } else { "Result" };
    format!("{what} of the tool call {}:\n{said}", result.call_id)
}

/// What the blocks say, and what they show.
fn of_blocks<'a>(
    blocks: &'a [Block],
    origin: Protocol,
    compat: &'a Compat,
    lost: &mut Losses,
) -> (Vec<Cow<'a, str>>, Vec<Part<'a>>) {
    let (mut texts, mut shown) = (Vec::new(), Vec::new());
    for block in blocks {
        match media::encode(block, origin, compat, lost) {
            Some(Written::Part(part)) => match part.text {
                Some(text) => texts.push(text),
                None => shown.push(*part),
            },
            Some(Written::Raw(_)) => lost.dropped(format!("items.{}", media::kind(block))),
            None => {}
        }
    }
    (texts, shown)
}

/// An object speaks for itself; any other text goes under the key that Gemini looks for.
fn said(text: &str, failed: bool) -> Raw {
    if failed {
        return object_of("error", text);
    }
    if text.trim_start().starts_with('{')
        && json::from_str::<Ext>(text).is_ok()
        && let Ok(raw) = Raw::parse(text.trim())
    {
        return raw;
    }
    object_of("output", text)
}

fn json(raw: &Raw, failed: bool) -> Raw {
    let value = raw.value();
    match (value.is_object(), failed) {
        (true, false) => raw.clone(),
        (true, true) if value.get("error").is_some() => raw.clone(),
        (_, true) => object_of("error", value),
        (false, false) => object_of("output", value),
    }
}
