//! One block of a stream that is written.

use std::borrow::Cow;

use serde_json::json;

use crate::ir::{BlockStart, CallKind, Delta, Losses, Raw, SealKind, Sealed};
use crate::protocol::messages::wire::block::Block;
use crate::protocol::messages::wire::event::{Piece, Written};
use crate::protocol::messages::wire::{citation, seal};

#[derive(Debug)]
pub(super) struct Open {
    /// The number of its events.
    pub(super) index: u32,
    pub(super) stopped: bool,
    shown: Shown,
    /// Its number on the wire, once its start is written.
    wire: Option<u32>,
    /// What came before its turn.
    kept: Vec<Piece<'static>>,
}

#[derive(Debug)]
enum Shown {
    /// Starts with its first word: an empty one must not be sent back, so clients shall not see it.
    Text,
    Thinking(Thinking),
    Call {
        id: String,
        name: String,
    },
    /// Free text, told as arguments when it is whole.
    Custom {
        id: String,
        name: String,
        input: String,
    },
    Compaction {
        summary: String,
        sealed: Option<Sealed>,
    },
    Whole(Raw),
}

#[derive(Debug, Default)]
struct Thinking {
    redacted: bool,
    sealed: Option<Sealed>,
    told: Told,
}

/// Which of thinking and its summary is shown: whichever comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Told {
    #[default]
    Nothing,
    Text,
    /// Up to this part.
    Summary(u32),
}

impl Open {
    pub(super) fn new(index: u32, block: &BlockStart<'_>) -> Self {
        let shown = match block {
            BlockStart::Reasoning { redacted, .. } => {
                Shown::Thinking(Thinking { redacted: *redacted, ..Thinking::default() })
            }
            BlockStart::ToolCall { id, name, kind, .. } => {
                let (id, name) = (id.as_ref().into(), name.as_ref().into());
                match kind {
                    CallKind::Custom => Shown::Custom { id, name, input: String::new() },
                    _ => Shown::Call { id, name },
                }
            }
            BlockStart::Compaction { .. } => Shown::Compaction { summary: String::new(), sealed: None },
            BlockStart::Opaque(opaque) => Shown::Whole(opaque.raw.clone()),
            BlockStart::Text { .. }
            | BlockStart::Refusal { .. }
            | BlockStart::Image { .. }
            | BlockStart::Audio { .. } => Shown::Text,
        };
        Self { index, stopped: false, shown, wire: None, kept: Vec::new() }
    }

    /// What a delta is on the wire, if it is to be told before the block's end.
    pub(super) fn take<'d>(&mut self, delta: &'d Delta<'_>, lost: &mut Losses) -> Option<Piece<'d>> {
        match (&mut self.shown, delta) {
            (Shown::Text, Delta::Text(text)) if !text.is_empty() => {
                Some(Piece::Text { text: Cow::Borrowed(text) })
            }
            (Shown::Text, Delta::Citation(cited)) => {
                let citation = citation::encode(cited);
                if citation.is_none() {
                    lost.dropped("citations");
                }
                citation.map(|citation| Piece::Citation { citation })
            }
            (Shown::Text, Delta::Logprobs(_)) => {
                lost.dropped("logprobs");
                None
            }
            (Shown::Thinking(thinking), delta) => thinking.take(delta, lost),
            (Shown::Call { .. }, Delta::Arguments(json)) if !json.is_empty() => {
                Some(Piece::Input { partial_json: Cow::Borrowed(json) })
            }
            (Shown::Custom { input: held, .. }, Delta::Arguments(more))
            | (Shown::Compaction { summary: held, .. }, Delta::Text(more)) => {
                held.push_str(more);
                None
            }
            (Shown::Compaction { sealed, .. }, Delta::Sealed(later)) => {
                *sealed = Some(later.clone());
                None
            }
            _ => None,
        }
    }

    /// For a block whose turn has not come.
    pub(super) fn keep(&mut self, piece: Piece<'_>) {
        let piece = piece.into_owned();
        let rest = match self.kept.last_mut() {
            Some(last) => last.join(piece),
            None => Some(piece),
        };
        self.kept.extend(rest);
    }

    pub(super) fn tell(&mut self, piece: Piece<'_>, next: &mut u32, out: &mut Vec<u8>) {
        let index = self.begin(next, out);
        Written::ContentBlockDelta { index, delta: piece }.write(out);
    }

    /// Its turn has come: writes what was kept, and its start where that says something by itself.
    pub(super) fn catch_up(&mut self, next: &mut u32, out: &mut Vec<u8>) {
        if matches!(self.shown, Shown::Call { .. } | Shown::Custom { .. } | Shown::Whole(_)) {
            self.begin(next, out);
        }
        for piece in std::mem::take(&mut self.kept) {
            self.tell(piece, next, out);
        }
    }

    /// Writes what comes last and the stop; a block that told nothing is none.
    pub(super) fn close(&mut self, next: &mut u32, lost: &mut Losses, out: &mut Vec<u8>) {
        let last = match &mut self.shown {
            Shown::Text | Shown::Call { .. } | Shown::Whole(_) => None,
            Shown::Thinking(thinking) => match thinking.sealed.take() {
                Some(Sealed { kind: SealKind::Signature, data }) => {
                    Some(Piece::Signature { signature: data.into() })
                }
                Some(Sealed { kind: SealKind::Redacted, data }) if self.wire.is_none() => {
                    let block = Block::RedactedThinking { data: &data };
                    self.wire = Some(start(block, next, out));
                    None
                }
                Some(_) => {
                    lost.dropped("reasoning.sealed");
                    None
                }
                None => None,
            },
            Shown::Custom { input, .. } => {
                Some(Piece::Input { partial_json: json!({ "input": input }).to_string().into() })
            }
            Shown::Compaction { summary, sealed } => {
                let seal = seal::own(sealed.as_ref());
                if summary.is_empty() && seal.is_empty() {
                    return lost.dropped("items.compaction");
                }
                let encrypted = seal.get("encrypted_content").and_then(|encrypted| encrypted.as_str());
                Some(Piece::Compaction {
                    content: (!summary.is_empty()).then(|| std::mem::take(summary).into()),
                    encrypted_content: encrypted.map(|encrypted| encrypted.to_owned().into()),
                })
            }
        };
        if let Some(piece) = last {
            self.tell(piece, next, out);
        }
        if let Some(index) = self.wire {
            Written::ContentBlockStop { index }.write(out);
        }
    }

    fn begin(&mut self, next: &mut u32, out: &mut Vec<u8>) -> u32 {
        if let Some(wire) = self.wire {
            return wire;
        }
        let block = match &self.shown {
            Shown::Text => Block::text(""),
            Shown::Thinking(_) => Block::Thinking { thinking: Cow::Borrowed(""), signature: "" },
            Shown::Call { id, name } | Shown::Custom { id, name, .. } => Block::ToolUse {
                id: Cow::Borrowed(id),
                name,
                input: Cow::Owned(Raw::from(json!({}))),
                cache_control: None,
                ext: None,
            },
            Shown::Compaction { sealed, .. } => {
                Block::Compaction { content: None, seal: seal::own(sealed.as_ref()) }
            }
            Shown::Whole(raw) => Block::Raw(Cow::Borrowed(raw)),
        };
        let wire = start(block, next, out);
        self.wire = Some(wire);
        wire
    }
}

impl Thinking {
    fn take<'d>(&mut self, delta: &'d Delta<'_>, lost: &mut Losses) -> Option<Piece<'d>> {
        match delta {
            Delta::Sealed(sealed) => {
                self.sealed = Some(sealed.clone());
                None
            }
            _ if self.redacted => None,
            Delta::Reasoning(text) if !text.is_empty() => {
                if matches!(self.told, Told::Summary(_)) {
                    lost.approximated("items.reasoning");
                    return None;
                }
                self.told = Told::Text;
                Some(Piece::Thinking { thinking: Cow::Borrowed(text) })
            }
            Delta::Summary { part, text } if !text.is_empty() => {
                let thinking = match self.told {
                    Told::Text => {
                        lost.approximated("items.reasoning");
                        return None;
                    }
                    Told::Summary(earlier) if earlier != *part => Cow::Owned(format!("\n\n{text}")),
                    Told::Summary(_) | Told::Nothing => Cow::Borrowed(text.as_ref()),
                };
                self.told = Told::Summary(*part);
                Some(Piece::Thinking { thinking })
            }
            _ => None,
        }
    }
}

fn start(content_block: Block<'_>, next: &mut u32, out: &mut Vec<u8>) -> u32 {
    let index = *next;
    *next += 1;
    Written::ContentBlockStart { index, content_block }.write(out);
    index
}
