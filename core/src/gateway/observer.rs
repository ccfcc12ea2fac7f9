//! Watches an answer's bytes go by: has real content come, has it ended, did it fail, what did it cost.
//!
//! Observing may fail, forwarding may not: bytes the observer cannot read make it blind, never louder.

use std::borrow::Cow;

use memchr::memmem;

use crate::codec::capture::Capture;
use crate::codec::sse::Event;
use crate::codec::{array, sse};
use crate::config::Protocol;
use crate::error::Failure;
use crate::ir::{FinishReason, Usage};
use crate::protocol::{self, Operation, Signal, Tap, UpstreamError};

/// One event larger than this is passed on without being looked at.
const MAX_EVENT: usize = 8 * 1024 * 1024;

pub(crate) struct Observer {
    operation: Operation,
    framing: Framing,
    tap: Tap,
    seen: Seen,
    /// Of a streamed array: what an element put in after the last whole one needs in front.
    gap: &'static str,
}

/// How the answer is cut into events.
enum Framing {
    Events(sse::Decoder),
    /// Gemini without `alt=sse` streams one JSON array.
    Elements(array::Decoder),
    /// Not streamed: one JSON document.
    Document(Capture),
    Blind,
}

/// What went by so far.
#[derive(Default)]
struct Seen {
    content: bool,
    done: bool,
    failed: Option<UpstreamError>,
}

impl Observer {
    /// For an answer in Server-Sent Events.
    pub(crate) fn of_events(operation: Operation) -> Self {
        Self::new(operation, Framing::Events(sse::Decoder::new(MAX_EVENT)))
    }

    /// For an answer in one streamed JSON array.
    pub(crate) fn of_elements(operation: Operation) -> Self {
        Self::new(operation, Framing::Elements(array::Decoder::new(MAX_EVENT)))
    }

    /// For an answer in one JSON document.
    pub(crate) fn of_document(operation: Operation) -> Self {
        Self::new(operation, Framing::Document(Capture::new(&["error", usage_field(operation)])))
    }

    fn new(operation: Operation, framing: Framing) -> Self {
        Self { operation, framing, tap: Tap::new(operation), seen: Seen::default(), gap: "[" }
    }

    /// Looks at the next bytes.
    pub(crate) fn observe(&mut self, chunk: &[u8]) {
        let Self { framing, tap, seen, .. } = self;
        let mut each = |event: Event<'_>| seen.note(tap.observe(&event));
        let overlong = match framing {
            Framing::Events(decoder) => decoder.push(chunk, &mut each).is_err(),
            Framing::Elements(decoder) => decoder.push(chunk, &mut |data| each(element(data))).is_err(),
            Framing::Document(capture) => {
                capture.push(chunk);
                false
            }
            Framing::Blind => false,
        };
        if let Framing::Elements(decoder) = &self.framing
            && let Some(gap) = decoder.gap()
        {
            self.gap = gap;
        }
        if overlong {
            self.framing = Framing::Blind;
            self.seen.content = true;
        }
    }

    /// The upstream closed: looks at what was left over.
    pub(crate) fn finish(&mut self) {
        let Self { framing, tap, seen, .. } = self;
        let mut each = |event: Event<'_>| seen.note(tap.observe(&event));
        match framing {
            Framing::Events(decoder) => decoder.finish(&mut each),
            Framing::Document(capture) => {
                seen.done = capture.complete();
                seen.failed = protocol::body_error(capture.get("error"));
            }
            Framing::Elements(decoder) => decoder.finish(&mut |data| each(element(data))),
            Framing::Blind => {}
        }
    }

    pub(crate) fn content(&self) -> bool {
        self.seen.content
    }

    /// A terminal event went by, good or bad; or the document is whole.
    pub(crate) fn ended(&self) -> bool {
        self.seen.done || self.seen.failed.is_some()
    }

    /// The error the upstream told inside its answer.
    pub(crate) fn failed(&self) -> Option<&UpstreamError> {
        self.seen.failed.as_ref()
    }

    /// Whether the answer may stop here without being a cut one.
    pub(crate) fn ends_cleanly(&self) -> bool {
        match &self.framing {
            Framing::Events(_) => self.ended() || self.tap.ended(),
            Framing::Elements(decoder) => decoder.closed() && (self.ended() || self.tap.ended()),
            Framing::Document(_) => self.seen.done,
            Framing::Blind => true,
        }
    }

    /// How many of the bytes that went by last end whole events. The rest belongs to an event that is
    /// still coming and had better wait for it: a cut would leave the client with half of one.
    pub(crate) fn whole_events(&self, chunk: &[u8]) -> usize {
        match &self.framing {
            Framing::Events(decoder) if !decoder.at_boundary() => last_blank_line(chunk),
            Framing::Elements(decoder) if decoder.gap().is_none() && !decoder.closed() => 0,
            _ => chunk.len(),
        }
    }

    /// Whether a comment may be put between events.
    pub(crate) fn takes_comments(&self) -> bool {
        matches!(self.framing, Framing::Events(_))
    }

    /// Why the model stopped, where the answer is streamed.
    pub(crate) fn finish_reason(&self) -> Option<FinishReason> {
        self.tap.finish_reason()
    }

    pub(crate) fn usage(&self) -> Option<Usage> {
        match &self.framing {
            Framing::Document(capture) => {
                protocol::body_usage(self.operation, capture.get(usage_field(self.operation)))
            }
            _ => self.tap.usage(),
        }
    }

    /// What ends a cut stream after its last whole event: one error in the client's protocol. Nothing
    /// where the answer cannot hold one.
    pub(crate) fn closing_error(&self, failure: &Failure) -> Vec<u8> {
        let mut out = Vec::new();
        match &self.framing {
            Framing::Events(_) => self.tap.error_event(failure, &mut out),
            Framing::Elements(_) => {
                out.extend_from_slice(self.gap.as_bytes());
                out.extend_from_slice(&protocol::encode_error(self.operation.protocol(), failure, ""));
                out.push(b']');
            }
            Framing::Document(_) | Framing::Blind => {}
        }
        out
    }
}

impl Seen {
    fn note(&mut self, signal: Signal) {
        match signal {
            Signal::Quiet => {}
            Signal::Content => self.content = true,
            Signal::Done => self.done = true,
            Signal::Failed(error) => self.failed = Some(error),
        }
    }
}

fn element(data: &[u8]) -> Event<'_> {
    Event { name: None, data: Cow::Borrowed(data) }
}

/// Where a whole answer tells what it cost.
fn usage_field(operation: Operation) -> &'static str {
    if operation.protocol() == Protocol::Gemini { "usageMetadata" } else { "usage" }
}

/// Where the last event ends, of those that end within `chunk`.
fn last_blank_line(chunk: &[u8]) -> usize {
    let after = |blank: &[u8]| memmem::rfind(chunk, blank).map_or(0, |at| at + blank.len());
    after(b"\n\n").max(after(b"\r\n\r\n"))
}
