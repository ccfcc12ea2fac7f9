//! The arguments of the tool that stands for the answer's form become the answer's text.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{Emulation, VALUE};
use crate::codec::json;
use crate::ir::{BlockStart, Citation, Delta, Event, FinishReason, Raw};
use crate::sorted::ByIndex;

/// How many bytes of one block are kept back before it is passed on as it is.
const MAX_HELD: usize = 1024 * 1024;

/// Rewrites one answer.
#[derive(Debug)]
pub struct Raiser {
    emulation: Emulation,
    /// Open blocks, and text that is kept back, by the upstream's index.
    blocks: ByIndex<Piece>,
    /// The index of the client's next block.
    next: u32,
    /// Choices whose answer came, and those that call other tools.
    answered: BTreeSet<u32>,
    calling: BTreeSet<u32>,
}

#[derive(Debug)]
enum Piece {
    /// Passed on, under the client's index.
    Shown(u32),
    /// The answer, passed on as text.
    Answer { shown: u32, empty: bool },
    /// The answer, within an object.
    Wrapped { shown: u32, written: String },
    /// Text that is the answer only if the tool is not called.
    Held { choice: u32, deltas: Vec<Delta<'static>>, length: usize },
}

impl Raiser {
    pub(super) fn new(emulation: Emulation) -> Self {
        let (blocks, answered, calling) = (ByIndex::default(), BTreeSet::new(), BTreeSet::new());
        Self { emulation, blocks, next: 0, answered, calling }
    }

    /// Takes in the next event, and hands on what the client shall see.
    pub fn push(&mut self, event: Event<'_>, each: &mut dyn FnMut(Event<'_>)) {
        match event {
            Event::BlockStart { index, choice, block } => self.start(index, choice, block, each),
            Event::Delta { index, delta } => self.delta(index, delta, each),
            Event::BlockStop { index } => self.stop(index, each),
            Event::Finish { choice, mut finish } => {
                self.release(choice, each);
                let only = self.answered.contains(&choice) && !self.calling.contains(&choice);
                if only && finish.reason == FinishReason::ToolCalls {
                    finish.reason = FinishReason::Stop;
                }
                each(Event::Finish { choice, finish });
            }
            other => each(other),
        }
    }

    fn start(&mut self, index: u32, choice: u32, block: BlockStart<'_>, each: &mut dyn FnMut(Event<'_>)) {
        let piece = match block {
            BlockStart::Text { .. } => Piece::Held { choice, deltas: Vec::new(), length: 0 },
            BlockStart::ToolCall { name, .. } if name == self.emulation.tool => {
                if !self.answered.insert(choice) {
                    return;
                }
                let shown = self.show(choice, text(), each);
                if self.emulation.wrapped {
                    Piece::Wrapped { shown, written: String::new() }
                } else {
                    Piece::Answer { shown, empty: true }
                }
            }
            block => {
                if matches!(block, BlockStart::ToolCall { .. }) {
                    self.release(choice, each);
                    self.calling.insert(choice);
                }
                Piece::Shown(self.show(choice, block, each))
            }
        };
        self.blocks.insert(index, piece);
    }

    fn delta(&mut self, index: u32, delta: Delta<'_>, each: &mut dyn FnMut(Event<'_>)) {
        let Some(piece) = self.blocks.get_mut(index) else { return };
        match (&mut *piece, delta) {
            (Piece::Shown(shown), delta) => each(Event::Delta { index: *shown, delta }),
            (Piece::Answer { shown, empty }, Delta::Arguments(text)) => {
                *empty &= text.is_empty();
                each(Event::Delta { index: *shown, delta: Delta::Text(text) });
            }
            (Piece::Wrapped { shown, written }, Delta::Arguments(text)) => {
                written.push_str(&text);
                if written.len() > MAX_HELD {
                    let shown = *shown;
                    each(Event::Delta { index: shown, delta: Delta::Text(std::mem::take(written).into()) });
                    *piece = Piece::Answer { shown, empty: false };
                }
            }
            (Piece::Held { choice, deltas, length }, delta) => {
                *length += size(&delta);
                deltas.push(owned(delta));
                if *length > MAX_HELD {
                    let (choice, deltas) = (*choice, std::mem::take(deltas));
                    let shown = self.show(choice, text(), each);
                    deltas.into_iter().for_each(|delta| each(Event::Delta { index: shown, delta }));
                    self.blocks.insert(index, Piece::Shown(shown));
                }
            }
            (Piece::Answer { .. } | Piece::Wrapped { .. }, _) => {}
        }
    }

    fn stop(&mut self, index: u32, each: &mut dyn FnMut(Event<'_>)) {
        if matches!(self.blocks.get(index), Some(Piece::Held { .. })) {
            return;
        }
        let (shown, rest) = match self.blocks.remove(index) {
            Some(Piece::Answer { shown, empty }) => (shown, empty.then(|| "{}".to_owned())),
            Some(Piece::Wrapped { shown, written }) => (shown, Some(unwrapped(&written).unwrap_or(written))),
            Some(Piece::Shown(shown)) => (shown, None),
            Some(Piece::Held { .. }) | None => return,
        };
        if let Some(rest) = rest {
            each(Event::Delta { index: shown, delta: Delta::Text(Cow::Owned(rest)) });
        }
        each(Event::BlockStop { index: shown });
    }

    /// Tells what was kept back of `choice`, unless the answer came otherwise.
    fn release(&mut self, choice: u32, each: &mut dyn FnMut(Event<'_>)) {
        let is_due = |piece: &Piece| matches!(piece, Piece::Held { choice: of, .. } if *of == choice);
        let due: Vec<u32> =
            self.blocks.iter().filter(|(_, piece)| is_due(piece)).map(|(index, _)| index).collect();
        for index in due {
            let Some(Piece::Held { deltas, .. }) = self.blocks.remove(index) else { continue };
            if !self.answered.contains(&choice) {
                let shown = self.show(choice, text(), each);
                deltas.into_iter().for_each(|delta| each(Event::Delta { index: shown, delta }));
                each(Event::BlockStop { index: shown });
            }
        }
    }

    fn show(&mut self, choice: u32, block: BlockStart<'_>, each: &mut dyn FnMut(Event<'_>)) -> u32 {
        let index = self.next;
        self.next += 1;
        each(Event::BlockStart { index, choice, block });
        index
    }
}

fn text() -> BlockStart<'static> {
    BlockStart::Text { joins: false, message_id: None, phase: None }
}

/// The answer within its object, as the model spelled it.
fn unwrapped(written: &str) -> Option<String> {
    let mut fields = json::fields(written.as_bytes()).filter_map(Result::ok);
    let value = fields.find(|field| json::key_is(field.key, VALUE))?.value;
    std::str::from_utf8(value).ok().map(str::to_owned)
}

/// The bytes that a delta takes while it is kept.
fn size(delta: &Delta<'_>) -> usize {
    let of = |raw: Option<&Raw>| raw.map_or(0, |raw| raw.get().len());
    let own = match delta {
        Delta::Text(text) | Delta::Reasoning(text) | Delta::Summary { text, .. } => text.len(),
        Delta::Arguments(text) | Delta::Media(text) => text.len(),
        Delta::Sealed(sealed) => sealed.data.len(),
        Delta::Citation(Citation::Url { url, title, raw, .. }) => {
            url.len() + title.as_deref().map_or(0, str::len) + of(raw.as_ref())
        }
        Delta::Citation(Citation::Opaque { raw, .. }) | Delta::Logprobs(raw) => of(Some(raw)),
    };
    size_of::<Delta<'_>>() + own
}

fn owned(delta: Delta<'_>) -> Delta<'static> {
    let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
    match delta {
        Delta::Text(text) => Delta::Text(own(text)),
        Delta::Reasoning(text) => Delta::Reasoning(own(text)),
        Delta::Summary { part, text } => Delta::Summary { part, text: own(text) },
        Delta::Arguments(text) => Delta::Arguments(own(text)),
        Delta::Sealed(sealed) => Delta::Sealed(sealed),
        Delta::Citation(citation) => Delta::Citation(citation),
        Delta::Logprobs(raw) => Delta::Logprobs(raw),
        Delta::Media(data) => Delta::Media(own(data)),
    }
}
