//! Writes an answer in one piece.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::json;

use crate::config::Protocol;
use crate::ir::{self, Block as Piece, Item, Losses, Raw, Reasoning, SealKind, ToolCall};
use crate::ir::{CallKind, Executor};
use crate::protocol::convert::{Answering, Encoded};
use crate::protocol::messages::wire::answer::{self, Message};
use crate::protocol::messages::wire::block::Block;
use crate::protocol::messages::wire::{citation, name, seal, stop};

pub(in crate::protocol) fn encode(response: &ir::Response, answering: &Answering) -> Encoded {
    let mut lost = Losses::default();
    if response.choices.len() > 1 {
        lost.dropped("n");
    }
    let choice = response.choices.first();
    let mut content = Content { blocks: Vec::new(), called: false, refused: false, lost };
    for item in choice.iter().flat_map(|choice| &choice.items) {
        content.item(item);
    }
    let Content { blocks, called, refused, mut lost } = content;

    let id = response.id.clone().unwrap_or_else(|| format!("msg_{}", answering.seed));
    let model = response.model.as_deref().unwrap_or(&answering.model);
    let stop = stop::encode(choice.and_then(|choice| choice.finish.as_ref()), called, refused, &mut lost);
    let message = Message {
        content: blocks,
        stop_reason: Some(stop.stop_reason),
        stop_sequence: stop.stop_sequence,
        stop_details: stop.stop_details,
        ext: answer::own(&response.ext, &mut lost),
        ..Message::new(&id, model, response.usage.unwrap_or_default())
    };
    let body = serde_json::to_vec(&message).unwrap_or_default();
    Encoded { body, headers: Vec::new(), lost }
}

struct Content<'a> {
    blocks: Vec<Block<'a>>,
    called: bool,
    refused: bool,
    lost: Losses,
}

impl<'a> Content<'a> {
    fn item(&mut self, item: &'a Item) {
        match item {
            Item::Message(message) => message.blocks.iter().for_each(|piece| self.piece(piece)),
            Item::Reasoning(reasoning) => self.reasoning(reasoning),
            Item::ToolCall(call) => self.call(call),
            Item::Compaction(compaction) => {
                let seal = seal::own(compaction.sealed.as_ref());
                match &compaction.summary {
                    None if seal.is_empty() => self.lost.dropped("items.compaction"),
                    summary => {
                        self.blocks.push(Block::Compaction { content: summary.as_deref(), seal });
                    }
                }
            }
            Item::Opaque(opaque) if opaque.owner == Protocol::Messages => {
                self.blocks.push(Block::Raw(Cow::Borrowed(&opaque.raw)));
            }
            Item::Opaque(opaque) => self.lost.dropped(format!("items.{}", opaque.kind)),
            // Results are what a client sends; no answer has one.
            Item::ToolResult(_) => {}
        }
    }

    fn piece(&mut self, piece: &'a Piece) {
        match piece {
            Piece::Text(text) => {
                if text.logprobs.is_some() {
                    self.lost.dropped("logprobs");
                }
                let mut citations = Vec::new();
                for cited in &text.citations {
                    match citation::encode(cited) {
                        Some(raw) => citations.push(raw),
                        None => self.lost.dropped("citations"),
                    }
                }
                if !text.text.is_empty() {
                    let text = Cow::Borrowed(text.text.as_str());
                    self.blocks.push(Block::Text { text, citations, cache_control: None });
                }
            }
            Piece::Refusal(refusal) => {
                self.refused = true;
                if !refusal.is_empty() {
                    self.blocks.push(Block::text(refusal.as_str()));
                }
            }
            Piece::Opaque(opaque) if opaque.owner == Protocol::Messages => {
                self.blocks.push(Block::Raw(Cow::Borrowed(&opaque.raw)));
            }
            other => self.lost.dropped(name::of_block(other)),
        }
    }

    /// Thinking of which there is neither text nor proof is none.
    fn reasoning(&mut self, reasoning: &'a Reasoning) {
        let sealed = reasoning.sealed.as_ref();
        let of_kind = |kind| sealed.filter(|sealed| sealed.kind == kind).map(|sealed| sealed.data.as_str());
        if let Some(data) = of_kind(SealKind::Redacted) {
            return self.blocks.push(Block::RedactedThinking { data });
        }
        let signature = of_kind(SealKind::Signature);
        if sealed.is_some() && signature.is_none() {
            self.lost.dropped("reasoning.sealed");
        }
        let thinking = match &reasoning.text {
            Some(text) if !text.is_empty() => Cow::Borrowed(text.as_str()),
            _ => Cow::Owned(reasoning.summary.join("\n\n")),
        };
        if !thinking.is_empty() || signature.is_some() {
            self.blocks.push(Block::Thinking { thinking, signature: signature.unwrap_or_default() });
        }
    }

    fn call(&mut self, call: &'a ToolCall) {
        if call.executor == Executor::Server {
            return self.lost.dropped(name::of_call(&call.kind));
        }
        self.called = true;
        let arguments = call.arguments.trim();
        let input = match Raw::parse(arguments) {
            _ if call.kind == CallKind::Custom => Raw::from(json!({"input": call.arguments})),
            _ if arguments.is_empty() => Raw::from(json!({})),
            Ok(raw) if arguments.starts_with('{') => raw,
            other => {
                self.lost.approximated("items.tool_call");
                let input = other.map_or_else(|_| call.arguments.clone().into(), |raw| raw.value());
                Raw::from(json!({ "input": input }))
            }
        };
        self.blocks.push(Block::ToolUse {
            id: Cow::Borrowed(&call.id),
            name: &call.name,
            input: Cow::Owned(input),
            cache_control: None,
            ext: None,
        });
    }
}
