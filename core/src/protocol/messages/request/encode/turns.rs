//! Items as turns that alternate, each tool call answered in the turn right after it.
//!
//! <https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls>

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::{content, ids, system};
use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{
    self, Compaction, Executor, Ext, Item, Losses, Message, Opaque, Raw, Reasoning, SealKind, ToolCall,
    ToolResult,
};
use crate::protocol::messages::wire::block::{Block, Content};
use crate::protocol::messages::wire::{name, seal};

#[derive(Debug, Default)]
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<Block<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
    /// Whether a compaction block is in it.
    pub(super) compacted: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    role: Role,
    content: Vec<Block<'a>>,
    #[serde(flatten)]
    ext: Option<&'a Ext>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    User,
    Assistant,
    System,
}

impl<'a> Conversation<'a> {
    pub(super) fn of(request: &'a ir::Request, compat: &Compat, lost: &mut Losses) -> Self {
        let leading = system::leading(&request.items);
        let system = system::prompt(request, leading, lost);
        let mut builder = Builder::new(request, compat, lost);
        for item in request.items.iter().skip(leading) {
            builder.item(item);
        }
        Self { system, ..builder.finish() }
    }

    /// With a fixed budget, a turn that calls tools must start with thinking while its results come in.
    pub(super) fn forbids_thinking(&self) -> bool {
        let [.., call, result] = self.turns.as_slice() else { return false };
        let answered = result.content.iter().any(|block| matches!(block, Block::ToolResult { .. }));
        answered && call.role == Role::Assistant && !call.content.first().is_some_and(is_thinking)
    }
}

struct Builder<'a, 'c> {
    conversation: Conversation<'a>,
    /// Whether what only Claude knows came from a Claude client.
    own: bool,
    /// How many calls, and which results, have an id.
    calls: BTreeMap<&'a str, usize>,
    results: BTreeMap<&'a str, Vec<&'a ToolResult>>,
    /// How many calls and results of an id were met.
    met: BTreeMap<(&'a str, bool), usize>,
    /// Calls of the turn under way: id, and which of that id.
    open: Vec<(&'a str, usize)>,
    compat: &'c Compat,
    lost: &'c mut Losses,
}

impl<'a, 'c> Builder<'a, 'c> {
    fn new(request: &'a ir::Request, compat: &'c Compat, lost: &'c mut Losses) -> Self {
        let mut calls = BTreeMap::<_, usize>::new();
        let mut results = BTreeMap::<_, Vec<_>>::new();
        for item in &request.items {
            match item {
                Item::ToolCall(call) if call.executor == Executor::Client => {
                    *calls.entry(call.id.as_str()).or_default() += 1;
                }
                Item::ToolResult(result) if result.executor == Executor::Client => {
                    results.entry(result.call_id.as_str()).or_default().push(result);
                }
                _ => {}
            }
        }
        Self {
            conversation: Conversation::default(),
            own: request.origin == Protocol::Messages,
            calls,
            results,
            met: BTreeMap::new(),
            open: Vec::new(),
            compat,
            lost,
        }
    }

    fn item(&mut self, item: &'a Item) {
        match item {
            Item::Message(message) => self.message(message),
            Item::Reasoning(reasoning) => self.reasoning(reasoning),
            Item::ToolCall(call) => self.call(call),
            Item::ToolResult(result) => self.result(result),
            Item::Compaction(compaction) => self.compaction(compaction),
            Item::Opaque(opaque) => self.opaque(opaque),
        }
    }

    fn finish(mut self) -> Conversation<'a> {
        let answered = |(id, _): &(&str, usize)| self.results.contains_key(id);
        if self.open.iter().any(answered) {
            self.settle();
        }
        let turns = &mut self.conversation.turns;
        turns.iter_mut().for_each(lift_thinking);
        if let Some(last) = turns.last_mut() {
            trim_end(last);
        }
        let starts = |block: &Block<'_>| matches!(block, Block::Compaction { .. });
        if turns.first().is_some_and(|turn| turn.role == Role::Assistant && !turn.content.iter().any(starts))
        {
            self.lost.approximated("items.message");
            turns.insert(0, Turn::new(Role::User, Block::text("[the conversation started earlier]")));
        }
        self.conversation
    }

    fn message(&mut self, message: &'a Message) {
        if message.name.is_some() {
            self.lost.dropped("items.name");
        }
        let role = match message.role {
            ir::Role::User => Role::User,
            ir::Role::Assistant => Role::Assistant,
            ir::Role::System | ir::Role::Developer => return self.system(message),
        };
        for piece in &message.blocks {
            if let Some(block) = content::block(piece, self.compat, self.lost) {
                self.push(role, block);
            }
        }
        self.foreign(&message.ext);
    }

    /// A system message after the first turn.
    fn system(&mut self, message: &'a Message) {
        let blocks: Vec<_> =
            message.blocks.iter().filter_map(|piece| system::text(piece, self.lost)).collect();
        if self.compat.system_anywhere == Some(true) && !self.conversation.turns.is_empty() {
            self.settle();
            let ext = self.own.then_some(&message.ext);
            self.conversation.turns.push(Turn { role: Role::System, content: blocks, ext });
            return self.foreign(&message.ext);
        }
        self.lost.approximated("items.system");
        for block in blocks {
            match block {
                Block::Text { text, cache_control, .. } => {
                    let text = Cow::Owned(format!("<system>\n{text}\n</system>"));
                    self.push(Role::User, Block::Text { text, citations: Vec::new(), cache_control });
                }
                _ => self.lost.dropped("items.system"),
            }
        }
        self.foreign(&message.ext);
    }

    fn foreign(&mut self, ext: &Ext) {
        if !self.own {
            ext.keys().for_each(|field| self.lost.dropped(format!("ext.{field}")));
        }
    }

    /// Only what Claude signed or encrypted itself may go back to it.
    fn reasoning(&mut self, reasoning: &'a Reasoning) {
        let readable =
            reasoning.text.as_deref().is_some_and(|text| !text.is_empty()) || !reasoning.summary.is_empty();
        let block = match &reasoning.sealed {
            Some(sealed) if sealed.kind == SealKind::Redacted => {
                Block::RedactedThinking { data: &sealed.data }
            }
            Some(sealed) if sealed.kind == SealKind::Signature => {
                let thinking = match &reasoning.text {
                    Some(text) => Cow::Borrowed(text.as_str()),
                    None => Cow::Owned(reasoning.summary.join("\n\n")),
                };
                Block::Thinking { thinking, signature: &sealed.data }
            }
            foreign => {
                if foreign.is_some() {
                    self.lost.dropped("reasoning.sealed");
                }
                if readable {
                    self.lost.dropped("items.reasoning");
                }
                return;
            }
        };
        self.push(Role::Assistant, block);
    }

    fn call(&mut self, call: &'a ToolCall) {
        if call.executor == Executor::Server {
            return self.lost.dropped(name::of_call(&call.kind));
        }
        if call.namespace.is_some() {
            self.lost.dropped("tools.namespace");
        }
        if call.sealed.is_some() {
            self.lost.dropped("reasoning.sealed");
        }
        self.foreign(&call.ext);
        let nth = self.met(&call.id, true);
        let block = Block::ToolUse {
            id: ids::of(&call.id, nth),
            name: &call.name,
            input: self.input(call),
            cache_control: call.cache.map(Into::into),
            ext: self.own.then_some(&call.ext),
        };
        self.push(Role::Assistant, block);
        self.open.push((&call.id, nth));
    }

    /// Arguments as an object, which is all Claude takes.
    fn input(&mut self, call: &ToolCall) -> Cow<'a, Raw> {
        let arguments = call.arguments.trim();
        let raw = match arguments {
            "" => return Cow::Owned(Raw::from(serde_json::json!({}))),
            _ => Raw::parse(arguments).ok(),
        };
        match raw {
            Some(raw) if arguments.starts_with('{') => Cow::Owned(raw),
            _ => {
                self.lost.approximated("items.tool_call");
                let input = raw.map_or_else(|| call.arguments.clone().into(), |raw| raw.value());
                Cow::Owned(Raw::from(serde_json::json!({ "input": input })))
            }
        }
    }

    fn result(&mut self, result: &'a ToolResult) {
        if result.executor == Executor::Server {
            return self.lost.dropped(name::of_call(&result.kind));
        }
        let nth = self.met(&result.call_id, false);
        if self.calls.get(result.call_id.as_str()).is_none_or(|calls| nth >= *calls) {
            self.lost.approximated("items.tool_result");
            self.push(Role::User, Block::text(content::orphan(result)));
        } else if self.open.contains(&(&result.call_id, nth)) {
            self.settle();
        }
    }

    fn compaction(&mut self, compaction: &'a Compaction) {
        match (&compaction.sealed, &compaction.summary) {
            (Some(sealed), summary) if sealed.kind == SealKind::Signature => {
                self.conversation.compacted = true;
                let seal = seal::to_compaction(&sealed.data);
                self.push(Role::Assistant, Block::Compaction { content: summary.as_deref(), seal });
            }
            (_, Some(summary)) => {
                self.lost.approximated("items.compaction");
                self.push(Role::User, Block::text(format!("<summary>\n{summary}\n</summary>")));
            }
            (_, None) => self.lost.dropped("items.compaction"),
        }
    }

    fn opaque(&mut self, opaque: &'a Opaque) {
        if opaque.owner != Protocol::Messages {
            return self.lost.dropped(format!("items.{}", opaque.kind));
        }
        let role = if opaque.role == ir::Role::Assistant { Role::Assistant } else { Role::User };
        self.push(role, Block::Raw(Cow::Borrowed(&opaque.raw)));
    }

    /// The how-manieth call, or result, of its id this is.
    fn met(&mut self, id: &'a str, is_call: bool) -> usize {
        let met = self.met.entry((id, is_call)).or_default();
        *met += 1;
        *met - 1
    }

    fn push(&mut self, role: Role, block: Block<'a>) {
        if role != Role::Assistant {
            self.settle();
        }
        match self.conversation.turns.last_mut() {
            Some(turn) if turn.role == role => turn.content.push(block),
            _ => self.conversation.turns.push(Turn::new(role, block)),
        }
    }

    /// Ends an assistant's turn: a user's turn that starts with the results of all its calls, wherever in
    /// the conversation they stand.
    fn settle(&mut self) {
        for (id, nth) in std::mem::take(&mut self.open) {
            let wire = ids::of(id, nth);
            let result = self.results.get(id).and_then(|results| results.get(nth));
            let block = match result {
                Some(result) => content::result(result, wire, self.own, self.compat, self.lost),
                None => {
                    self.lost.approximated("items.tool_call");
                    not_run(wire)
                }
            };
            self.push(Role::User, block);
        }
    }
}

impl<'a> Turn<'a> {
    fn new(role: Role, block: Block<'a>) -> Self {
        Self { role, content: vec![block], ext: None }
    }
}

/// Thinking comes before the text it led to.
fn lift_thinking(turn: &mut Turn<'_>) {
    let first = turn.content.iter().position(|block| !matches!(block, Block::Text { .. }));
    let Some(first) = first else { return };
    let thoughts = turn.content.iter().skip(first).take_while(|block| is_thinking(block)).count();
    if let Some(head) = turn.content.get_mut(..first + thoughts) {
        head.rotate_left(if thoughts == 0 { 0 } else { first });
    }
}

/// An answer that was begun may not end with white space.
/// <https://platform.claude.com/docs/en/build-with-claude/prompt-engineering/prefill-claudes-response>
fn trim_end(turn: &mut Turn<'_>) {
    if turn.role == Role::Assistant
        && let Some(Block::Text { text, .. }) = turn.content.last_mut()
        && text.ends_with(char::is_whitespace)
    {
        *text = Cow::Owned(text.trim_end().to_owned());
    }
}

fn is_thinking(block: &Block<'_>) -> bool {
    matches!(block, Block::Thinking { .. } | Block::RedactedThinking { .. })
}

fn not_run(id: Cow<'_, str>) -> Block<'_> {
    Block::ToolResult {
        tool_use_id: id,
        content: Some(Content::Text(Cow::Borrowed("This tool call was not run."))),
        is_error: Some(true),
        cache_control: None,
        ext: None,
    }
}
