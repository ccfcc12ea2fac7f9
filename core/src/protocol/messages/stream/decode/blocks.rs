//! The blocks of a stream: opened, told and closed, also where the upstream forgets to.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::codec::json;
use crate::config::Protocol;
use crate::ir::{BlockStart, CallKind, Delta, Event, Executor, Ext, Opaque, Raw, Role, SealKind, Sealed};
use crate::protocol::UpstreamError;
use crate::protocol::messages::wire::object::{At, Object, Text, keep};
use crate::protocol::messages::wire::{citation, event, seal};

/// The largest input of a vendor's own tool that is kept.
const MAX_INPUT: usize = 4 << 20;

#[derive(Debug, Default)]
pub(super) struct Blocks {
    open: Vec<Open>,
    /// How many were opened.
    next: u32,
    last_wire: u32,
    /// Whether the block opened last is text: a text after it belongs to the same message.
    after_text: bool,
    called: bool,
    /// The id of the message, of which calls get theirs that have none.
    message: String,
}

#[derive(Debug)]
struct Open {
    /// The upstream's number.
    wire: u32,
    /// Ours; unknown for what is told only as a whole.
    index: u32,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Text,
    Thinking,
    /// `input`: what the start held, in case no deltas follow.
    Call {
        input: Option<Raw>,
    },
    /// What must go back with the summary.
    Compaction {
        seal: Ext,
    },
    /// A call that the vendor runs: its input comes in pieces, it is told as a whole.
    Gathered {
        block: Raw,
        input: String,
    },
    /// Told already.
    Whole,
}

impl Blocks {
    pub(super) fn of_message(&mut self, id: Option<&str>) {
        self.message = id.unwrap_or_default().to_owned();
    }

    /// Whether a call for the client was among them.
    pub(super) fn called(&self) -> bool {
        self.called
    }

    /// The number of the block that was opened last.
    pub(super) fn last(&self) -> u32 {
        self.last_wire
    }

    /// The number a block has that comes without one.
    pub(super) fn after_last(&self) -> u32 {
        if self.next == 0 { 0 } else { self.last_wire.saturating_add(1) }
    }

    /// Texts and thinking do not run side by side: one that was not closed ends where another block starts.
    pub(super) fn start(&mut self, wire: u32, raw: &RawValue, each: &mut dyn FnMut(Event<'_>)) {
        self.close_if(|open| open.wire == wire || matches!(open.kind, Kind::Text | Kind::Thinking), each);
        let at = At::ROOT;
        let Ok(mut block) = Object::read(raw, &at) else { return };
        let mut text = |name: &str| block.text(name, &at).ok().flatten();
        let kind = text("type").unwrap_or_default();
        match kind.as_str() {
            "text" => {
                let first = text("text").unwrap_or_default();
                let index = self.open(wire, Kind::Text, text_block(self.after_text), each);
                tell(index, Delta::Text(first.into()), each);
                for citation in block.array("citations", &at).unwrap_or_default() {
                    each(Event::Delta { index, delta: Delta::Citation(citation::decode(citation)) });
                }
            }
            "thinking" => {
                let (first, signature) = (text("thinking").unwrap_or_default(), text("signature"));
                let index = self.open(wire, Kind::Thinking, thinking_block(false), each);
                tell(index, Delta::Reasoning(first.into()), each);
                seal_with(index, SealKind::Signature, signature, each);
            }
            "redacted_thinking" => {
                let data = text("data");
                let index = self.open(wire, Kind::Thinking, thinking_block(true), each);
                seal_with(index, SealKind::Redacted, data, each);
            }
            "tool_use" => {
                let mut told = |name: &str| text(name).filter(|value| !value.is_empty());
                let (id, name) = (told("id"), told("name"));
                let Some(name) = name else { return self.opaque(wire, kind, raw, each) };
                let id = id.unwrap_or_else(|| format!("toolu_{}_{wire}", self.message));
                let input = block.raw("input").filter(|input| input.get() != "{}");
                self.called = true;
                let start = BlockStart::ToolCall {
                    id: id.into(),
                    item_id: None,
                    name: name.into(),
                    namespace: None,
                    kind: CallKind::Function,
                    executor: Executor::Client,
                    sealed: None,
                };
                self.open(wire, Kind::Call { input }, start, each);
            }
            "compaction" => {
                let summary = text("content").unwrap_or_default();
                let kind = Kind::Compaction { seal: block.rest() };
                let index = self.open(wire, kind, BlockStart::Compaction { id: None }, each);
                tell(index, Delta::Text(summary.into()), each);
            }
            "server_tool_use" | "mcp_tool_use" => {
                self.last_wire = wire;
                let kind = Kind::Gathered { block: keep(raw), input: String::new() };
                self.open.push(Open { wire, index: 0, kind });
            }
            _ => self.opaque(wire, kind, raw, each),
        }
    }

    fn opaque(&mut self, wire: u32, kind: String, raw: &RawValue, each: &mut dyn FnMut(Event<'_>)) {
        self.open(wire, Kind::Whole, BlockStart::Opaque(opaque(kind, keep(raw))), each);
    }

    /// More of a block; one that was never opened opens by what comes for it.
    ///
    /// # Errors
    /// When it is of a tool call that was never opened: nobody knows which tool.
    pub(super) fn delta(
        &mut self,
        wire: u32,
        delta: event::Delta<'_>,
        each: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), UpstreamError> {
        let said = |text: &Text<'_>| !text.0.is_empty();
        if let Some(Text(text)) = delta.text.filter(said)
            && let Some(index) = self.index_of(wire, Kind::Text, each)
        {
            tell(index, Delta::Text(text), each);
        }
        if let Some(Text(thinking)) = delta.thinking.or(delta.reasoning_content).filter(said)
            && let Some(index) = self.index_of(wire, Kind::Thinking, each)
        {
            tell(index, Delta::Reasoning(thinking), each);
        }
        if let Some(Text(signature)) = delta.signature.filter(said)
            && let Some(index) = self.index_of(wire, Kind::Thinking, each)
        {
            seal_with(index, SealKind::Signature, Some(signature.into_owned()), each);
        }
        if let Some(citation) = delta.citation
            && let Some(index) = self.index_of(wire, Kind::Text, each)
        {
            each(Event::Delta { index, delta: Delta::Citation(citation::decode(citation)) });
        }
        if let Some(Text(json)) = delta.partial_json {
            self.input(wire, json, each)?;
        }
        if delta.content.is_some() || delta.encrypted_content.is_some() {
            self.compaction(wire, delta.content, delta.encrypted_content, each);
        }
        Ok(())
    }

    pub(super) fn stop(&mut self, wire: u32, each: &mut dyn FnMut(Event<'_>)) {
        self.close_if(|open| open.wire == wire, each);
    }

    /// Closes all that is open.
    pub(super) fn close(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        self.close_if(|_| true, each);
    }

    fn input(
        &mut self,
        wire: u32,
        json: Cow<'_, str>,
        each: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), UpstreamError> {
        let failed = |message: &str| UpstreamError { message: message.into(), ..UpstreamError::default() };
        match self.open.iter_mut().find(|open| open.wire == wire) {
            Some(Open { index, kind: Kind::Call { input }, .. }) => {
                if !json.is_empty() {
                    *input = None;
                    tell(*index, Delta::Arguments(json), each);
                }
                Ok(())
            }
            Some(Open { kind: Kind::Gathered { input, .. }, .. }) => {
                if input.len() + json.len() > MAX_INPUT {
                    return Err(failed("the input of a server tool is too large"));
                }
                input.push_str(&json);
                Ok(())
            }
            Some(Open { kind: Kind::Whole, .. }) => Ok(()),
            _ => Err(failed("arguments came for a tool call that was not opened")),
        }
    }

    fn compaction(
        &mut self,
        wire: u32,
        content: Option<&RawValue>,
        encrypted: Option<&RawValue>,
        each: &mut dyn FnMut(Event<'_>),
    ) {
        if !self.open.iter().any(|open| open.wire == wire) {
            self.open(wire, Kind::Compaction { seal: Ext::new() }, BlockStart::Compaction { id: None }, each);
        }
        let Some(Open { index, kind: Kind::Compaction { seal }, .. }) =
            self.open.iter_mut().find(|open| open.wire == wire)
        else {
            return;
        };
        if let Some(text) = content.and_then(|content| json::from_str::<Text<'_>>(content.get()).ok()) {
            tell(*index, Delta::Text(text.0), each);
        }
        if let Some(encrypted) = encrypted {
            seal.insert("encrypted_content".into(), keep(encrypted).value());
        }
    }

    /// Where a delta that belongs into such a block goes; `None` where the block takes none.
    fn index_of(&mut self, wire: u32, wanted: Kind, each: &mut dyn FnMut(Event<'_>)) -> Option<u32> {
        match self.open.iter().find(|open| open.wire == wire) {
            Some(Open { kind: Kind::Whole | Kind::Gathered { .. }, .. }) => return None,
            Some(open) if std::mem::discriminant(&open.kind) == std::mem::discriminant(&wanted) => {
                return Some(open.index);
            }
            _ => {}
        }
        self.close_if(|open| open.wire == wire || matches!(open.kind, Kind::Text | Kind::Thinking), each);
        let start = match wanted {
            Kind::Thinking => thinking_block(false),
            _ => text_block(self.after_text),
        };
        Some(self.open(wire, wanted, start, each))
    }

    fn open(&mut self, wire: u32, kind: Kind, block: BlockStart<'_>, each: &mut dyn FnMut(Event<'_>)) -> u32 {
        let index = self.next;
        self.next += 1;
        self.last_wire = wire;
        self.after_text = matches!(kind, Kind::Text);
        self.open.push(Open { wire, index, kind });
        each(Event::BlockStart { index, choice: 0, block });
        index
    }

    fn close_if(&mut self, is_done: impl Fn(&Open) -> bool, each: &mut dyn FnMut(Event<'_>)) {
        for Open { mut index, kind, .. } in self.open.extract_if(.., |open| is_done(open)) {
            match kind {
                Kind::Text | Kind::Thinking | Kind::Whole => {}
                Kind::Call { input: None } => {}
                Kind::Call { input: Some(input) } => tell(index, Delta::Arguments(input.get().into()), each),
                Kind::Compaction { seal } => {
                    if let Some(sealed) = seal::of_compaction(seal) {
                        each(Event::Delta { index, delta: Delta::Sealed(sealed) });
                    }
                }
                Kind::Gathered { block, input } => {
                    index = self.next;
                    self.next += 1;
                    self.after_text = false;
                    let block = BlockStart::Opaque(gathered(block, &input));
                    each(Event::BlockStart { index, choice: 0, block });
                }
            }
            each(Event::BlockStop { index });
        }
    }
}

fn tell(index: u32, delta: Delta<'_>, each: &mut dyn FnMut(Event<'_>)) {
    let (Delta::Text(text) | Delta::Reasoning(text) | Delta::Arguments(text)) = &delta else { return };
    if !text.is_empty() {
        each(Event::Delta { index, delta });
    }
}

fn seal_with(index: u32, kind: SealKind, data: Option<String>, each: &mut dyn FnMut(Event<'_>)) {
    if let Some(data) = data.filter(|data| !data.is_empty()) {
        each(Event::Delta { index, delta: Delta::Sealed(Sealed { kind, data }) });
    }
}

fn text_block(joins: bool) -> BlockStart<'static> {
    BlockStart::Text { joins, message_id: None, phase: None }
}

fn thinking_block(redacted: bool) -> BlockStart<'static> {
    BlockStart::Reasoning { id: None, redacted }
}

fn opaque(kind: String, raw: Raw) -> Opaque {
    Opaque { owner: Protocol::Messages, role: Role::Assistant, kind, raw }
}

/// The block with the input that came after its start.
fn gathered(block: Raw, input: &str) -> Opaque {
    let mut value = block.value();
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    match (value.as_object_mut(), json::from_str(input)) {
        (Some(fields), Ok(input)) => {
            fields.insert("input".into(), input);
            opaque(kind, Raw::from(value))
        }
        _ => opaque(kind, block),
    }
}
