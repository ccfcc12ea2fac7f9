//! An item of an answer under way, and how much of it was told.

use std::borrow::Cow;

use super::teller::Teller;
use crate::ir::{Block, BlockStart, CallKind, Citation, Delta, Item, Message, Raw, Reasoning, ToolCall};

#[derive(Default)]
pub(super) struct Open {
    pub(super) output_index: Option<u64>,
    pub(super) id: Option<String>,
    /// The wire type.
    pub(super) kind: String,
    phase: Option<String>,
    pub(super) done: bool,
    /// Of a message.
    parts: Vec<Part>,
    /// Of reasoning or a call.
    block: Option<u32>,
    summary: Vec<Told>,
    thought: Vec<Told>,
    /// Bytes of the call's arguments that were told.
    arguments: usize,
}

/// A part of a message.
pub(super) struct Part {
    content_index: u64,
    block: u32,
    /// Bytes of its text that were told.
    text: usize,
    citations: usize,
    logprobs: bool,
    closed: bool,
}

/// Bytes that were told of a part of reasoning.
struct Told {
    part: u64,
    bytes: usize,
}

impl Open {
    pub(super) fn new(
        output_index: Option<u64>,
        id: Option<String>,
        kind: &str,
        phase: Option<String>,
    ) -> Self {
        Self { output_index, id, kind: kind.to_owned(), phase, ..Self::default() }
    }

    /// Whether it is a call whose arguments come piece by piece.
    pub(super) fn is_call(&self) -> bool {
        matches!(self.kind.as_str(), "function_call" | "custom_tool_call")
    }

    /// The part at `content_index`, opened if it is new; `None` once it is closed, or the item is done.
    pub(super) fn part(
        &mut self,
        content_index: u64,
        refusal: bool,
        teller: &mut Teller<'_>,
    ) -> Option<&mut Part> {
        if self.done {
            return None;
        }
        let known = self.parts.iter().position(|part| part.content_index == content_index);
        let position = known.unwrap_or_else(|| {
            let joins = !self.parts.is_empty();
            let message_id = self.id.as_deref().map(Cow::Borrowed);
            let phase = self.phase.as_deref().map(Cow::Borrowed);
            let block = teller.open(if refusal {
                BlockStart::Refusal { joins, message_id }
            } else {
                BlockStart::Text { joins, message_id, phase }
            });
            self.parts.push(Part {
                content_index,
                block,
                text: 0,
                citations: 0,
                logprobs: false,
                closed: false,
            });
            self.parts.len() - 1
        });
        self.parts.get_mut(position).filter(|part| !part.closed)
    }

    pub(super) fn text(&mut self, content_index: u64, refusal: bool, delta: &str, teller: &mut Teller<'_>) {
        let Some(part) = self.part(content_index, refusal, teller).filter(|_| !delta.is_empty()) else {
            return;
        };
        part.text += delta.len();
        teller.delta(part.block, Delta::Text(Cow::Borrowed(delta)));
    }

    /// Tells what is missing of a text that is whole now.
    pub(super) fn text_done(
        &mut self,
        content_index: u64,
        refusal: bool,
        text: &str,
        teller: &mut Teller<'_>,
    ) {
        let told = self.part(content_index, refusal, teller).map_or(usize::MAX, |part| part.text);
        self.text(content_index, refusal, rest(text, told), teller);
    }

    pub(super) fn logprobs(&mut self, content_index: u64, logprobs: Raw, teller: &mut Teller<'_>) {
        let Some(part) = self.part(content_index, false, teller) else { return };
        part.logprobs = true;
        teller.delta(part.block, Delta::Logprobs(logprobs));
    }

    pub(super) fn cite(&mut self, content_index: u64, citation: Citation, teller: &mut Teller<'_>) {
        let Some(part) = self.part(content_index, false, teller) else { return };
        part.citations += 1;
        teller.delta(part.block, Delta::Citation(citation));
    }

    /// Closes a part, after whatever is missing of it.
    pub(super) fn part_done(&mut self, content_index: u64, block: Block, teller: &mut Teller<'_>) {
        match block {
            Block::Text(text) => {
                self.text_done(content_index, false, &text.text, teller);
                let Some(part) = self.part(content_index, false, teller) else { return };
                if let Some(logprobs) = text.logprobs.filter(|_| !part.logprobs) {
                    teller.delta(part.block, Delta::Logprobs(logprobs));
                }
                for citation in text.citations.into_iter().skip(part.citations) {
                    teller.delta(part.block, Delta::Citation(citation));
                }
            }
            Block::Refusal(refusal) => self.text_done(content_index, true, &refusal, teller),
            other => {
                return teller.whole(Item::Message(Message::new(crate::ir::Role::Assistant, vec![other])));
            }
        }
        if let Some(part) = self.part(content_index, false, teller) {
            part.closed = true;
            teller.stop(part.block);
        }
    }

    /// The block of reasoning, opened if need be; `None` once the item is done.
    pub(super) fn reasoning(&mut self, teller: &mut Teller<'_>) -> Option<u32> {
        if self.done {
            return None;
        }
        let id = self.id.as_deref().map(Cow::Borrowed);
        Some(*self.block.get_or_insert_with(|| teller.open(BlockStart::Reasoning { id, redacted: false })))
    }

    pub(super) fn summarised(&mut self, part: u64, delta: &str, teller: &mut Teller<'_>) {
        let Some(block) = self.reasoning(teller).filter(|_| !delta.is_empty()) else { return };
        let position = tell(&mut self.summary, part, delta.len());
        teller.delta(block, Delta::Summary { part: position, text: Cow::Borrowed(delta) });
    }

    pub(super) fn summary_done(&mut self, part: u64, text: &str, teller: &mut Teller<'_>) {
        self.summarised(part, rest(text, told(&self.summary, part)), teller);
    }

    pub(super) fn thought(&mut self, part: u64, delta: &str, teller: &mut Teller<'_>) {
        let Some(block) = self.reasoning(teller).filter(|_| !delta.is_empty()) else { return };
        tell(&mut self.thought, part, delta.len());
        teller.delta(block, Delta::Reasoning(Cow::Borrowed(delta)));
    }

    pub(super) fn thought_done(&mut self, part: u64, text: &str, teller: &mut Teller<'_>) {
        self.thought(part, rest(text, told(&self.thought, part)), teller);
    }

    /// Opens the block of a call whose arguments stream.
    pub(super) fn call(&mut self, call: &ToolCall, teller: &mut Teller<'_>) -> u32 {
        *self.block.get_or_insert_with(|| {
            teller.open(BlockStart::ToolCall {
                id: Cow::Borrowed(&call.id),
                item_id: call.item_id.as_deref().map(Cow::Borrowed),
                name: Cow::Borrowed(&call.name),
                namespace: call.namespace.as_deref().map(Cow::Borrowed),
                kind: call.kind.clone(),
                executor: call.executor,
                sealed: None,
            })
        })
    }

    /// Arguments of a call that did not say what it calls wait for its end.
    pub(super) fn arguments(&mut self, delta: &str, teller: &mut Teller<'_>) {
        let Some(block) = self.block.filter(|_| !self.done && !delta.is_empty()) else { return };
        self.arguments += delta.len();
        teller.delta(block, Delta::Arguments(Cow::Borrowed(delta)));
    }

    pub(super) fn arguments_done(&mut self, arguments: &str, teller: &mut Teller<'_>) {
        self.arguments(rest(arguments, self.arguments), teller);
    }

    /// Tells whatever is missing of an item that is whole now, and closes it.
    pub(super) fn complete(&mut self, item: Item, teller: &mut Teller<'_>) {
        if self.done {
            return;
        }
        match item {
            Item::Message(message) if self.kind == "message" => {
                self.phase = self.phase.take().or(message.phase);
                for (content_index, block) in (0..).zip(message.blocks) {
                    self.part_done(content_index, block, teller);
                }
            }
            Item::Reasoning(reasoning) => self.reasoned(reasoning, teller),
            Item::ToolCall(call) if streams(&call.kind) => {
                self.call(&call, teller);
                self.arguments_done(&call.arguments, teller);
            }
            other => teller.whole(other),
        }
        self.abandon(teller);
    }

    fn reasoned(&mut self, reasoning: Reasoning, teller: &mut Teller<'_>) {
        for (part, text) in (0..).zip(&reasoning.summary) {
            self.summary_done(part, text, teller);
        }
        if let Some(text) = &reasoning.text {
            let all = self.thought.iter().map(|told| told.bytes).sum();
            self.thought(0, rest(text, all), teller);
        }
        if let (Some(block), Some(sealed)) = (self.reasoning(teller), reasoning.sealed) {
            teller.delta(block, Delta::Sealed(sealed));
        }
    }

    /// Closes what is open: nothing more will come of it.
    pub(super) fn abandon(&mut self, teller: &mut Teller<'_>) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        for part in self.parts.iter_mut().filter(|part| !part.closed) {
            part.closed = true;
            teller.stop(part.block);
        }
        if let Some(block) = self.block {
            teller.stop(block);
        }
    }
}

/// Whether a call's arguments come piece by piece.
pub(super) fn streams(kind: &CallKind) -> bool {
    matches!(kind, CallKind::Function | CallKind::Custom)
}

/// What follows the part of `text` that was told.
fn rest(text: &str, told: usize) -> &str {
    text.get(told..).unwrap_or_default()
}

fn told(parts: &[Told], part: u64) -> usize {
    parts.iter().find(|told| told.part == part).map_or(0, |told| told.bytes)
}

/// Adds to what was told of a part, and says its place among the parts.
fn tell(parts: &mut Vec<Told>, part: u64, bytes: usize) -> u32 {
    let position = parts.iter().position(|told| told.part == part).unwrap_or_else(|| {
        parts.push(Told { part, bytes: 0 });
        parts.len() - 1
    });
    if let Some(told) = parts.get_mut(position) {
        told.bytes += bytes;
    }
    u32::try_from(position).unwrap_or(u32::MAX)
}
