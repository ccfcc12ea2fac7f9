//! Items of a conversation, one by one.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::Encoding;
use super::output::output;
use crate::config::Protocol;
use crate::ir::{
    Block, CallKind, Compaction, Executor, Ext, Item, Message, Opaque, Reasoning, Request, ResultContent,
    Role, SealKind, ToolCall, ToolResult,
};
use crate::protocol::responses::write::{self, Content, Part, Said};

/// Stands in for a result that never came: an upstream refuses a call without one.
const UNANSWERED: &str = "The call was not run.";

/// Writes the items of one request.
pub(super) struct Items<'e, 'a> {
    encoding: &'e mut Encoding<'a>,
    /// A JSON array under way.
    out: Vec<u8>,
    /// What kind of tool each call was for.
    calls: HashMap<&'a str, &'a CallKind>,
    answered: HashSet<&'a str>,
    /// Whether the upstream may know calls that are not among the items.
    stateful: bool,
    /// Whether the upstream keeps answers, so that an item's id stands for the item.
    stored: bool,
    /// Items that are no system messages have come.
    begun: bool,
}

/// The `input` of a request, as JSON.
pub(super) fn input<'a>(encoding: &mut Encoding<'a>, request: &'a Request) -> Vec<u8> {
    let state = &request.state;
    let mut items = Items {
        out: vec![b'['],
        calls: request.items.iter().filter_map(as_call).map(|call| (call.id.as_str(), &call.kind)).collect(),
        answered: request.items.iter().filter_map(as_result).map(|result| result.call_id.as_str()).collect(),
        stateful: state.previous_response_id.is_some() || state.conversation.is_some(),
        stored: encoding.of_responses && state.store != Some(false),
        begun: false,
        encoding,
    };
    for (position, item) in request.items.iter().enumerate() {
        let rest = request.items.get(position + 1..).unwrap_or_default();
        match item {
            Item::Reasoning(_) if !items.encoding.of_responses && !goes_on(rest) => {
                items.encoding.lost.dropped("items.reasoning");
            }
            item => items.item(item, position),
        }
    }
    if state.compact {
        items.write(&write::Item { kind: "compaction_trigger", ..write::Item::default() });
    }
    items.out.push(b']');
    items.out
}

fn as_call(item: &Item) -> Option<&ToolCall> {
    match item {
        Item::ToolCall(call) => Some(call),
        _ => None,
    }
}

fn as_result(item: &Item) -> Option<&ToolResult> {
    match item {
        Item::ToolResult(result) => Some(result),
        _ => None,
    }
}

/// Whether the model said or did something after it thought; the upstream refuses thinking that led nowhere.
fn goes_on(rest: &[Item]) -> bool {
    match rest.iter().find(|item| !matches!(item, Item::Reasoning(_))) {
        Some(Item::Message(message)) => message.role == Role::Assistant,
        Some(Item::ToolCall(_) | Item::Compaction(_)) => true,
        Some(Item::Opaque(opaque)) => opaque.role == Role::Assistant,
        Some(Item::ToolResult(_) | Item::Reasoning(_)) | None => false,
    }
}

impl<'a> Items<'_, 'a> {
    fn write(&mut self, item: &impl Serialize) {
        let end = self.out.len();
        if end > 1 {
            self.out.push(b',');
        }
        if serde_json::to_writer(&mut self.out, item).is_err() {
            self.out.truncate(end);
        }
    }

    fn item(&mut self, item: &'a Item, position: usize) {
        match item {
            Item::Message(message) => self.message(message, position),
            Item::Reasoning(reasoning) => self.reasoning(reasoning, position),
            Item::ToolCall(call) => self.call(call),
            Item::ToolResult(result) => self.result(result),
            Item::Compaction(compaction) => self.compaction(compaction),
            Item::Opaque(Opaque { owner: Protocol::Responses, raw, .. }) => self.write(raw),
            Item::Opaque(opaque) => self.encoding.lost.dropped(format!("items.{}", opaque.kind)),
        }
        self.begun |= !matches!(item, Item::Message(Message { role: Role::System | Role::Developer, .. }));
    }

    fn message(&mut self, message: &'a Message, position: usize) {
        if message.name.is_some() {
            self.encoding.lost.dropped("items.name");
        }
        if message.role != Role::Assistant {
            let parts = self.encoding.parts(&message.blocks, message.role);
            let role = self.role(message.role);
            return self.parts(message, role, None, parts);
        }
        let mut parts = Vec::new();
        let mut media = Vec::new();
        for block in &message.blocks {
            let block = std::slice::from_ref(block);
            match block {
                [Block::Image(_) | Block::File(_)] => media.extend(self.encoding.parts(block, Role::User)),
                _ => parts.extend(self.encoding.parts(block, Role::Assistant)),
            }
        }
        // A message of the model's has an id; made-up ones are taken.
        let minted = format!("msg_{position}");
        self.parts(message, "assistant", Some(&minted), parts);
        if !media.is_empty() {
            // A model's own message holds text only.
            self.encoding.lost.approximated("items.image");
            self.user(media);
        }
    }

    fn parts(
        &mut self,
        message: &'a Message,
        role: &'static str,
        minted: Option<&str>,
        parts: Vec<Content<'a>>,
    ) {
        if parts.is_empty() && !self.encoding.of_responses {
            return;
        }
        let id = message.id.as_deref().filter(|_| self.encoding.of_responses).or(minted);
        let ext = self.encoding.ext(&message.ext);
        self.write(&write::Item {
            kind: "message",
            id,
            status: id.filter(|_| role == "assistant").map(|_| "completed"),
            role: Some(role),
            phase: message.phase.as_deref(),
            content: Some(parts),
            ext,
            ..write::Item::default()
        });
    }

    fn user(&mut self, parts: Vec<Content<'a>>) {
        self.write(&write::Item {
            kind: "message",
            role: Some("user"),
            content: Some(parts),
            ..write::Item::default()
        });
    }

    fn role(&mut self, role: Role) -> &'static str {
        let compat = self.encoding.compat;
        match role {
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::System | Role::Developer if self.begun && compat.system_anywhere == Some(false) => {
                self.encoding.lost.approximated("items.system");
                "user"
            }
            Role::Developer if compat.developer_role != Some(false) => "developer",
            Role::System | Role::Developer => "system",
        }
    }

    /// Of use only to its issuer: encrypted, kept there under its id, or readable where it was shown in the
    /// clear. Some want that back: only a Responses upstream gives reasoning an id, so it is theirs.
    fn reasoning(&mut self, reasoning: &'a Reasoning, position: usize) {
        let encrypted = reasoning.sealed.as_ref().filter(|sealed| sealed.kind == SealKind::Encrypted);
        let is_own = self.encoding.of_responses || reasoning.id.is_some();
        let text = reasoning.text.as_deref().filter(|text| is_own && !text.is_empty());
        if encrypted.is_none() && text.is_none() && !(self.stored && reasoning.id.is_some()) {
            return self.encoding.lost.dropped("items.reasoning");
        }
        let minted = format!("rs_{position}");
        let parts = reasoning.summary.iter().map(|text| Part::text("summary_text", text.as_str()));
        // The type wants a summary, even an empty one.
        self.write(&write::Item {
            kind: "reasoning",
            id: Some(reasoning.id.as_deref().unwrap_or(&minted)),
            summary: Some(parts.collect()),
            content: text.map(|text| vec![Content::Part(Part::text("reasoning_text", text))]),
            encrypted_content: encrypted.map(|sealed| sealed.data.as_str()),
            ..write::Item::default()
        });
    }

    fn call(&mut self, call: &'a ToolCall) {
        if call.executor == Executor::Server {
            return self.encoding.lost.dropped(format!("items.{}", call.name));
        }
        if call.sealed.is_some() {
            self.encoding.lost.dropped("reasoning.sealed");
        }
        if call.cache.is_some() {
            self.encoding.lost.dropped("cache_control");
        }
        let ext = self.encoding.ext(&call.ext);
        let id = call.item_id.as_deref().filter(|_| self.encoding.of_responses);
        // A custom call has no status on its way in.
        let status = (call.kind != CallKind::Custom).then_some("completed");
        self.write(&write::Item { id, ext, ..write::call(call, &call.kind, status) });
        if !self.answered.contains(call.id.as_str()) {
            self.encoding.lost.approximated("items.tool_result");
            let said = Said::Text(Cow::Borrowed(UNANSWERED));
            self.write(&output(&call.kind, &call.id, said, true));
        }
    }

    fn result(&mut self, result: &'a ToolResult) {
        let known = self.calls.get(result.call_id.as_str()).copied();
        if result.executor == Executor::Server {
            return self.encoding.lost.dropped("items.tool_result");
        }
        if result.cache.is_some() {
            self.encoding.lost.dropped("cache_control");
        }
        if known.is_none() && !self.stateful {
            return self.orphan(result);
        }
        let of_responses = self.encoding.of_responses;
        let kind = known.filter(|_| !of_responses).unwrap_or(&result.kind);
        let failed = result.is_error == Some(true);
        let said = self.said(result, failed && *kind != CallKind::ApplyPatch);
        let mut item = output(kind, &result.call_id, said, failed);
        item.name = result.name.as_deref().filter(|_| of_responses);
        item.ext = self.encoding.ext(&result.ext);
        if let Some(id) = result.item_id.as_deref().filter(|_| of_responses) {
            item.id = Some(id);
            item.call_id = Some(&result.call_id);
        }
        self.write(&item);
    }

    /// The upstream refuses a result whose call it does not know; the model may read it all the same.
    fn orphan(&mut self, result: &'a ToolResult) {
        self.encoding.lost.approximated("items.tool_result");
        let head = format!("Result of the tool call {}:", result.call_id);
        let mut parts = vec![Content::Part(Part::text("input_text", head))];
        match self.said(result, result.is_error == Some(true)) {
            Said::Text(text) => parts.push(Content::Part(Part::text("input_text", text))),
            Said::Parts(more) => parts.extend(more),
            Said::Raw(raw) => parts.push(Content::Part(Part::text("input_text", raw.get().to_owned()))),
        }
        self.user(parts);
    }

    fn said(&mut self, result: &'a ToolResult, failed: bool) -> Said<'a> {
        if failed {
            self.encoding.lost.approximated("tool_result.is_error");
        }
        let told = |text: &'a str| {
            if failed && !text.starts_with("Error") {
                Said::Text(Cow::Owned(format!("Error: {text}")))
            } else {
                Said::Text(Cow::Borrowed(text))
            }
        };
        match &result.content {
            ResultContent::Text(text) => told(text),
            ResultContent::Json(raw) if matches!(result.kind, CallKind::ToolSearch | CallKind::Other(_)) => {
                Said::Raw(Cow::Borrowed(raw))
            }
            ResultContent::Json(raw) => told(raw.get()),
            ResultContent::Blocks(blocks) => match blocks.as_slice() {
                [] => told(""),
                [Block::Text(text)] if text.cache.is_none() => told(&text.text),
                blocks => {
                    let mut parts = self.encoding.parts(blocks, Role::User);
                    if failed {
                        parts.insert(0, Content::Part(Part::text("input_text", "Error:")));
                    }
                    Said::Parts(parts)
                }
            },
        }
    }

    fn compaction(&mut self, compaction: &'a Compaction) {
        let sealed = compaction.sealed.as_ref().filter(|sealed| sealed.kind == SealKind::Encrypted);
        match (sealed, &compaction.summary) {
            (Some(sealed), _) => self.write(&write::Item {
                kind: "compaction",
                id: compaction.id.as_deref(),
                encrypted_content: Some(&sealed.data),
                ..write::Item::default()
            }),
            (None, Some(summary)) => {
                self.encoding.lost.approximated("items.compaction");
                self.user(vec![Content::Part(Part::text("input_text", summary.as_str()))]);
            }
            (None, None) => self.encoding.lost.dropped("items.compaction"),
        }
    }
}

impl Encoding<'_> {
    /// What only Responses knows goes back to Responses.
    pub(super) fn ext<'x>(&mut self, ext: &'x Ext) -> Option<&'x Ext> {
        if self.of_responses {
            return Some(ext).filter(|ext| !ext.is_empty());
        }
        for name in ext.keys() {
            self.lost.dropped(format!("ext.{name}"));
        }
        None
    }
}
