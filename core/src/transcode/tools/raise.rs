//! Calls of lowered tools, in an answer, back to what the client declared.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::freeform::Freeform;
use super::{MAX_KEPT, Original, SHELL, Shape, arguments};
use crate::ir::{BlockStart, CallKind, Delta, Event};
use crate::sorted::ByIndex;

/// Restores names and arguments in one answer.
#[derive(Debug)]
pub struct Raiser {
    originals: Arc<BTreeMap<String, Original>>,
    open: ByIndex<Open>,
}

/// A call whose arguments are rewritten.
#[derive(Debug)]
enum Open {
    Freeform(Freeform),
    Whole {
        shape: Shape,
        written: String,
    },
    /// Its arguments are too large to rewrite.
    Bare,
}

impl Raiser {
    pub(super) fn new(originals: Arc<BTreeMap<String, Original>>) -> Self {
        Self { originals, open: ByIndex::default() }
    }

    /// Takes in the next event, and hands on what the client shall see.
    pub fn push(&mut self, event: Event<'_>, each: &mut dyn FnMut(Event<'_>)) {
        match event {
            Event::BlockStart { index, choice, block: call @ BlockStart::ToolCall { .. } } => {
                each(Event::BlockStart { index, choice, block: self.start(index, call) });
            }
            Event::Delta { index, delta: Delta::Arguments(written) } if self.open.get(index).is_some() => {
                if let Some(open) = self.open.get_mut(index) {
                    open.push(&written, &mut |piece| each(piece_of(index, piece)));
                }
            }
            Event::BlockStop { index } => {
                if let Some(open) = self.open.remove(index) {
                    open.finish(&mut |piece| each(piece_of(index, piece)));
                }
                each(Event::BlockStop { index });
            }
            other => each(other),
        }
    }

    fn start<'s>(&'s mut self, index: u32, mut call: BlockStart<'s>) -> BlockStart<'s> {
        let BlockStart::ToolCall { name, namespace, kind, .. } = &mut call else { return call };
        let Some(original) = self.originals.get(name.as_ref()) else { return call };
        *name = Cow::Borrowed(&original.name);
        *namespace = original.namespace.as_deref().map(Cow::Borrowed);
        let whole = |shape| Some(Open::Whole { shape, written: String::new() });
        let open = match original.shape {
            Shape::Same => None,
            Shape::ToolSearch => {
                *kind = CallKind::ToolSearch;
                None
            }
            Shape::Freeform => {
                *kind = CallKind::Custom;
                Some(Open::Freeform(Freeform::default()))
            }
            Shape::LocalShell => {
                *kind = CallKind::LocalShell;
                whole(Shape::LocalShell)
            }
            Shape::Shell => {
                *kind = CallKind::Other(SHELL.to_owned());
                whole(Shape::Shell)
            }
            Shape::ApplyPatch => {
                *kind = CallKind::ApplyPatch;
                whole(Shape::ApplyPatch)
            }
        };
        if let Some(open) = open {
            self.open.insert(index, open);
        }
        call
    }
}

impl Open {
    fn push(&mut self, piece: &str, each: &mut dyn FnMut(&str)) {
        match self {
            Self::Freeform(freeform) => freeform.push(piece, each),
            Self::Whole { written, .. } => {
                written.push_str(piece);
                if written.len() > MAX_KEPT {
                    each(written);
                    *self = Self::Bare;
                }
            }
            Self::Bare => each(piece),
        }
    }

    fn finish(self, each: &mut dyn FnMut(&str)) {
        match self {
            Self::Freeform(freeform) => freeform.finish(each),
            Self::Whole { shape, written } => each(&arguments::raise(shape, &written)),
            Self::Bare => {}
        }
    }
}

fn piece_of(index: u32, piece: &str) -> Event<'_> {
    Event::Delta { index, delta: Delta::Arguments(Cow::Borrowed(piece)) }
}
