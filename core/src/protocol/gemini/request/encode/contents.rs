//! A conversation: items to contents whose roles take turns.

use std::borrow::Cow;

use serde::Serialize;

use super::pairing::Pairing;
use super::{instructions, media, results, tools};
use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{
    CallKind, Compaction, Executor, Item, Losses, Message, Opaque, Reasoning, Role, SealKind, Sealed,
    ToolCall,
};
use crate::protocol::gemini::wire::part::{FunctionCall, Part, Written, args, wrapped_args};

#[derive(Debug, Serialize)]
pub(super) struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: Vec<Written<'a>>,
}

impl<'a> Content<'a> {
    pub(super) fn system(parts: Vec<Written<'a>>) -> Self {
        Self { role: None, parts }
    }

    pub(super) fn user(parts: Vec<Written<'a>>) -> Self {
        Self { role: Some(USER), parts }
    }
}

const USER: &str = "user";
const MODEL: &str = "model";

pub(super) fn encode<'a>(
    items: &'a [Item],
    origin: Protocol,
    compat: &'a Compat,
    lost: &mut Losses,
) -> Vec<Content<'a>> {
    let mut writer = Writer {
        origin,
        compat,
        lost,
        contents: Vec::new(),
        pairing: Pairing::of(items),
        calls: Vec::new(),
        signature: None,
    };
    for (position, item) in items.iter().enumerate() {
        writer.item(position, item);
    }
    writer.end_step();
    writer.contents
}

struct Writer<'a, 'l> {
    origin: Protocol,
    compat: &'a Compat,
    lost: &'l mut Losses,
    contents: Vec<Content<'a>>,
    pairing: Pairing<'a>,
    /// The calls of the model's step that is under way.
    calls: Vec<&'a ToolCall>,
    /// Of a thought whose part is not sent back: the next call of the step shows it.
    signature: Option<&'a str>,
}

impl<'a> Writer<'a, '_> {
    fn item(&mut self, position: usize, item: &'a Item) {
        match item {
            Item::Message(message) => self.message(message),
            Item::Reasoning(reasoning) => self.reasoning(reasoning),
            Item::ToolCall(call) => self.call(call),
            Item::ToolResult(result) => {
                self.end_step();
                if self.pairing.is_orphan(position) {
                    self.lost.approximated("items.tool_result");
                    let said = results::orphan(result, self.lost);
                    self.push(USER, Part::text(said));
                }
            }
            Item::Compaction(compaction) => self.compaction(compaction),
            Item::Opaque(opaque) => self.opaque(opaque),
        }
    }

    fn message(&mut self, message: &'a Message) {
        media::message_losses(message, self.origin, self.lost);
        if instructions::is_system(message) {
            self.end_step();
            self.lost.approximated("items.system");
            let text = media::text_of(&message.blocks, self.lost);
            if !text.is_empty() {
                self.push(USER, Part::text(format!("<system>\n{text}\n</system>")));
            }
            return;
        }
        let role = if message.role == Role::Assistant { MODEL } else { USER };
        if role == USER {
            self.end_step();
        }
        for block in &message.blocks {
            if let Some(mut part) = media::encode(block, self.origin, self.compat, self.lost) {
                if self.origin == Protocol::Gemini
                    && let Written::Part(part) = &mut part
                {
                    part.ext = Cow::Borrowed(&message.ext);
                }
                self.push_written(role, part);
            }
        }
    }

    /// Thoughts are not sent back, only what signs them.
    /// <https://ai.google.dev/gemini-api/docs/thought-signatures>
    fn reasoning(&mut self, reasoning: &'a Reasoning) {
        match &reasoning.sealed {
            Some(Sealed { kind: SealKind::Thought, data }) => {
                self.settle();
                self.signature = Some(data);
            }
            foreign => {
                if foreign.is_some() {
                    self.lost.dropped("reasoning.sealed");
                }
                let text = reasoning.text.iter().chain(&reasoning.summary);
                if text.map(String::len).sum::<usize>() > 0 {
                    self.lost.dropped("items.reasoning");
                }
            }
        }
    }

    fn call(&mut self, call: &'a ToolCall) {
        if let CallKind::Other(kind) = &call.kind {
            return self.lost.dropped(format!("items.{kind}"));
        }
        if call.executor == Executor::Server {
            return self.lost.dropped(format!("items.{}", call.name));
        }
        if call.kind != CallKind::Function {
            self.lost.approximated("tools.custom");
        }
        if call.namespace.is_some() {
            self.lost.approximated("tools.namespace");
        }
        if call.cache.is_some() {
            self.lost.dropped("cache_control");
        }
        let object = args(&call.arguments).filter(|_| call.kind != CallKind::Custom);
        if object.is_none() && call.kind == CallKind::Function {
            self.lost.approximated("items.tool_call");
        }
        let args = object.unwrap_or_else(|| wrapped_args(&call.arguments));
        let own = match &call.sealed {
            Some(Sealed { kind: SealKind::Thought, data }) => Some(data.as_str()),
            Some(_) => {
                self.lost.dropped("reasoning.sealed");
                None
            }
            None => None,
        };
        let inherited = own.is_none().then(|| self.signature.take()).flatten();
        let stand_in = self.compat.thought_signature.as_deref().filter(|_| self.calls.is_empty());
        let name = tools::called(&call.name, self.lost);
        let part = Part {
            function_call: Some(FunctionCall { id: call.id.as_str().into(), name, args }),
            ..Part::default()
        };
        self.calls.push(call);
        self.push(MODEL, part.signed(own.or(inherited).or(stand_in)));
    }

    fn compaction(&mut self, compaction: &'a Compaction) {
        match &compaction.summary {
            Some(summary) => {
                self.end_step();
                self.lost.approximated("items.compaction");
                self.push(USER, Part::text(format!("<summary>\n{summary}\n</summary>")));
            }
            None => self.lost.dropped("items.compaction"),
        }
    }

    fn opaque(&mut self, opaque: &'a Opaque) {
        let Some(part) = media::opaque(opaque, self.lost) else { return };
        if opaque.role == Role::Assistant {
            self.push_written(MODEL, part);
        } else {
            self.end_step();
            self.push_written(USER, part);
        }
    }

    /// Answers the calls that were made, in their order and all in one content, as Gemini wants it.
    fn end_step(&mut self) {
        self.settle();
        let mut shown = Vec::new();
        for call in std::mem::take(&mut self.calls) {
            let result = self.pairing.answer(call);
            let name = tools::called(&call.name, self.lost);
            let mut part = match result {
                Some(result) => results::encode(result, name, self.origin, self.compat, self.lost),
                None => {
                    self.lost.approximated("items.tool_call");
                    results::missing(call, name)
                }
            };
            if self.compat.tool_result_images == Some(false)
                && let Some(response) =
                    part.function_response.as_mut().filter(|response| !response.parts.is_empty())
            {
                self.lost.approximated("tool_result.images");
                shown.push(Part::text(format!("Shown by the tool call {}:", call.id)));
                shown.append(&mut response.parts);
            }
            self.push(USER, part);
        }
        for part in shown {
            self.push(USER, part);
        }
    }

    /// Shows a signature that no call took: at the text it follows, or in a part of its own.
    fn settle(&mut self) {
        let Some(signature) = self.signature.take() else { return };
        let last = self.contents.last_mut().filter(|content| content.role == Some(MODEL));
        match last.and_then(|content| content.parts.last_mut()) {
            Some(Written::Part(part)) if part.text.is_some() && part.thought_signature.is_none() => {
                part.thought_signature = Some(signature.into());
            }
            _ => self.push(MODEL, Part::text("").signed(Some(signature))),
        }
    }

    fn push(&mut self, role: &'static str, part: Part<'a>) {
        self.push_written(role, Written::Part(Box::new(part)));
    }

    fn push_written(&mut self, role: &'static str, part: Written<'a>) {
        match self.contents.last_mut() {
            Some(content) if content.role == Some(role) => content.parts.push(part),
            _ => self.contents.push(Content { role: Some(role), parts: vec![part] }),
        }
    }
}
