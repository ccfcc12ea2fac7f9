//! What the codecs of all protocols have in common: decode from the wire, encode to it.

use http::{HeaderName, HeaderValue};

use crate::codec::sse;
use crate::config::compat::Compat;
use crate::error::Failure;
use crate::ir::{Event, Losses};

/// What an encoder of requests must know beside the request.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// As the upstream names it.
    pub model: &'a str,
    /// Whether the upstream shall stream.
    pub stream: bool,
    pub compat: &'a Compat,
}

/// A body for an upstream or a client, and what did not get into it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Encoded {
    pub body: Vec<u8>,
    /// What an upstream must see beside the body, as `anthropic-beta`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub lost: Losses,
}

/// A body that is no request, or no answer, of its protocol. The sentence is for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// A request that this target cannot serve even by leaving something out. The sentence is for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unsupported(pub String);

/// What an encoder of answers must know beside the answer.
#[derive(Clone, Debug, Default)]
pub struct Answering {
    /// Makes ids; unique per request.
    pub seed: String,
    /// Seconds since 1970, where the upstream told no time.
    pub now: u64,
    /// As the client asked for it, where the upstream names none.
    pub model: String,
    /// Whether a Chat client asked for usage in its stream.
    pub include_usage: bool,
    /// Whether a Gemini client reads a JSON array instead of server-sent events.
    pub array: bool,
}

/// An upstream's stream to events that keep the rules of [`Event`].
///
/// `decode` and `finish` are given a sink. What the upstream got wrong is mended where the meaning is plain
/// (a block that was never opened or closed, a usage that comes late), and is [`Event::Error`] where it is
/// not (an event that is no JSON).
pub trait StreamDecoder: Send {
    /// Takes in one event of the wire.
    fn decode(&mut self, event: &sse::Event<'_>, each: &mut dyn FnMut(Event<'_>));

    /// The upstream closed. Tells what was kept back; a stream that had not come to its end gets no
    /// [`Event::End`].
    fn finish(&mut self, each: &mut dyn FnMut(Event<'_>));
}

/// Events to a client's stream.
pub trait StreamEncoder: Send {
    /// Takes in one event, and appends whatever bytes are due. [`Event::Error`] never gets here: it is a
    /// failure by then.
    fn encode(&mut self, event: &Event<'_>, out: &mut Vec<u8>);

    /// Ends the stream badly: closes what is open and appends the one error event of the protocol. The
    /// message is ready for the client.
    fn fail(&mut self, failure: &Failure, message: &str, out: &mut Vec<u8>);

    /// What could not be told so far.
    fn lost(&self) -> &Losses;
}

/// Ids that no other request of this gateway has.
#[derive(Clone, Debug)]
pub struct Ids {
    seed: String,
    next: u32,
}

impl Ids {
    pub fn new(seed: impl Into<String>) -> Self {
        Self { seed: seed.into(), next: 0 }
    }

    /// `<prefix><seed><number>`: `call_5f2a…0`.
    pub fn next(&mut self, prefix: &str) -> String {
        let number = self.next;
        self.next += 1;
        format!("{prefix}{}{number}", self.seed)
    }
}
