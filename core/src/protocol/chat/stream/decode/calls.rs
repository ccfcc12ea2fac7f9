//! Tool calls that come in pieces: which piece belongs to which call.

use serde_json::Value;

use super::out::Out;
use crate::codec::json;
use crate::codec::skim::Skim;
use crate::ir::{BlockStart, CallKind, Delta, Executor, SealKind, Sealed};
use crate::protocol::chat::wire::chunk::{self, arguments};
use crate::protocol::chat::wire::text::filled;

/// Calls of one answer that are followed; nothing sensible makes more.
const MAX_CALLS: usize = 1024;

/// The longest name put together from pieces, in bytes.
const MAX_NAME: usize = 1024;

/// The most that is kept of arguments while the name is missing, in bytes.
const MAX_EARLY: usize = 1 << 20;

/// The calls of one choice, in the order they came.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    /// A call never got a name.
    pub(super) malformed: bool,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<i64>,
    /// As the upstream named it; empty until it does.
    id: String,
    name: String,
    custom: bool,
    sealed: Option<Sealed>,
    /// Arguments that came before the name.
    early: String,
    block: Option<u32>,
    told: Skim,
    begun: bool,
    complete: bool,
    closed: bool,
}

/// One piece, whichever field it came in.
pub(super) struct Piece<'a> {
    index: Option<i64>,
    id: Option<&'a str>,
    name: Option<&'a str>,
    arguments: std::borrow::Cow<'a, str>,
    custom: bool,
    sealed: Option<Sealed>,
}

impl<'a> Piece<'a> {
    pub(super) fn of_call(call: &'a chunk::Call<'_>) -> Self {
        let function = call.function.as_ref();
        let custom = call.custom.as_ref();
        let input = custom.and_then(|custom| filled(&custom.input));
        let called = function.and_then(|function| filled(&function.name));
        Self {
            index: call.index,
            id: filled(&call.id),
            name: called.or_else(|| custom.and_then(|custom| filled(&custom.name))),
            arguments: match (function.and_then(|function| function.arguments), input) {
                (Some(raw), _) => arguments(raw),
                (None, input) => input.unwrap_or_default().into(),
            },
            custom: custom.is_some(),
            sealed: call.extra_content.and_then(|extra| thought_signature(extra.get())),
        }
    }

    /// The older `function_call`, of which there is one.
    pub(super) fn of_function(function: &'a chunk::Function<'_>) -> Self {
        Self {
            index: Some(-1),
            id: None,
            name: filled(&function.name),
            arguments: function.arguments.map(arguments).unwrap_or_default(),
            custom: false,
            sealed: None,
        }
    }

    /// In a whole message every call stands for itself.
    pub(super) fn at(self, position: usize) -> Self {
        Self { index: i64::try_from(position).ok(), ..self }
    }
}

/// <https://ai.google.dev/gemini-api/docs/thought-signatures>
fn thought_signature(extra: &str) -> Option<Sealed> {
    let extra: Value = json::from_str(extra).ok()?;
    let data = extra.pointer("/google/thought_signature")?.as_str()?.to_owned();
    Some(Sealed { kind: SealKind::Thought, data })
}

impl Calls {
    /// Whether a piece starts a call of its own. Some vendors send empty ones with every chunk.
    pub(super) fn is_new(&self, piece: &Piece<'_>) -> bool {
        (piece.name.is_some() || piece.id.is_some()) && self.find(piece).is_none()
    }

    /// Whether any call was told.
    pub(super) fn any(&self) -> bool {
        self.calls.iter().any(|call| call.block.is_some())
    }

    pub(super) fn push(&mut self, piece: Piece<'_>, out: &mut Out<'_>) {
        let at = match self.find(&piece) {
            Some(at) => at,
            None if self.calls.len() >= MAX_CALLS || piece.name.is_none() && piece.id.is_none() => return,
            None => {
                self.calls.push(Call { index: piece.index, custom: piece.custom, ..Call::default() });
                self.calls.len() - 1
            }
        };
        let (before, rest) = self.calls.split_at_mut(at);
        let Some(call) = rest.first_mut().filter(|call| !call.closed) else { return };
        call.take_in(&piece);
        if piece.arguments.is_empty() {
            return;
        }
        if call.name.is_empty() {
            if call.early.len() + piece.arguments.len() <= MAX_EARLY {
                call.early.push_str(&piece.arguments);
            }
            return;
        }
        call.announce(before, out);
        call.extend(&piece.arguments, out);
    }

    /// Something else begins: tells every call that is known, and closes those whose arguments are whole.
    pub(super) fn settle(&mut self, out: &mut Out<'_>) {
        self.each_open(out, |call| call.complete);
    }

    /// The answer is over.
    pub(super) fn finish(&mut self, out: &mut Out<'_>) {
        self.each_open(out, |_| true);
        self.malformed |= self.calls.iter().any(|call| call.block.is_none());
    }

    fn each_open(&mut self, out: &mut Out<'_>, closes: impl Fn(&Call) -> bool) {
        for at in 0..self.calls.len() {
            let (before, rest) = self.calls.split_at_mut(at);
            let Some(call) = rest.first_mut().filter(|call| !call.closed && !call.name.is_empty()) else {
                continue;
            };
            call.announce(before, out);
            if closes(call)
                && let Some(block) = call.block
            {
                call.closed = true;
                out.stop(block);
            }
        }
    }

    /// The call a piece goes on with. What names neither a call nor a known index goes on with the last.
    fn find(&self, piece: &Piece<'_>) -> Option<usize> {
        let last = |test: &dyn Fn(&Call) -> bool| self.calls.iter().rposition(test);
        let nameless = piece.id.is_none() && piece.name.is_none();
        let same_index = |call: &Call| piece.index.is_none() || call.index == piece.index;
        // Several calls under one index: the id decides.
        let named = piece.id.and_then(|id| last(&|call| call.id == id && same_index(call)));
        let indexed = if piece.index.is_some() { last(&same_index) } else { None };
        let any = (piece.index.is_none() || nameless).then(|| self.calls.len().checked_sub(1)).flatten();
        let at = named.or(indexed).or(any)?;
        self.calls.get(at).is_some_and(|call| !call.ends_before(piece)).then_some(at)
    }
}

impl Call {
    /// Whether `piece`, which comes under this call's index, cannot be part of it any more.
    fn ends_before(&self, piece: &Piece<'_>) -> bool {
        let told = self.block.is_some();
        match (piece.id, piece.name) {
            (Some(id), _) if id == self.id => false,
            (Some(_), name) => name.is_some() && (told || !self.id.is_empty()),
            (None, Some(name)) if told && name != self.name => true,
            (None, Some(_)) => self.complete && !piece.arguments.is_empty(),
            (None, None) => false,
        }
    }

    fn take_in(&mut self, piece: &Piece<'_>) {
        if self.block.is_some() {
            return;
        }
        if let Some(id) = piece.id.filter(|_| self.id.is_empty()) {
            id.clone_into(&mut self.id);
        }
        if self.sealed.is_none() {
            self.sealed.clone_from(&piece.sealed);
        }
        match piece.name {
            // Repeated, or longer every time.
            Some(name) if name.starts_with(self.name.as_str()) => name.clone_into(&mut self.name),
            Some(more) if self.name.len() + more.len() <= MAX_NAME => self.name.push_str(more),
            _ => {}
        }
    }

    fn announce(&mut self, before: &[Self], out: &mut Out<'_>) {
        if self.block.is_some() {
            return;
        }
        // A name is no id, and neither is what another call has.
        let taken =
            self.id.is_empty() || self.id == self.name || before.iter().any(|call| call.id == self.id);
        let minted = if taken { out.mint() } else { String::new() };
        let block = out.start(BlockStart::ToolCall {
            id: if taken { minted.as_str() } else { self.id.as_str() }.into(),
            item_id: None,
            name: self.name.as_str().into(),
            namespace: None,
            kind: if self.custom { CallKind::Custom } else { CallKind::Function },
            executor: Executor::Client,
            sealed: self.sealed.take(),
        });
        self.block = Some(block);
        let early = std::mem::take(&mut self.early);
        self.extend(&early, out);
    }

    fn extend(&mut self, arguments: &str, out: &mut Out<'_>) {
        let Some(block) = self.block.filter(|_| !arguments.is_empty()) else { return };
        if !self.custom && !self.complete {
            let value = if self.begun { arguments } else { arguments.trim_start() };
            self.begun |= !value.is_empty();
            self.complete = self.begun && self.told.end(value.as_bytes()).is_some();
        }
        out.delta(block, Delta::Arguments(arguments.into()));
    }
}
