//! Tools and how they may be called. <https://ai.google.dev/api/caching#Tool>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::document::Document;
use crate::config::Protocol;
use crate::config::compat::{Compat, SchemaStyle};
use crate::ir::{Ext, Losses, Raw, Request, Tool, ToolChoice, ToolKind};
use crate::protocol::gemini::schema;

/// Characters of a function's name at most.
const MAX_NAME: usize = 128;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<&'a Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Value>,
    #[serde(flatten)]
    ext: Option<&'a Ext>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Functions<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    Functions(Functions<'a>),
    Builtin(&'a Raw),
}

/// Fills in `tools` and `toolConfig`.
pub(super) fn encode(request: &Request, compat: &Compat, rest: &mut Document, lost: &mut Losses) {
    if compat.tools == Some(false) {
        if !request.tools.is_empty() {
            lost.dropped("tools");
        }
        return;
    }
    let (mut functions, mut entries) = (Vec::new(), Vec::new());
    for tool in &request.tools {
        match &tool.kind {
            ToolKind::Function { parameters, strict } => {
                if *strict == Some(true) {
                    lost.dropped("tools.strict");
                }
                functions.extend(function(tool, parameters.as_ref(), request.origin, compat, lost));
            }
            ToolKind::Builtin { owner: Protocol::Gemini, raw, .. } => entries.push(Entry::Builtin(raw)),
            ToolKind::Builtin { kind, .. } => lost.dropped(format!("tools.{kind}")),
            ToolKind::Custom { .. } => lost.dropped("tools.custom"),
        }
    }
    if !functions.is_empty() {
        entries.insert(0, Entry::Functions(Functions { function_declarations: functions }));
    }
    if !entries.is_empty() {
        rest.set("tools", "tools", &entries, lost);
        if let Some(choice) = &request.tool_choice {
            self::choice(choice, compat, rest, lost);
        }
    }
    if request.parallel_tool_calls == Some(false) {
        lost.dropped("parallel_tool_calls");
    }
}

fn function<'a>(
    tool: &'a Tool,
    parameters: Option<&'a Raw>,
    origin: Protocol,
    compat: &Compat,
    lost: &mut Losses,
) -> Option<Declaration<'a>> {
    for (set, feature) in
        [(tool.cache.is_some(), "cache_control"), (tool.defer_loading == Some(true), "tools.defer_loading")]
    {
        if set {
            lost.dropped(feature);
        }
    }
    if origin != Protocol::Gemini {
        tool.ext.keys().for_each(|field| lost.dropped(format!("ext.{field}")));
    }
    if tool.namespace.is_some() {
        lost.approximated("tools.namespace");
    }
    if !is_name(&tool.name) {
        lost.dropped("tools.name");
        return None;
    }
    let openapi = compat.schema == Some(SchemaStyle::Openapi);
    Some(Declaration {
        name: &tool.name,
        description: tool.description.as_deref(),
        parameters: parameters
            .filter(|_| openapi)
            .and_then(|schema| schema::to_openapi(&schema.value(), lost)),
        parameters_json_schema: parameters.filter(|_| !openapi),
        ext: Some(&tool.ext).filter(|ext| origin == Protocol::Gemini && !ext.is_empty()),
    })
}

/// A letter or underscore, then those, digits, dots, colons and dashes.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.len() <= MAX_NAME
        && name.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte)
}

/// The name under which a call is shown; one that Gemini would refuse is made to fit.
pub(super) fn called<'a>(name: &'a str, lost: &mut Losses) -> Cow<'a, str> {
    if is_name(name) {
        return Cow::Borrowed(name);
    }
    lost.approximated("tools.name");
    let fitting = name.chars().map(|letter| match u8::try_from(letter) {
        Ok(byte) if is_name_byte(byte) => letter,
        _ => '_',
    });
    Cow::Owned(std::iter::once('_').chain(fitting).take(MAX_NAME).collect())
}

/// <https://ai.google.dev/gemini-api/docs/function-calling#function_calling_modes>
fn choice(choice: &ToolChoice, compat: &Compat, rest: &mut Document, lost: &mut Losses) {
    let free = compat.forced_tools == Some(false);
    let (mode, names) = match choice {
        ToolChoice::None => ("NONE", Vec::new()),
        ToolChoice::Auto => ("AUTO", Vec::new()),
        _ if free => {
            lost.approximated("tool_choice");
            ("AUTO", Vec::new())
        }
        ToolChoice::Required => ("ANY", Vec::new()),
        ToolChoice::Named { name, .. } => ("ANY", vec![name.as_str()]),
        ToolChoice::Allowed { required, names } => {
            (if *required { "ANY" } else { "VALIDATED" }, names.iter().map(String::as_str).collect())
        }
        ToolChoice::Builtin { .. } => {
            lost.approximated("tool_choice");
            ("AUTO", Vec::new())
        }
    };
    let config = rest.within("toolConfig").within("functionCallingConfig");
    config.set("mode", "tool_choice", mode, lost);
    if !names.is_empty() {
        config.set("allowedFunctionNames", "tool_choice", names, lost);
    }
}
