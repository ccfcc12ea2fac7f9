//! What becomes of requests and answers between two protocols, as text to compare.
//!
//! It is the real path, under a fixed key, nonce and time, so that the same bytes come out everywhere.
#![expect(clippy::indexing_slicing, reason = "a field that JSON lacks is null")]

use http::StatusCode;
use serde_json::{Value, json};

use crate::config::Protocol;
use crate::config::compat::Compat;
use crate::error::{Failure, FailureKind, Origin};
use crate::ir::Losses;
use crate::protocol::convert::{Answering, Encoded, Unsupported};
use crate::protocol::{self, Operation};
use crate::transcode::{self, Exchange, Parties, Transcoder, Vault};

/// The protocols that are converted into each other, with the names of their folders.
pub const PROTOCOLS: [(&str, Protocol); 4] = [
    ("messages", Protocol::Messages),
    ("chat", Protocol::Chat),
    ("responses", Protocol::Responses),
    ("gemini", Protocol::Gemini),
];

/// A client's request as an upstream of `to` receives it: `{lost, headers, body}`, or `{refused}`.
pub fn request(from: Protocol, to: Protocol, body: &[u8]) -> String {
    let told = match encoded(from, to, body) {
        Err(why) => json!({ "refused": why }),
        Ok(Encoded { body, headers, lost }) => {
            let headers: Value = headers
                .iter()
                .map(|(name, value)| {
                    (name.to_string(), Value::from(String::from_utf8_lossy(value.as_bytes())))
                })
                .collect();
            json!({ "lost": told(&lost), "headers": headers, "body": parsed(&body) })
        }
    };
    pretty(&told)
}

/// As [`request`], not yet as text.
///
/// # Errors
/// Why it cannot be converted.
pub fn encoded(from: Protocol, to: Protocol, body: &[u8]) -> Result<Encoded, String> {
    exchange(from, to, body).map(|exchange| exchange.encoded)
}

/// An upstream's stream as a client of `to` reads it. What was lost is a comment at its end.
pub fn stream<'a>(from: Protocol, to: Protocol, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut out, transcoder) =
        transcoded(from, to, Form { upstream: Kind::Stream, client: Kind::Stream }, chunks);
    let lost = transcoder.lost();
    if !lost.is_empty() {
        out.extend_from_slice(format!(": lost {lost}\n\n").as_bytes());
    }
    out
}

/// An unstreamed answer as a client of `to` reads it that streams.
pub fn stream_of_document(from: Protocol, to: Protocol, document: &[u8]) -> Vec<u8> {
    transcoded(from, to, Form { upstream: Kind::Document, client: Kind::Stream }, [document]).0
}

/// An upstream's answer as a client of `to` reads it, if it does not stream: `{lost, body}`.
pub fn document<'a>(
    from: Protocol,
    upstream: Kind,
    to: Protocol,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> String {
    let (body, transcoder) = transcoded(from, to, Form { upstream, client: Kind::Document }, chunks);
    pretty(&json!({ "lost": told(&transcoder.lost()), "body": parsed(&body) }))
}

/// An upstream's error, `{status, body}`, as a client of `to` reads it.
pub fn error(to: Protocol, case: &[u8]) -> String {
    let case = parsed(case);
    let body = match &case["body"] {
        Value::String(page) => page.clone(),
        body => body.to_string(),
    };
    let status =
        case["status"].as_u64().and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
    let status = status.unwrap_or(StatusCode::BAD_GATEWAY);
    let message = protocol::decode_error(body.as_bytes()).message;
    let failure = Failure::new(Origin::Upstream, FailureKind::of_status(status), message).with_status(status);
    pretty(&parsed(&protocol::encode_error(to, &failure, "req_0")))
}

/// Whether an answer is streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Stream,
    Document,
}

#[derive(Clone, Copy)]
struct Form {
    upstream: Kind,
    client: Kind,
}

fn transcoded<'a>(
    from: Protocol,
    to: Protocol,
    form: Form,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Transcoder) {
    let mut transcoder = match exchange_of(to, from, asked(to), form.client == Kind::Stream) {
        Ok(exchange) => exchange.transcoder(form.upstream == Kind::Document),
        #[expect(clippy::panic, reason = "what is asked is written beside this file")]
        Err(why) => panic!("{to:?} on {from:?}: {why}"),
    };
    let mut out = Vec::new();
    for chunk in chunks {
        transcoder.push(chunk, &mut out);
    }
    transcoder.finish(&mut out);
    let why = match (transcoder.failed(), transcoder.ended()) {
        (Some(error), _) => error.message.clone(),
        (None, true) => return (out, transcoder),
        (None, false) => "the upstream's answer broke off".into(),
    };
    let failure = Failure::new(Origin::Upstream, FailureKind::Upstream, why);
    match form.client {
        Kind::Stream => out.extend(transcoder.fail(&failure)),
        Kind::Document => out = protocol::encode_error(to, &failure, "req_0").to_vec(),
    }
    (out, transcoder)
}

fn exchange(client: Protocol, upstream: Protocol, body: &[u8]) -> Result<Exchange, String> {
    let stream = client == Protocol::Gemini || parsed(body)["stream"] == true;
    exchange_of(client, upstream, body, stream)
}

fn exchange_of(client: Protocol, upstream: Protocol, body: &[u8], stream: bool) -> Result<Exchange, String> {
    let client = Operation::answering(client, stream);
    let compat = Compat::default();
    let parties = Parties {
        client,
        client_key: "key",
        upstream,
        channel: "channel",
        model: "mapped",
        compat: &compat,
        takes_sealed: true,
    };
    let answering =
        Answering { seed: "0".into(), now: 1_700_000_000, model: "asked".into(), ..Answering::default() };
    let request = transcode::decode(client, body, "asked", stream).map_err(|why| why.to_string())?;
    let vault = Vault::new(&[7; 32]);
    transcode::exchange(request, &parties, &vault, [1; 8], answering).map_err(|Unsupported(why)| why)
}

/// What the client of an answer asked for: it offers tools of every kind that it knows.
fn asked(client: Protocol) -> &'static [u8] {
    match client {
        Protocol::Messages => include_bytes!("golden/messages.json"),
        Protocol::Responses => include_bytes!("golden/responses.json"),
        Protocol::Gemini => include_bytes!("golden/gemini.json"),
        Protocol::Chat | Protocol::Images | Protocol::Embeddings => include_bytes!("golden/chat.json"),
    }
}

fn told(lost: &Losses) -> Vec<String> {
    lost.iter().map(|loss| format!("{}={}", loss.feature, loss.how)).collect()
}

/// What is no JSON is shown as text.
fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
