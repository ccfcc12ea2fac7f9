//! One step of the assistant: what it thought, said and called, as one message.

use std::borrow::Cow;

use serde_json::json;

use super::messages::Wire;
use super::parts::{Content, Part, Parts, content, omitted};
use crate::codec::json;
use crate::config::Protocol;
use crate::config::compat::ReasoningReplay;
use crate::ir::{Audio, Block, Losses, Message, Raw, Reasoning, SealKind, Source, ToolCall};
use crate::protocol::chat::answer::BREAK;
use crate::protocol::chat::call::Call;

/// Takes the place of thinking that cannot be shown. DeepSeek and others refuse a call whose thinking is missing.
const HIDDEN: &str = "(thinking not shown)";

#[derive(Default)]
pub(super) struct Step<'a> {
    /// Of each message; several become paragraphs of one.
    said: Vec<&'a Message>,
    thoughts: Vec<&'a Reasoning>,
    pub(super) calls: Vec<&'a ToolCall>,
}

impl<'a> Step<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.said.is_empty() && self.thoughts.is_empty() && self.calls.is_empty()
    }

    pub(super) fn say(&mut self, message: &'a Message) {
        self.said.push(message);
    }

    pub(super) fn think(&mut self, reasoning: &'a Reasoning) {
        self.thoughts.push(reasoning);
    }

    /// `None` when nothing is left that Chat can say.
    pub(super) fn encode(self, parts: &Parts<'_>, lost: &mut Losses) -> Option<Wire<'a>> {
        let mut wire = Wire::new("assistant");
        self.content(parts, &mut wire, lost);
        self.reasoning(parts, &mut wire, lost);
        let has_content = wire.content.is_some() || wire.refusal.is_some() || wire.audio.is_some();
        if self.calls.is_empty() && !has_content {
            // Thinking that led nowhere: imitators refuse a message without content.
            if !self.thoughts.is_empty() {
                lost.dropped("items.reasoning");
            }
            return None;
        }
        // Imitators want a string beside calls, where OpenAI takes `null` as well.
        wire.content.get_or_insert(Content::Text(Cow::Borrowed("")));
        wire.tool_calls = self.calls.iter().map(|call| encode_call(call, parts, lost)).collect();
        Some(wire)
    }

    fn content(&self, parts: &Parts<'_>, wire: &mut Wire<'a>, lost: &mut Losses) {
        let mut out: Vec<Part<'a>> = Vec::new();
        for message in &self.said {
            wire.name = wire.name.or(message.name.as_deref());
            wire.ext = parts.ext(&message.ext, lost).or(wire.ext);
            let before = out.len();
            out.extend(message.blocks.iter().filter_map(|block| block_of(block, parts, wire, lost)));
            if before > 0 && out.len() > before {
                out.insert(before, Part::text(BREAK));
            }
        }
        if !out.is_empty() {
            wire.content = Some(content(out, ""));
        }
    }

    fn reasoning(&self, parts: &Parts<'_>, wire: &mut Wire<'a>, lost: &mut Losses) {
        let replay = parts.compat.reasoning_replay.unwrap_or(ReasoningReplay::ReasoningContent);
        if self.thoughts.is_empty() {
            if parts.needs_thoughts && !self.calls.is_empty() {
                wire.reasoning_content = Some(Cow::Borrowed(HIDDEN));
            }
            return;
        }
        if replay == ReasoningReplay::None {
            return lost.dropped("items.reasoning");
        }
        let mut details = Vec::new();
        for reasoning in &self.thoughts {
            match &reasoning.sealed {
                Some(sealed)
                    if sealed.kind == SealKind::Details && replay == ReasoningReplay::ReasoningDetails =>
                {
                    details.extend(
                        json::from_str::<Vec<&serde_json::value::RawValue>>(&sealed.data).unwrap_or_default(),
                    );
                }
                Some(_) => lost.dropped("reasoning.sealed"),
                None => {}
            }
        }
        let text = self.thought();
        let text = if text.is_empty() && details.is_empty() && !self.calls.is_empty() {
            lost.approximated("items.reasoning");
            Cow::Borrowed(HIDDEN)
        } else {
            text
        };
        if !details.is_empty() {
            wire.reasoning_details = Raw::of(&details).ok();
        }
        let text = Some(text).filter(|text| !text.is_empty());
        match replay {
            ReasoningReplay::ReasoningContent => wire.reasoning_content = text,
            ReasoningReplay::Reasoning | ReasoningReplay::ReasoningDetails => wire.reasoning = text,
            ReasoningReplay::None => {}
        }
    }

    fn thought(&self) -> Cow<'a, str> {
        let texts = self.thoughts.iter().flat_map(|reasoning| {
            let text = reasoning.text.as_deref().filter(|text| !text.is_empty());
            let summary = if text.is_some() { &[] } else { reasoning.summary.as_slice() };
            text.into_iter().chain(summary.iter().map(String::as_str))
        });
        let mut texts = texts.filter(|text| !text.is_empty());
        match (texts.next(), texts.next()) {
            (None, _) => Cow::Borrowed(""),
            (Some(only), None) => Cow::Borrowed(only),
            (Some(first), Some(second)) => {
                let all: Vec<_> = [first, second].into_iter().chain(texts).collect();
                Cow::Owned(all.join(BREAK))
            }
        }
    }
}

/// The part for a block, unless the message has a field of its own for it. The assistant shows no media.
fn block_of<'a>(
    block: &'a Block,
    parts: &Parts<'_>,
    wire: &mut Wire<'a>,
    lost: &mut Losses,
) -> Option<Part<'a>> {
    match block {
        Block::Refusal(refusal) if parts.origin == Protocol::Chat => {
            wire.refusal = Some(refusal);
            return None;
        }
        Block::Audio(Audio { source: Source::FileId { id, owner: Protocol::Chat }, .. }) => {
            wire.audio = Some(json!({"id": id}));
            return None;
        }
        Block::Refusal(_) => lost.approximated("items.refusal"),
        Block::Image(_) => return Some(omitted("image", lost)),
        Block::File(_) => return Some(omitted("file", lost)),
        Block::Audio(_) => return Some(omitted("audio", lost)),
        Block::Video(_) => return Some(omitted("video", lost)),
        Block::Text(_) | Block::Opaque(_) => {}
    }
    Some(parts.block(block, lost))
}

fn encode_call<'a>(call: &'a ToolCall, parts: &Parts<'_>, lost: &mut Losses) -> Call<'a> {
    if call.cache.is_some() {
        lost.dropped("cache_control");
    }
    let ext = parts.ext(&call.ext, lost);
    Call::of(call, ext, lost)
}
