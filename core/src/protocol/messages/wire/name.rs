//! What pieces and calls are called in the list of losses.

use std::borrow::Cow;

use crate::ir::{Block, CallKind};

pub(crate) fn of_block(block: &Block) -> Cow<'static, str> {
    Cow::Borrowed(match block {
        Block::Text(_) => "items.text",
        Block::Refusal(_) => "items.refusal",
        Block::Image(_) => "items.image",
        Block::File(_) => "items.file",
        Block::Audio(_) => "items.audio",
        Block::Video(_) => "items.video",
        Block::Opaque(opaque) => return Cow::Owned(format!("items.{}", opaque.kind)),
    })
}

pub(crate) fn of_call(kind: &CallKind) -> String {
    let kind = match kind {
        CallKind::Function => "function",
        CallKind::Custom => "custom",
        CallKind::LocalShell => "local_shell",
        CallKind::ToolSearch => "tool_search",
        CallKind::ApplyPatch => "apply_patch",
        CallKind::Other(kind) => kind,
    };
    format!("items.{kind}")
}
