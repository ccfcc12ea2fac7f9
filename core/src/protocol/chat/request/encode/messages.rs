//! Items to `messages`: the steps of the assistant are put together, and results follow their calls.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::assistant::Step;
use super::parts::{Content, Part, Parts, content};
use super::results::Results;
use crate::config::compat::{Compat, ReasoningReplay};
use crate::ir::{Block, Compaction, Executor, Ext, Item, Losses, Message, Raw, Request, Role};
use crate::protocol::chat::answer::BREAK;
use crate::protocol::chat::call::Call;

/// A message as it is written.
#[derive(Serialize)]
pub(super) struct Wire<'a> {
    pub(super) role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_details: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) audio: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_call_id: Option<&'a str>,
    #[serde(flatten)]
    pub(super) ext: Option<&'a Ext>,
}

impl<'a> Wire<'a> {
    pub(super) fn new(role: &'static str) -> Self {
        Self {
            role,
            content: None,
            name: None,
            reasoning_content: None,
            reasoning: None,
            reasoning_details: None,
            refusal: None,
            audio: None,
            tool_calls: Vec::new(),
            tool_call_id: None,
            ext: None,
        }
    }

    pub(super) fn of(role: &'static str, content: Content<'a>) -> Self {
        Self { content: Some(content), ..Self::new(role) }
    }
}

pub(super) fn encode<'a>(request: &'a Request, compat: &Compat, lost: &mut Losses) -> Vec<Wire<'a>> {
    let must_replay = compat.reasoning_replay == Some(ReasoningReplay::ReasoningContent);
    let needs_thoughts = must_replay && !request.reasoning.is_off();
    let parts = Parts { compat, origin: request.origin, needs_thoughts };
    let results = Results::of(&request.items);
    let mut messages = Messages { parts, results, out: Vec::new(), step: Step::default(), talking: false };
    if !request.instructions.is_empty() {
        messages.system(&request.instructions, None, None, lost);
    }
    for (position, item) in request.items.iter().enumerate() {
        messages.item(position, item, lost);
    }
    messages.end_step(lost);
    messages.out
}

struct Messages<'a, 'c> {
    parts: Parts<'c>,
    results: Results<'a>,
    out: Vec<Wire<'a>>,
    /// What the assistant has done since anybody else spoke.
    step: Step<'a>,
    /// Whether anything but system messages came.
    talking: bool,
}

impl<'a> Messages<'a, '_> {
    fn item(&mut self, position: usize, item: &'a Item, lost: &mut Losses) {
        match item {
            Item::Message(message) => self.message(message, lost),
            Item::Reasoning(reasoning) => self.step.think(reasoning),
            // What a vendor ran within its own answer has its result there.
            Item::ToolCall(call) if call.executor == Executor::Server && !self.results.answers(call) => {
                lost.dropped(format!("items.{}", call.name));
            }
            Item::ToolCall(call) => {
                if !self.results.repeats(call, &self.step.calls) {
                    self.step.calls.push(call);
                }
            }
            Item::ToolResult(_) => {
                self.end_step(lost);
                if let Some(orphan) = self.results.orphan(position) {
                    self.out.push(orphan.encode(&self.parts, lost));
                }
            }
            Item::Compaction(compaction) => self.compaction(compaction, lost),
            Item::Opaque(opaque) => lost.dropped(format!("items.{}", opaque.kind)),
        }
        self.talking |= !matches!(item, Item::Message(Message { role: Role::System | Role::Developer, .. }));
    }

    fn message(&mut self, message: &'a Message, lost: &mut Losses) {
        if message.role == Role::Assistant {
            return self.step.say(message);
        }
        let ext = self.parts.ext(&message.ext, lost);
        self.end_step(lost);
        if message.role != Role::User {
            return self.system(&message.blocks, Some(message), ext, lost);
        }
        let blocks = self.parts.encode(&message.blocks, lost);
        // Some refuse a message without content, and it says nothing.
        if !blocks.is_empty() {
            let name = message.name.as_deref();
            self.out.push(Wire { name, ext, ..Wire::of("user", content(blocks, BREAK)) });
        }
    }

    /// System messages between others are not known everywhere.
    fn system(
        &mut self,
        blocks: &'a [Block],
        message: Option<&'a Message>,
        ext: Option<&'a Ext>,
        lost: &mut Losses,
    ) {
        let mut blocks = self.parts.encode(blocks, lost);
        let name = message.and_then(|message| message.name.as_deref());
        let strict = self.parts.compat.system_anywhere == Some(false);
        if strict && self.talking {
            lost.approximated("items.system");
            blocks.insert(0, Part::text("<system>"));
            blocks.push(Part::text("</system>"));
            self.out.push(Wire { name, ext, ..Wire::of("user", content(blocks, "\n")) });
            return;
        }
        let role = if self.parts.compat.developer_role == Some(true) { "developer" } else { "system" };
        match (self.out.last_mut(), content(blocks, BREAK)) {
            (Some(Wire { content: Some(Content::Text(before)), .. }), Content::Text(text)) if strict => {
                *before = Cow::Owned(format!("{before}{BREAK}{text}"));
            }
            (_, content) => self.out.push(Wire { name, ext, ..Wire::of(role, content) }),
        }
    }

    fn compaction(&mut self, compaction: &'a Compaction, lost: &mut Losses) {
        self.end_step(lost);
        match compaction.summary.as_deref() {
            Some(summary) => {
                lost.approximated("items.compaction");
                let text = format!("Summary of the conversation so far:\n\n{summary}");
                self.out.push(Wire::of("user", Content::Text(Cow::Owned(text))));
            }
            None => lost.dropped("items.compaction"),
        }
    }

    /// Writes the assistant's message, then a result for each of its calls, then what the results show.
    fn end_step(&mut self, lost: &mut Losses) {
        if self.step.is_empty() {
            return;
        }
        let step = std::mem::take(&mut self.step);
        let calls = step.calls.clone();
        self.out.extend(step.encode(&self.parts, lost));
        let mut shown = Vec::new();
        for call in calls {
            let message = self.results.answer(call, &self.parts, &mut shown, lost);
            self.out.push(message);
        }
        if !shown.is_empty() {
            self.out.push(Wire::of("user", Content::Parts(shown)));
        }
    }
}
