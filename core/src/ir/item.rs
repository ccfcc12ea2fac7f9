//! What a conversation is made of, in its order.

use super::Ext;
use super::block::{Block, CacheControl};
use super::raw::Raw;
use crate::config::Protocol;

/// One step of a conversation.
///
/// Protocols that group steps into turns are taken apart by their decoder and grouped again by their
/// encoder: a Claude turn of thinking, text and two tool calls is four items.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Message(Message),
    Reasoning(Reasoning),
    ToolCall(ToolCall),
    ToolResult(ToolResult),
    Compaction(Compaction),
    Opaque(Opaque),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    System,
    Developer,
    User,
    Assistant,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub role: Role,
    pub id: Option<String>,
    /// Which participant of that role speaks.
    pub name: Option<String>,
    /// Responses: `commentary` or `final_answer`.
    pub phase: Option<String>,
    pub blocks: Vec<Block>,
    pub ext: Ext,
}

/// What the model thought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reasoning {
    /// `rs_…`; only Responses has one.
    pub id: Option<String>,
    /// A summary's parts, where that is what the vendor shows.
    pub summary: Vec<String>,
    /// The thinking itself, where it is shown. `Some("")` is thinking whose text was left out.
    pub text: Option<String>,
    /// What proves or holds the thinking for its issuer.
    pub sealed: Option<Sealed>,
    /// Claude's `redacted_thinking`: there is only what is sealed.
    pub redacted: bool,
}

/// Signed or encrypted reasoning. It is of use to its issuer alone.
///
/// A decoder of requests takes the slot's content as it is and calls it by the slot's kind; whether it is
/// one of the gateway's own blobs is for the vault to find out. An encoder writes only its own kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub kind: SealKind,
    pub data: String,
}

/// The slot that sealed reasoning came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SealKind {
    /// Claude: `thinking.signature`.
    Signature,
    /// Claude: `redacted_thinking.data`.
    Redacted,
    /// Responses: `reasoning.encrypted_content`, and that of a compaction.
    Encrypted,
    /// Gemini: `thoughtSignature`.
    Thought,
    /// Chat, as OpenRouter writes it: the array `reasoning_details`, as JSON.
    Details,
}

/// The model wants a tool run, or a vendor ran one.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// What the result refers to; unique over the conversation.
    pub id: String,
    /// The item's own id; only Responses has one.
    pub item_id: Option<String>,
    pub name: String,
    pub namespace: Option<String>,
    pub kind: CallKind,
    /// JSON as the model spelled it, possibly empty; the bare text for [`CallKind::Custom`].
    pub arguments: String,
    pub executor: Executor,
    /// Gemini signs calls.
    pub sealed: Option<Sealed>,
    pub cache: Option<CacheControl>,
    pub ext: Ext,
}

/// What sort of tool is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CallKind {
    Function,
    /// Free text instead of JSON arguments.
    Custom,
    /// Codex: a command for the client's shell. Arguments are the item's `action`.
    LocalShell,
    /// Codex: find tools by what they do.
    ToolSearch,
    /// Responses' built-in `apply_patch`. Arguments are the item's `operation`.
    ApplyPatch,
    /// Anything else a vendor has, by its wire type: `web_search`, `mcp`, `computer`, `server_tool_use`, …
    Other(String),
}

/// Who runs a tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Executor {
    #[default]
    Client,
    /// The vendor, within the same answer.
    Server,
}

/// What a tool said.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult {
    /// The id of the [`ToolCall`].
    pub call_id: String,
    /// The item's own id; only Responses has one.
    pub item_id: Option<String>,
    /// The tool's name, where the protocol repeats it.
    pub name: Option<String>,
    pub kind: CallKind,
    pub content: ResultContent,
    pub is_error: Option<bool>,
    pub executor: Executor,
    pub cache: Option<CacheControl>,
    pub ext: Ext,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ResultContent {
    Text(String),
    Blocks(Vec<Block>),
    /// Gemini's results are objects; so are those of a few Responses tools.
    Json(Raw),
}

/// A conversation's past, shortened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compaction {
    pub id: Option<String>,
    /// For its issuer only.
    pub sealed: Option<Sealed>,
    /// What anybody can read.
    pub summary: Option<String>,
}

/// What only `owner` understands, kept in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Opaque {
    pub owner: Protocol,
    /// Whose turn it belongs to.
    pub role: Role,
    /// The wire type: `server_tool_use`, `image_generation_call`, …
    pub kind: String,
    pub raw: Raw,
}

impl Message {
    pub fn new(role: Role, blocks: Vec<Block>) -> Self {
        Self { role, id: None, name: None, phase: None, blocks, ext: Ext::new() }
    }
}

impl ToolCall {
    /// A function that the client runs.
    pub fn function(id: impl Into<String>, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            item_id: None,
            name: name.into(),
            namespace: None,
            kind: CallKind::Function,
            arguments: arguments.into(),
            executor: Executor::Client,
            sealed: None,
            cache: None,
            ext: Ext::new(),
        }
    }
}

impl ToolResult {
    /// What a function of the client said.
    pub fn function(call_id: impl Into<String>, content: ResultContent) -> Self {
        Self {
            call_id: call_id.into(),
            item_id: None,
            name: None,
            kind: CallKind::Function,
            content,
            is_error: None,
            executor: Executor::Client,
            cache: None,
            ext: Ext::new(),
        }
    }
}

impl SealKind {
    /// The only protocol that has this slot.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Signature | Self::Redacted => Protocol::Messages,
            Self::Encrypted => Protocol::Responses,
            Self::Thought => Protocol::Gemini,
            Self::Details => Protocol::Chat,
        }
    }
}
