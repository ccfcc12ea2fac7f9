//! Watches a stream that passes through: content, usage, errors and the end, without touching it.

#[cfg(test)]
mod tests;

use super::{Operation, UpstreamError, chat, gemini, images, messages, openai, responses};
use crate::codec::sse;
use crate::config::Protocol;
use crate::error::Failure;
use crate::ir::{FinishReason, Usage};

/// What one event of a stream means for the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Opens, keeps alive, counts: nothing a person would see.
    Quiet,
    /// Text, thinking, a tool call, a refusal, an image, audio, or why there is none of it. An event that
    /// is content and terminal at once, as in Gemini, is content; [`Tap::ended`] knows the rest.
    Content,
    /// The stream ends well here, and this event brought no content.
    Done,
    /// The upstream reports an error inside its answer.
    Failed(UpstreamError),
}

/// Observes the events of one stream.
///
/// Never fails: an event it cannot read is [`Signal::Quiet`]. Only a stream that starts with something
/// other than JSON has [`Signal::Failed`], with that as the message. After the first content, ordinary
/// events are told by their names or a glance, and not parsed.
#[derive(Debug)]
pub struct Tap(Stream);

#[derive(Debug)]
enum Stream {
    Messages(messages::tap::Stream),
    Chat(chat::tap::Stream),
    Responses(responses::tap::Stream),
    Gemini(gemini::tap::Stream),
    Images(images::Stream),
}

impl Tap {
    pub fn new(operation: Operation) -> Self {
        Self(match operation.protocol() {
            Protocol::Messages => Stream::Messages(messages::tap::Stream::default()),
            // Embeddings are not streamed; an upstream that tries anyway can only mean OpenAI's chunks.
            Protocol::Chat | Protocol::Embeddings => Stream::Chat(chat::tap::Stream::default()),
            Protocol::Responses => Stream::Responses(responses::tap::Stream::default()),
            Protocol::Gemini => Stream::Gemini(gemini::tap::Stream::default()),
            Protocol::Images => Stream::Images(images::Stream::default()),
        })
    }

    /// Takes note of an event. An element of Gemini's JSON array is an event without a name.
    pub fn observe(&mut self, event: &sse::Event<'_>) -> Signal {
        match &mut self.0 {
            Stream::Messages(stream) => stream.observe(event),
            Stream::Chat(stream) => stream.observe(event),
            Stream::Responses(stream) => stream.observe(event),
            Stream::Gemini(stream) => stream.observe(event),
            Stream::Images(stream) => stream.observe(event),
        }
    }

    /// What the stream told so far of its consumption.
    pub fn usage(&self) -> Option<Usage> {
        match &self.0 {
            Stream::Messages(stream) => stream.usage(),
            Stream::Chat(stream) => stream.usage(),
            Stream::Responses(stream) => stream.usage(),
            Stream::Gemini(stream) => stream.usage(),
            Stream::Images(stream) => stream.usage(),
        }
    }

    /// Why the model stopped, once that was told; of several choices the first that was.
    pub fn finish_reason(&self) -> Option<FinishReason> {
        match &self.0 {
            Stream::Messages(stream) => stream.finish,
            Stream::Chat(stream) => stream.finish,
            Stream::Responses(stream) => stream.finish,
            Stream::Gemini(stream) => stream.finish,
            Stream::Images(_) => None,
        }
    }

    /// Whether a terminal event came, good or bad: at the end of the bytes, nothing must be added. A
    /// stream whose bytes end before was cut, and is owed [`Tap::error_event`].
    pub fn ended(&self) -> bool {
        match &self.0 {
            Stream::Messages(stream) => stream.ended(),
            Stream::Chat(stream) => stream.ended(),
            Stream::Responses(stream) => stream.ended(),
            Stream::Gemini(stream) => stream.ended(),
            Stream::Images(stream) => stream.ended(),
        }
    }

    /// Appends the one event by which the client's protocol ends a stream badly. For Gemini's JSON array,
    /// take [`encode_error`](super::encode_error) as its last element instead.
    pub fn error_event(&self, failure: &Failure, out: &mut Vec<u8>) {
        let message = super::failure_message(failure);
        match &self.0 {
            Stream::Messages(_) => messages::error::event(failure, &message, out),
            Stream::Responses(stream) => stream.error_event(failure, &message, out),
            Stream::Gemini(_) => gemini::error::event(failure, &message, out),
            Stream::Chat(_) | Stream::Images(_) => openai::error_event(failure, &message, out),
        }
    }
}

/// What holds a client's stream open while an upstream is silent; goes between two events.
pub fn keep_alive(protocol: Protocol) -> &'static [u8] {
    match protocol {
        Protocol::Messages => messages::KEEP_ALIVE,
        _ => b": keep-alive\n\n",
    }
}
