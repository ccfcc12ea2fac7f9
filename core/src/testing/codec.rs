//! One codec at a time, from the outside: what tests of all four have in common.

use crate::codec::sse;
use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::ir::{Accumulator, Event, Request, Response};
use crate::protocol;
use crate::protocol::convert::{Answering, Encoded, Target};
use crate::testing::events::Rules;

/// A client's request.
///
/// # Errors
/// Why it cannot be read.
pub fn read_request(protocol: Protocol, body: &[u8]) -> Result<Request, String> {
    protocol::decode_request(protocol, body, "m", false).map_err(|invalid| invalid.to_string())
}

/// A request for an upstream that is as its vendor made it.
///
/// # Errors
/// Why the upstream cannot serve it.
pub fn write_request(protocol: Protocol, request: &Request) -> Result<Encoded, String> {
    let compat = Compat::default();
    let target = Target { model: &request.model, stream: request.stream, compat: &compat };
    protocol::encode_request(protocol, request, &target).map_err(|unsupported| unsupported.to_string())
}

/// An answer that is not streamed.
///
/// # Errors
/// Why it cannot be read.
pub fn read_document(protocol: Protocol, body: &[u8]) -> Result<Response, String> {
    let mut accumulator = Accumulator::default();
    let read = protocol::decode_answer(protocol, body, &mut |event| accumulator.push(&event));
    read.map_err(|invalid| invalid.to_string())?;
    Ok(accumulator.into_response())
}

/// An answer that is streamed.
///
/// # Errors
/// What it says went wrong.
pub fn read_stream(protocol: Protocol, stream: &[u8]) -> Result<Response, String> {
    let mut accumulator = Accumulator::default();
    let mut decoder = protocol::stream_decoder(protocol);
    let mut events = sse::Decoder::new(usize::MAX);
    let mut take = |event: sse::Event<'_>| decoder.decode(&event, &mut |event| accumulator.push(&event));
    events.push(stream, &mut take).map_err(|error| error.to_string())?;
    events.finish(&mut take);
    decoder.finish(&mut |event| accumulator.push(&event));
    match accumulator.error() {
        Some(error) => Err(error.message.clone()),
        None => Ok(accumulator.into_response()),
    }
}

/// Whether what the bytes of an answer are told as keeps the rules of events.
///
/// # Errors
/// Which rule is broken.
pub fn keeps_rules(protocol: Protocol, answer: &[u8]) -> Result<(), String> {
    let mut kept = Ok(());
    let mut rules = Rules::default();
    let mut decoder = protocol::stream_decoder(protocol);
    let mut check = |event: Event<'_>| {
        if kept.is_ok() {
            kept = rules.push(&event);
        }
    };
    let mut events = sse::Decoder::new(usize::MAX);
    let mut take = |event: sse::Event<'_>| decoder.decode(&event, &mut check);
    events.push(answer, &mut take).map_err(|error| error.to_string())?;
    events.finish(&mut take);
    decoder.finish(&mut check);
    let mut rules = Rules::default();
    // What cannot be read may break off anywhere.
    let _ = protocol::decode_answer(protocol, answer, &mut |event| {
        if kept.is_ok() {
            kept = rules.push(&event);
        }
    });
    kept
}

/// An answer as a client reads it that does not stream.
pub fn write_document(protocol: Protocol, response: &Response) -> Encoded {
    protocol::encode_answer(protocol::Operation::answering(protocol, false), response, &answering())
}

/// Events as a client reads them that streams.
pub fn write_stream<'e>(protocol: Protocol, events: impl IntoIterator<Item = Event<'e>>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = protocol::stream_encoder(protocol, answering());
    for event in events {
        encoder.encode(&event, &mut out);
    }
    out
}

fn answering() -> Answering {
    Answering { seed: "0".into(), now: 1_700_000_000, model: "m".into(), include_usage: true, array: false }
}
