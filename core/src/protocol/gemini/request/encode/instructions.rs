//! What stands above the conversation.

use super::media;
use crate::config::Protocol;
use crate::ir::{Block, Item, Losses, Message, Role};
use crate::protocol::gemini::wire::part::{Part, Written};

/// How many system and developer messages the conversation starts with.
pub(super) fn leading(items: &[Item]) -> usize {
    items.iter().take_while(|item| matches!(item, Item::Message(message) if is_system(message))).count()
}

pub(super) fn is_system(message: &Message) -> bool {
    matches!(message.role, Role::System | Role::Developer)
}

/// Parts of `systemInstruction`, which is text alone.
pub(super) fn encode<'a>(
    instructions: &'a [Block],
    head: &'a [Item],
    origin: Protocol,
    lost: &mut Losses,
) -> Vec<Written<'a>> {
    let heads = head.iter().filter_map(|item| match item {
        Item::Message(message) => Some(message),
        _ => None,
    });
    let mut parts = Vec::new();
    for message in heads.clone() {
        media::message_losses(message, origin, lost);
    }
    for block in instructions.iter().chain(heads.flat_map(|message| &message.blocks)) {
        match block {
            Block::Text(text) => {
                media::text_losses(text, lost);
                if !text.text.is_empty() {
                    parts.push(Written::Part(Box::new(Part::text(text.text.as_str()))));
                }
            }
            other => lost.dropped(format!("items.{}", media::kind(other))),
        }
    }
    parts
}
