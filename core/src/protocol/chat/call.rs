//! A whole tool call, as requests repeat it and answers that are not streamed tell it.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::answer::{NO_ARGUMENTS, extra_content, tool_name};
use crate::ir::{CallKind, Ext, Losses, ToolCall};

#[derive(Serialize)]
pub(super) struct Call<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<Function<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<Custom<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<Value>,
    #[serde(flatten)]
    ext: Option<&'a Ext>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: Cow<'a, str>,
    arguments: &'a str,
}

#[derive(Serialize)]
struct Custom<'a> {
    name: Cow<'a, str>,
    input: &'a str,
}

impl<'a> Call<'a> {
    pub(super) fn of(call: &'a ToolCall, ext: Option<&'a Ext>, lost: &mut Losses) -> Self {
        let name = tool_name(&call.name, call.namespace.as_deref());
        let arguments = call.arguments.as_str();
        let (function, custom) = if call.kind == CallKind::Custom {
            (None, Some(Custom { name, input: arguments }))
        } else {
            let arguments = if arguments.trim().is_empty() { NO_ARGUMENTS } else { arguments };
            (Some(Function { name, arguments }), None)
        };
        let extra_content = extra_content(call.sealed.as_ref());
        if call.sealed.is_some() && extra_content.is_none() {
            lost.dropped("reasoning.sealed");
        }
        let kind = if custom.is_some() { "custom" } else { "function" };
        Self { id: &call.id, kind, function, custom, extra_content, ext }
    }
}
