//! Items of the wire to items of the model, alike in requests and answers.
//! <https://developers.openai.com/api/reference/resources/responses/methods/create>

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{content, wire};
use crate::config::Protocol;
use crate::ir::{
    CallKind, Compaction, Executor, Ext, Item, Message, Opaque, Raw, Reasoning, ResultContent, Role,
    SealKind, Sealed, ToolCall, ToolResult,
};
use crate::protocol::convert::Invalid;

/// What an item is.
#[derive(Deserialize)]
pub(super) struct Head<'a> {
    #[serde(rename = "type", borrow, default, deserialize_with = "wire::cow")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "wire::cow")]
    role: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "wire::cow")]
    execution: Option<Cow<'a, str>>,
    environment: Option<Environment>,
}

#[derive(Deserialize)]
struct Environment {
    r#type: Option<String>,
}

impl Head<'_> {
    /// The wire type. An item without one is a message if it has a role, and else a reference.
    pub(super) fn kind(&self) -> &str {
        let implied = if self.role.is_some() { "message" } else { "item_reference" };
        self.kind.as_deref().unwrap_or(implied)
    }
}

/// An item of an input or an output. One that nobody knows is kept for Responses alone.
pub(super) fn item(raw: &RawValue) -> Result<Item, Invalid> {
    let head: Head<'_> = wire::read(raw)?;
    Ok(match head.kind() {
        "message" => Item::Message(message(raw)?),
        "reasoning" => Item::Reasoning(reasoning(raw)?),
        "function_call" => Item::ToolCall(call(raw, CallKind::Function)?),
        "custom_tool_call" => Item::ToolCall(call(raw, CallKind::Custom)?),
        "local_shell_call" => Item::ToolCall(call(raw, CallKind::LocalShell)?),
        "apply_patch_call" => Item::ToolCall(call(raw, CallKind::ApplyPatch)?),
        "shell_call" if !head.in_container() => Item::ToolCall(call(raw, CallKind::Other("shell".into()))?),
        "tool_search_call" if head.at_client() => Item::ToolCall(call(raw, CallKind::ToolSearch)?),
        "function_call_output" => Item::ToolResult(result(raw, CallKind::Function)?),
        "custom_tool_call_output" => Item::ToolResult(result(raw, CallKind::Custom)?),
        "local_shell_call_output" => Item::ToolResult(result(raw, CallKind::LocalShell)?),
        "apply_patch_call_output" => Item::ToolResult(result(raw, CallKind::ApplyPatch)?),
        "shell_call_output" => Item::ToolResult(result(raw, CallKind::Other("shell".into()))?),
        "tool_search_output" if head.at_client() => Item::ToolResult(result(raw, CallKind::ToolSearch)?),
        "compaction" | "compaction_summary" | "context_compaction" => compaction(raw)?,
        kind => opaque(raw, kind),
    })
}

/// The item as only Responses understands it.
pub(super) fn opaque(raw: &RawValue, kind: &str) -> Item {
    let role = match kind {
        "mcp_approval_response" => Role::User,
        "additional_tools" | "configuration_update" => Role::Developer,
        kind if kind.ends_with("_output") && kind != "program_output" => Role::User,
        _ => Role::Assistant,
    };
    Item::Opaque(Opaque { owner: Protocol::Responses, role, kind: kind.to_owned(), raw: wire::owned(raw) })
}

impl Head<'_> {
    /// Tool searches that OpenAI runs have no counterpart; Codex runs its own.
    fn at_client(&self) -> bool {
        self.execution.as_deref().is_none_or(|execution| execution == "client")
    }

    /// Whether a shell of OpenAI's ran it.
    fn in_container(&self) -> bool {
        let environment = self.environment.as_ref().and_then(|environment| environment.r#type.as_deref());
        environment.is_some_and(|kind| kind.starts_with("container"))
    }
}

#[derive(Deserialize)]
struct WireMessage<'a> {
    #[serde(rename = "type")]
    _kind: Option<IgnoredAny>,
    #[serde(rename = "status")]
    _status: Option<IgnoredAny>,
    role: String,
    id: Option<String>,
    phase: Option<String>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(flatten)]
    ext: Ext,
}

fn message(raw: &RawValue) -> Result<Message, Invalid> {
    let WireMessage { role, id, phase, content, ext, .. } = wire::read(raw)?;
    let role = match role.as_str() {
        "assistant" => Role::Assistant,
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        other => return Err(Invalid(format!(".role: `{other}` is no role"))),
    };
    let blocks = content::blocks(content, role).map_err(wire::at(|| ".content".into()))?;
    Ok(Message { role, id, name: None, phase, blocks, ext })
}

#[derive(Deserialize)]
struct WireReasoning<'a> {
    id: Option<String>,
    #[serde(borrow)]
    summary: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    encrypted_content: Option<String>,
}

fn reasoning(raw: &RawValue) -> Result<Reasoning, Invalid> {
    let WireReasoning { id, summary, content, encrypted_content } = wire::read(raw)?;
    let thought = content.filter(|content| content.get() != "null").map(texts);
    Ok(Reasoning {
        id,
        summary: summary.map(texts).unwrap_or_default(),
        text: thought.filter(|texts| !texts.is_empty()).map(|texts| texts.concat()),
        sealed: sealed(encrypted_content),
        redacted: false,
    })
}

/// The texts of summary or reasoning parts, or a bare string.
fn texts(raw: &RawValue) -> Vec<String> {
    #[derive(Deserialize)]
    struct Part {
        text: Option<String>,
    }
    if let Some(text) = wire::string(raw) {
        return vec![text.into_owned()];
    }
    wire::elements(raw)
        .into_iter()
        .filter_map(|part| wire::read::<Part>(part).ok().and_then(|part| part.text))
        .collect()
}

fn sealed(encrypted_content: Option<String>) -> Option<Sealed> {
    let data = encrypted_content.filter(|data| !data.is_empty())?;
    Some(Sealed { kind: SealKind::Encrypted, data })
}

#[derive(Deserialize)]
struct WireCompaction {
    id: Option<String>,
    encrypted_content: Option<String>,
}

fn compaction(raw: &RawValue) -> Result<Item, Invalid> {
    let WireCompaction { id, encrypted_content } = wire::read(raw)?;
    Ok(Item::Compaction(Compaction { id, sealed: sealed(encrypted_content), summary: None }))
}

#[derive(Deserialize)]
struct WireCall<'a> {
    #[serde(rename = "type")]
    _kind: Option<IgnoredAny>,
    #[serde(rename = "status")]
    _status: Option<IgnoredAny>,
    #[serde(rename = "execution")]
    _execution: Option<IgnoredAny>,
    id: Option<String>,
    call_id: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    action: Option<&'a RawValue>,
    #[serde(borrow)]
    operation: Option<&'a RawValue>,
    #[serde(flatten)]
    ext: Ext,
}

fn call(raw: &RawValue, kind: CallKind) -> Result<ToolCall, Invalid> {
    let call: WireCall<'_> = wire::read(raw)?;
    let (implied_name, arguments) = match &kind {
        CallKind::Function => (None, call.arguments),
        CallKind::Custom => (None, call.input),
        CallKind::ToolSearch => (Some("tool_search"), call.arguments),
        CallKind::LocalShell => (Some("local_shell"), call.action),
        CallKind::ApplyPatch => (Some("apply_patch"), call.operation),
        CallKind::Other(name) => (Some(name.as_str()), call.action),
    };
    let name = call.name.or_else(|| implied_name.map(String::from));
    Ok(ToolCall {
        id: call.call_id.or_else(|| call.id.clone()).ok_or_else(|| Invalid(": missing `call_id`".into()))?,
        item_id: call.id,
        name: name.ok_or_else(|| Invalid(": missing `name`".into()))?,
        namespace: call.namespace,
        arguments: wire::spelled(arguments),
        kind,
        executor: Executor::Client,
        sealed: None,
        cache: None,
        ext: call.ext,
    })
}

#[derive(Deserialize)]
struct WireResult<'a> {
    #[serde(rename = "type")]
    _kind: Option<IgnoredAny>,
    #[serde(rename = "execution")]
    _execution: Option<IgnoredAny>,
    status: Option<String>,
    id: Option<String>,
    call_id: Option<String>,
    name: Option<String>,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    #[serde(flatten)]
    ext: Ext,
}

/// The output of a local shell names its call by `id`; OpenAI's guide, and Codex, by `call_id`.
fn result(raw: &RawValue, kind: CallKind) -> Result<ToolResult, Invalid> {
    let result: WireResult<'_> = wire::read(raw)?;
    let (call_id, item_id) = match (result.call_id, result.id) {
        (Some(call_id), id) => (call_id, id),
        (None, Some(id)) if kind == CallKind::LocalShell => (id, None),
        (None, _) => return Err(Invalid(": missing `call_id`".into())),
    };
    let content = match (&kind, result.tools, result.output) {
        (CallKind::ToolSearch, Some(tools), _) => ResultContent::Json(wire::owned(tools)),
        (CallKind::Other(_), _, Some(output)) => ResultContent::Json(wire::owned(output)),
        (_, _, output) => output.map_or_else(|| Ok(ResultContent::Text(String::new())), said)?,
    };
    Ok(ToolResult {
        call_id,
        item_id,
        name: result.name,
        is_error: (kind == CallKind::ApplyPatch && result.status.as_deref() == Some("failed"))
            .then_some(true),
        kind,
        content,
        executor: Executor::Client,
        cache: None,
        ext: result.ext,
    })
}

/// A string, a list of parts, or JSON of the tool's own.
fn said(output: &RawValue) -> Result<ResultContent, Invalid> {
    match output.get().as_bytes().first() {
        Some(b'"' | b'n') => Ok(ResultContent::Text(wire::spelled(Some(output)))),
        Some(b'[') => match content::blocks(Some(output), Role::User) {
            Ok(blocks) => Ok(ResultContent::Blocks(blocks)),
            Err(_) => Ok(ResultContent::Json(wire::owned(output))),
        },
        _ => {
            Ok(ResultContent::Json(Raw::parse(output.get()).map_err(|_| Invalid(".output: no JSON".into()))?))
        }
    }
}
