//! The one place that picks a codec. Images and embeddings have none: they only pass through.

use super::convert::{Answering, Encoded, Invalid, StreamDecoder, StreamEncoder, Target, Unsupported};
use super::{Operation, UpstreamError, chat, event, gemini, messages, responses};
use crate::config::Protocol;
use crate::ir::{Event, Request, Response};

/// Reads a client's request. `model` and `stream` are what the path or the body says.
///
/// # Errors
/// A sentence for the client, in the words of its protocol.
pub fn decode_request(
    protocol: Protocol,
    body: &[u8],
    model: &str,
    stream: bool,
) -> Result<Request, Invalid> {
    match protocol {
        Protocol::Messages => messages::request::decode::decode(body, model, stream),
        Protocol::Chat => chat::request::decode::decode(body, model, stream),
        Protocol::Responses => responses::request::decode::decode(body, model, stream),
        Protocol::Gemini => gemini::request::decode::decode(body, model, stream),
        Protocol::Images | Protocol::Embeddings => Err(Invalid(format!("{protocol} are not converted"))),
    }
}

/// Writes a request for an upstream.
///
/// # Errors
/// When the protocol cannot ask for it even by leaving something out.
pub fn encode_request(
    protocol: Protocol,
    request: &Request,
    target: &Target<'_>,
) -> Result<Encoded, Unsupported> {
    match protocol {
        Protocol::Messages => messages::request::encode::encode(request, target),
        Protocol::Chat => chat::request::encode::encode(request, target),
        Protocol::Responses => responses::request::encode::encode(request, target),
        Protocol::Gemini => gemini::request::encode::encode(request, target),
        Protocol::Images | Protocol::Embeddings => {
            Err(Unsupported(format!("{protocol} endpoints serve no conversations")))
        }
    }
}

/// Tells an answer that was not streamed as events.
///
/// # Errors
/// What is wrong with the document; events may have come before.
pub fn decode_answer(
    protocol: Protocol,
    document: &[u8],
    each: &mut dyn FnMut(Event<'_>),
) -> Result<(), Invalid> {
    match protocol {
        Protocol::Messages => messages::response::decode::decode(document, each),
        Protocol::Chat => chat::response::decode::decode(document, each),
        Protocol::Responses => responses::response::decode::decode(document, each),
        Protocol::Gemini => gemini::response::decode::decode(document, each),
        Protocol::Images | Protocol::Embeddings => Err(Invalid(format!("{protocol} are not converted"))),
    }
}

/// Writes an answer that is not streamed.
pub fn encode_answer(client: Operation, response: &Response, answering: &Answering) -> Encoded {
    match client.protocol() {
        Protocol::Messages => messages::response::encode::encode(response, answering),
        Protocol::Responses if client == Operation::ResponsesCompact => {
            responses::response::encode::encode_compact(response, answering)
        }
        Protocol::Responses => responses::response::encode::encode(response, answering),
        Protocol::Gemini => gemini::response::encode::encode(response, answering),
        Protocol::Chat | Protocol::Images | Protocol::Embeddings => {
            chat::response::encode::encode(response, answering)
        }
    }
}

pub fn stream_decoder(protocol: Protocol) -> Box<dyn StreamDecoder> {
    match protocol {
        Protocol::Messages => Box::new(messages::stream::decode::Decoder::default()),
        Protocol::Responses => Box::new(responses::stream::decode::Decoder::default()),
        Protocol::Gemini => Box::new(gemini::stream::decode::Decoder::default()),
        Protocol::Chat | Protocol::Images | Protocol::Embeddings => {
            Box::new(chat::stream::decode::Decoder::default())
        }
    }
}

pub fn stream_encoder(protocol: Protocol, answering: Answering) -> Box<dyn StreamEncoder> {
    match protocol {
        Protocol::Messages => Box::new(messages::stream::encode::Encoder::new(answering)),
        Protocol::Responses => Box::new(responses::stream::encode::Encoder::new(answering)),
        Protocol::Gemini => Box::new(gemini::stream::encode::Encoder::new(answering)),
        Protocol::Chat | Protocol::Images | Protocol::Embeddings => {
            Box::new(chat::stream::encode::Encoder::new(answering))
        }
    }
}

/// The request that Gemini's `countTokens` shall count: its own content, or one that it holds.
/// <https://ai.google.dev/api/tokens>
pub fn counted_request(body: &[u8]) -> &[u8] {
    event::field(body, "generateContentRequest").unwrap_or(body)
}

/// The error that a document is, in whichever envelope, or that stands in it.
pub fn document_error(document: &[u8]) -> Option<UpstreamError> {
    event::field(document, "error").and_then(event::error_of)
}
