//! The wire APIs: what the gateway must know of each to let its traffic through.
//!
//! One folder per protocol, none of which knows another or the scheduler; only this file and those
//! beside the folders choose between them. `openai` holds what OpenAI's APIs share.

mod answer;
mod chat;
mod codecs;
pub mod convert;
mod counters;
mod event;
mod gemini;
mod headers;
mod images;
pub mod messages;
pub mod models;
mod openai;
mod operation;
mod peek;
mod responses;
mod tap;
mod upstream_error;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

pub use answer::{body_error, body_finish, body_usage};
pub use codecs::{
    counted_request, decode_answer, decode_request, document_error, encode_answer, encode_request,
    stream_decoder, stream_encoder,
};
pub use headers::{client_credential, client_query};
pub use operation::Operation;
pub use peek::{Facts, Peek, peek, with_model};
pub use tap::{Signal, Tap, keep_alive};
pub use upstream_error::{MAX_MESSAGE, UpstreamError, decode_error};

use crate::codec::sse;
use crate::config::Protocol;
use crate::error::Failure;

/// The client's headers that an upstream of `protocol` may see, with the defaults it insists on. The
/// credential comes on top.
pub fn request_headers(protocol: Protocol, client: &HeaderMap) -> HeaderMap {
    match protocol {
        Protocol::Messages => messages::request_headers(client),
        Protocol::Gemini => headers::request(client, &gemini::REQUEST_HEADERS),
        Protocol::Chat | Protocol::Responses | Protocol::Images | Protocol::Embeddings => {
            headers::request(client, &openai::REQUEST_HEADERS)
        }
    }
}

/// The header that shows an upstream of `protocol` the operator's key, marked as sensitive. `None` when
/// the key has characters that no header can hold.
pub fn credential(protocol: Protocol, secret: &str) -> Option<(HeaderName, HeaderValue)> {
    match protocol {
        Protocol::Messages => messages::credential(secret),
        Protocol::Gemini => gemini::credential(secret),
        Protocol::Chat | Protocol::Responses | Protocol::Images | Protocol::Embeddings => {
            headers::bearer(secret)
        }
    }
}

/// The upstream's headers that a client of `protocol` may see.
pub fn response_headers(protocol: Protocol, upstream: &HeaderMap) -> HeaderMap {
    let allowed = match protocol {
        Protocol::Messages => &messages::RESPONSE_HEADERS,
        Protocol::Gemini => &gemini::RESPONSE_HEADERS,
        Protocol::Chat | Protocol::Responses | Protocol::Images | Protocol::Embeddings => {
            &openai::RESPONSE_HEADERS
        }
    };
    headers::response(upstream, allowed)
}

/// The JSON body of an error answer, as `protocol` writes it. The message ends with what was tried.
pub fn encode_error(protocol: Protocol, failure: &Failure, request_id: &str) -> Bytes {
    let message = failure_message(failure);
    let body = match protocol {
        Protocol::Messages => messages::error::encode(failure, &message, Some(request_id)),
        Protocol::Gemini => gemini::error::encode(failure, &message, Some(request_id)),
        Protocol::Chat | Protocol::Responses | Protocol::Images | Protocol::Embeddings => {
            openai::encode_error(failure, &message)
        }
    };
    Bytes::from(body.to_string())
}

/// What a failure tells a person.
pub fn failure_message(failure: &Failure) -> String {
    if failure.tried.is_empty() {
        failure.message.clone()
    } else {
        format!("{} (tried: {})", failure.message, failure.tried.join("; "))
    }
}

/// Appends one server-sent event.
fn write_event(out: &mut Vec<u8>, name: Option<&str>, data: &Value) {
    sse::write_event(out, name, data.to_string().as_bytes());
}

#[cfg(test)]
mod tests;
