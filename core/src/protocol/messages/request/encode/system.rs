//! The system prompt: what stands above the conversation, and what stands first in it.

use std::borrow::Cow;

use crate::config::Protocol;
use crate::ir::{self, Block as Piece, Format, Item, Losses, Message, Role};
use crate::protocol::messages::wire::block::Block;
use crate::protocol::messages::wire::name;

/// What a request for some JSON object becomes where only schemas are known.
const JSON_OBJECT: &str =
    "Answer with a single JSON object and nothing else: no prose around it, no code fence.";

/// How many of the first items belong to the system prompt. One is kept for a conversation that would have
/// nothing else: without a message there is no request.
pub(super) fn leading(items: &[Item]) -> usize {
    let leading = items.iter().take_while(|item| of(item).is_some()).count();
    if leading == items.len() { leading.saturating_sub(1) } else { leading }
}

/// The message, if it is a system prompt's.
pub(super) fn of(item: &Item) -> Option<&Message> {
    match item {
        Item::Message(message) if matches!(message.role, Role::System | Role::Developer) => Some(message),
        _ => None,
    }
}

pub(super) fn prompt<'a>(request: &'a ir::Request, leading: usize, lost: &mut Losses) -> Vec<Block<'a>> {
    let first = request.items.iter().take(leading).filter_map(of).flat_map(|message| &message.blocks);
    let mut system: Vec<_> =
        request.instructions.iter().chain(first).filter_map(|piece| text(piece, lost)).collect();
    if request.output.format == Some(Format::JsonObject) {
        lost.approximated("output.format");
        system.push(Block::text(JSON_OBJECT));
    }
    system
}

/// A system prompt holds text alone.
pub(super) fn text<'a>(piece: &'a Piece, lost: &mut Losses) -> Option<Block<'a>> {
    match piece {
        Piece::Text(text) if text.text.trim().is_empty() => None,
        Piece::Text(text) => Some(Block::Text {
            text: text.text.as_str().into(),
            citations: Vec::new(),
            cache_control: text.cache.map(Into::into),
        }),
        Piece::Refusal(text) => Some(Block::text(text.as_str())),
        Piece::Opaque(opaque) if opaque.owner == Protocol::Messages => {
            Some(Block::Raw(Cow::Borrowed(&opaque.raw)))
        }
        other => {
            lost.dropped(name::of_block(other));
            None
        }
    }
}
