//! Items and parts as they are written, in requests and answers.
//! <https://developers.openai.com/api/reference/resources/responses/methods/create>

use std::borrow::Cow;

use serde::Serialize;

use crate::config::Protocol;
use crate::ir::{CallKind, Citation, Ext, Raw, ToolCall};

/// Any item; each kind has only some of the fields.
#[derive(Default, Serialize)]
pub(super) struct Item<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phase: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<Vec<Part<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Vec<Content<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encrypted_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) call_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) execution: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<Said<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<Said<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation: Option<Said<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output: Option<Said<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tools: Option<Said<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_format: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<Option<&'a str>>,
    #[serde(flatten)]
    pub(super) ext: Option<&'a Ext>,
}

/// A string, or something else.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Said<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Content<'a>>),
    Raw(Cow<'a, Raw>),
}

/// A part in its place.
#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(target_pointer_width = "64", expect(clippy::large_enum_variant, reason = "nearly all are parts"))]
pub(super) enum Content<'a> {
    Part(Part<'a>),
    Raw(&'a Raw),
}

/// Any part; each kind has only some of the fields.
#[derive(Default, Serialize)]
pub(super) struct Part<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) annotations: Option<Vec<Annotation<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs: Option<List<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_url: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filename: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input_audio: Option<InputAudio<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt_cache_breakpoint: Option<Breakpoint>,
}

#[derive(Serialize)]
pub(super) struct InputAudio<'a> {
    pub(super) data: &'a str,
    pub(super) format: &'a str,
}

/// <https://developers.openai.com/api/docs/guides/prompt-caching>
#[derive(Serialize)]
pub(super) struct Breakpoint {
    pub(super) mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<&'static str>,
}

/// A list that must be there.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum List<'a> {
    Empty([(); 0]),
    Raw(&'a Raw),
}

/// What a piece of text rests on.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Annotation<'a> {
    Url { r#type: &'static str, url: &'a str, title: &'a str, start_index: u64, end_index: u64 },
    Raw(&'a Raw),
}

impl<'a> Part<'a> {
    pub(super) fn text(kind: &'a str, text: impl Into<Cow<'a, str>>) -> Self {
        Self { kind, text: Some(text.into()), ..Self::default() }
    }

    /// Text of the model's, whose annotations must be there.
    pub(super) fn output_text(text: impl Into<Cow<'a, str>>, annotations: Vec<Annotation<'a>>) -> Self {
        Self { annotations: Some(annotations), ..Self::text("output_text", text) }
    }

    pub(super) fn refusal(refusal: &'a str) -> Self {
        Self { kind: "refusal", refusal: Some(refusal), ..Self::default() }
    }
}

impl<'a> List<'a> {
    pub(super) fn of(list: Option<&'a Raw>) -> Self {
        list.map_or(Self::Empty([]), Self::Raw)
    }
}

impl<'a> Annotation<'a> {
    /// `None` for a citation in another vendor's words. Without offsets, all of the text is meant.
    pub(super) fn of(citation: &'a Citation, text: &str) -> Option<Self> {
        match citation {
            Citation::Url { url, title, start, end, .. } => Some(Self::Url {
                r#type: "url_citation",
                url,
                title: title.as_deref().unwrap_or_default(),
                start_index: start.unwrap_or(0),
                end_index: end.unwrap_or_else(|| text.chars().count() as u64),
            }),
            Citation::Opaque { owner: Protocol::Responses, raw } => Some(Self::Raw(raw)),
            Citation::Opaque { .. } => None,
        }
    }
}

pub(super) const FUNCTION_CALL: &str = "function_call";

/// A call as its kind is written, without the ids and fields of the item. A call of Codex's whose arguments
/// are no JSON is a function call, so that they get through.
pub(super) fn call<'a>(call: &'a ToolCall, kind: &CallKind, status: Option<&'a str>) -> Item<'a> {
    let item = Item { call_id: Some(&call.id), status, ..Item::default() };
    let object = || Raw::parse(call.arguments.as_str()).ok().map(|raw| Said::Raw(Cow::Owned(raw)));
    let built = match kind {
        CallKind::Custom => {
            return Item {
                kind: "custom_tool_call",
                name: Some(&call.name),
                namespace: call.namespace.as_deref(),
                input: Some(&call.arguments),
                ..item
            };
        }
        CallKind::LocalShell => Item { kind: "local_shell_call", action: object(), ..item },
        CallKind::ApplyPatch => Item { kind: "apply_patch_call", operation: object(), ..item },
        CallKind::ToolSearch => {
            Item { kind: "tool_search_call", execution: Some("client"), arguments: object(), ..item }
        }
        CallKind::Other(name) if name == "shell" => Item { kind: "shell_call", action: object(), ..item },
        CallKind::Function | CallKind::Other(_) => item,
    };
    if built.action.is_some() || built.operation.is_some() || built.arguments.is_some() {
        return built;
    }
    Item {
        kind: FUNCTION_CALL,
        execution: None,
        name: Some(&call.name),
        namespace: call.namespace.as_deref(),
        arguments: Some(Said::Text(Cow::Borrowed(or_empty_object(&call.arguments)))),
        ..built
    }
}

/// A call without arguments has an empty object of them.
pub(super) fn or_empty_object(arguments: &str) -> &str {
    if arguments.trim().is_empty() { "{}" } else { arguments }
}
