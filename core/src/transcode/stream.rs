//! An upstream's answer to a client's: bytes in, bytes out, in whichever form either side has it.

use crate::codec::sse;
use crate::error::Failure;
use crate::ir::{Accumulator, BlockStart, Delta, Event, FinishReason, Losses, Usage};
use crate::protocol::convert::{Answering, StreamDecoder, StreamEncoder};
use crate::protocol::{self, Operation, UpstreamError};

use super::Stage;

/// One event, and one document, may be so large.
const MAX_EVENT: usize = 16 * 1024 * 1024;
const MAX_DOCUMENT: usize = 64 * 1024 * 1024;

/// Converts one answer.
pub struct Transcoder {
    upstream: Operation,
    input: Input,
    decoder: Box<dyn StreamDecoder>,
    sink: Sink,
    /// Whether the client reads server-sent events.
    takes_comments: bool,
}

/// How the upstream's bytes are cut into events.
enum Input {
    /// Nothing but white space came yet. `document`: the headers announce one.
    Unknown {
        document: bool,
    },
    Events(sse::Decoder),
    Document(Vec<u8>),
    Closed,
}

/// What becomes of the events.
struct Sink {
    stages: Vec<Stage>,
    output: Output,
    seen: Seen,
}

enum Output {
    Stream(Box<dyn StreamEncoder>),
    Document(Box<Document>),
}

/// An answer that is written once it is whole.
struct Document {
    client: Operation,
    accumulator: Accumulator,
    answering: Answering,
    lost: Losses,
}

/// What went by so far.
#[derive(Default)]
struct Seen {
    content: bool,
    ended: bool,
    failed: Option<UpstreamError>,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
}

impl Transcoder {
    /// `streams`: whether the client wants a stream. `document`: whether the upstream's headers announce a
    /// JSON document; what the bytes turn out to be decides.
    pub(super) fn new(
        client: Operation,
        upstream: Operation,
        streams: bool,
        document: bool,
        stages: Vec<Stage>,
        answering: Answering,
    ) -> Self {
        let takes_comments = streams && !answering.array;
        let output = if streams {
            Output::Stream(protocol::stream_encoder(client.protocol(), answering))
        } else {
            let (accumulator, lost) = Default::default();
            Output::Document(Box::new(Document { client, accumulator, answering, lost }))
        };
        Self {
            upstream,
            input: Input::Unknown { document },
            decoder: protocol::stream_decoder(upstream.protocol()),
            sink: Sink { stages, output, seen: Seen::default() },
            takes_comments,
        }
    }

    /// Takes in the upstream's next bytes, and appends what is due to the client.
    pub fn push(&mut self, mut chunk: &[u8], out: &mut Vec<u8>) {
        if let Input::Unknown { document } = self.input {
            chunk = chunk.trim_ascii_start();
            match chunk.first() {
                None => return,
                Some(b'{' | b'[') if document => self.input = Input::Document(Vec::new()),
                Some(_) => self.input = Input::Events(sse::Decoder::new(MAX_EVENT)),
            }
        }
        let Self { input, decoder, sink, .. } = self;
        let overlong = match input {
            Input::Events(events) => {
                // About as much comes out as goes in.
                out.reserve(chunk.len());
                events
                    .push(chunk, &mut |event| decoder.decode(&event, &mut |event| sink.take(event, out)))
                    .is_err()
            }
            Input::Document(document) => {
                document.extend_from_slice(chunk);
                document.len() > MAX_DOCUMENT
            }
            Input::Unknown { .. } | Input::Closed => false,
        };
        if overlong {
            self.input = Input::Closed;
            self.sink.take(Event::Error(unreadable("the upstream's answer is too large to convert")), out);
        }
    }

    /// The upstream closed.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.input, Input::Closed) {
            Input::Events(events) => self.finish_events(events, out),
            Input::Document(document) => self.finish_document(&document, out),
            Input::Unknown { .. } | Input::Closed => {}
        }
        self.sink.finish(out);
    }

    fn finish_events(&mut self, mut events: sse::Decoder, out: &mut Vec<u8>) {
        let Self { decoder, sink, .. } = self;
        events.finish(&mut |event| decoder.decode(&event, &mut |event| sink.take(event, out)));
        decoder.finish(&mut |event| sink.take(event, out));
    }

    fn finish_document(&mut self, document: &[u8], out: &mut Vec<u8>) {
        if let Some(error) = protocol::document_error(document) {
            return self.sink.take(Event::Error(error), out);
        }
        let sink = &mut self.sink;
        let read =
            protocol::decode_answer(self.upstream.protocol(), document, &mut |event| sink.take(event, out));
        let Err(invalid) = read else { return };
        if sink.seen.content || sink.seen.ended {
            return;
        }
        // Some label a stream as JSON, and send one object a line.
        let mut events = sse::Decoder::new(MAX_EVENT);
        let decoder = &mut self.decoder;
        let pushed =
            events.push(document, &mut |event| decoder.decode(&event, &mut |event| sink.take(event, out)));
        if pushed.is_ok() {
            self.finish_events(events, out);
        }
        if !self.sink.seen.content && self.sink.seen.failed.is_none() {
            self.sink.take(Event::Error(unreadable(&invalid.to_string())), out);
        }
    }

    /// Ends the client's stream badly. Nothing where it cannot hold an error.
    pub fn fail(&mut self, failure: &Failure) -> Vec<u8> {
        let mut out = Vec::new();
        self.input = Input::Closed;
        if let Output::Stream(encoder) = &mut self.sink.output
            && !std::mem::replace(&mut self.sink.seen.ended, true)
        {
            encoder.fail(failure, &protocol::failure_message(failure), &mut out);
        }
        out
    }

    /// Whether something a person would see came, or why there is none of it.
    pub fn content(&self) -> bool {
        self.sink.seen.content
    }

    /// Whether the answer came to its end, good or bad.
    pub fn ended(&self) -> bool {
        self.sink.seen.ended || self.sink.seen.failed.is_some()
    }

    pub fn failed(&self) -> Option<&UpstreamError> {
        self.sink.seen.failed.as_ref()
    }

    pub fn usage(&self) -> Option<Usage> {
        self.sink.seen.usage
    }

    /// Why the model stopped.
    pub fn finish_reason(&self) -> Option<FinishReason> {
        self.sink.seen.finish
    }

    /// Whether a comment may be put between two of the client's events.
    pub fn takes_comments(&self) -> bool {
        self.takes_comments
    }

    pub fn lost(&self) -> Losses {
        match &self.sink.output {
            Output::Stream(encoder) => encoder.lost().clone(),
            Output::Document(document) => document.lost.clone(),
        }
    }
}

impl Sink {
    fn take(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        let Self { stages, output, seen } = self;
        if seen.ended || seen.failed.is_some() {
            return;
        }
        run(stages, event, &mut |event| {
            seen.note(&event);
            match (&mut *output, event) {
                (_, Event::Error(_)) => {}
                (Output::Stream(encoder), event) => encoder.encode(&event, out),
                (Output::Document(document), event) => document.accumulator.push(&event),
            }
        });
    }

    /// A document is written once it is whole.
    fn finish(&mut self, out: &mut Vec<u8>) {
        let Output::Document(document) = &mut self.output else { return };
        if self.seen.ended && self.seen.failed.is_none() {
            let response = std::mem::take(&mut document.accumulator).into_response();
            let encoded = protocol::encode_answer(document.client, &response, &document.answering);
            out.extend_from_slice(&encoded.body);
            document.lost = encoded.lost;
        }
    }
}

/// Hands `event` through the stages, one after the other, to `last`.
fn run(stages: &mut [Stage], event: Event<'_>, last: &mut dyn FnMut(Event<'_>)) {
    match stages.split_first_mut() {
        None => last(event),
        Some((first, rest)) => first.push(event, &mut |event| run(rest, event, last)),
    }
}

impl Seen {
    fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::BlockStart { block, .. } => {
                self.content |= !matches!(
                    block,
                    BlockStart::Text { .. }
                        | BlockStart::Refusal { .. }
                        | BlockStart::Reasoning { redacted: false, .. }
                );
            }
            Event::Delta { delta, .. } => {
                self.content |= match delta {
                    Delta::Text(text) | Delta::Reasoning(text) | Delta::Summary { text, .. } => {
                        !text.is_empty()
                    }
                    _ => true,
                };
            }
            Event::Usage(usage) => self.usage.get_or_insert_default().merge(usage),
            Event::Finish { finish, .. } => {
                self.finish.get_or_insert(finish.reason);
                self.content |= !matches!(finish.reason, FinishReason::Stop | FinishReason::ToolCalls);
            }
            Event::End => self.ended = true,
            Event::Error(error) => self.failed = Some(error.clone()),
            Event::Start(_) | Event::BlockStop { .. } => {}
        }
    }
}

fn unreadable(message: &str) -> UpstreamError {
    UpstreamError { message: message.to_owned(), ..UpstreamError::default() }
}
