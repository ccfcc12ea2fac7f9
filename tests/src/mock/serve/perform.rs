//! Plays one behaviour: from what a lane was told to what the wire sees.

use std::io::Write as _;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use super::Abandon;
use crate::mock::answer;
use crate::mock::ask::Ask;
use crate::mock::behaviour::{Action, Behaviour, Reply};
use crate::mock::error as vendor;
use crate::mock::playback::{Answer, Playback, Step, Watch};
use crate::mock::route::{Operation, Protocol};
use crate::mock::socket::Reset;

const JSON: &str = "application/json";
const SSE: &str = "text/event-stream";

/// An answer before faults are done to it.
struct Composed {
    media: &'static str,
    /// What is written at a time: an event, an element of an array, or the whole body.
    pieces: Vec<Bytes>,
    stream: bool,
}

/// An error answer in the protocol's shape.
pub(super) fn error(protocol: Protocol, status: u16, message: &str) -> Response<Answer> {
    let body = vendor::body(protocol, status, message).to_string();
    whole(status, JSON, body.into())
}

pub(super) async fn perform(
    ask: &Ask,
    behaviour: Behaviour,
    reset: Reset,
    mut watch: Watch,
) -> Result<Response<Answer>, Abandon> {
    let Behaviour { action, reply } = behaviour;
    if reply.wait_ms > 0 {
        tokio::time::sleep(Duration::from_millis(reply.wait_ms)).await;
    }
    let mut response = match action {
        // The watch sees the request being dropped.
        Action::StallHeaders => std::future::pending().await,
        Action::ResetBeforeHeaders => {
            watch.end();
            reset.set();
            return Err(Abandon);
        }
        Action::Status { code, message, body } => {
            watch.end();
            match body {
                Some(body) => whole(code, JSON, body.into()),
                None => {
                    error(ask.protocol, code, message.as_deref().unwrap_or_else(|| vendor::message(code)))
                }
            }
        }
        Action::Html { status } => {
            watch.end();
            let page = "<!doctype html>\n<html><head><title>Attention required</title></head>\
                <body><h1>Sorry, you have been blocked</h1></body></html>\n";
            whole(status, "text/html; charset=utf-8", page.into())
        }
        Action::EmptyStream => played(if ask.stream { SSE } else { JSON }, Vec::new(), reset, watch),
        action => {
            let composed = compose(ask, &reply);
            let media = media(&action, composed.media);
            let mut response = match spoil(ask, &action, composed, &reply) {
                Spoilt::Whole(bytes) => {
                    watch.end();
                    whole(200, media, bytes)
                }
                Spoilt::Played(steps) => played(media, steps, reset, watch),
            };
            if matches!(action, Action::Gzip) {
                response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            response
        }
    };
    if response.status() == StatusCode::OK && ask.protocol == Protocol::Messages {
        response.headers_mut().insert("request-id", HeaderValue::from_static("req_mock"));
    }
    headers(&mut response, &reply);
    Ok(response)
}

fn media(action: &Action, media: &'static str) -> &'static str {
    match action {
        Action::WrongContentType => "text/plain; charset=utf-8",
        Action::BareJsonLines => "application/x-ndjson",
        _ => media,
    }
}

fn compose(ask: &Ask, reply: &Reply) -> Composed {
    let streaming = ask.stream && !matches!(ask.operation, Operation::Embeddings | Operation::Models);
    if let Some(body) = &reply.body {
        let body = Bytes::from(body.clone());
        let pieces = match reply.write_bytes {
            Some(size) => body.chunks(size.max(1)).map(Bytes::copy_from_slice).collect(),
            None => vec![body],
        };
        return Composed { media: if streaming { SSE } else { JSON }, pieces, stream: streaming };
    }
    if !streaming {
        let body = Bytes::from(answer::value(ask, reply).to_string());
        return Composed { media: JSON, pieces: vec![body], stream: false };
    }
    let events = answer::events(ask, reply);
    if ask.array {
        let last = events.len().saturating_sub(1);
        let pieces = events.iter().enumerate().map(|(index, event)| {
            let (open, close) =
                (if index == 0 { "[" } else { ",\r\n" }, if index == last { "\n]\n" } else { "\n" });
            Bytes::from(format!("{open}{}{close}", event.data))
        });
        return Composed { media: JSON, pieces: pieces.collect(), stream: true };
    }
    Composed { media: SSE, pieces: events.iter().map(answer::Event::frame).collect(), stream: true }
}

enum Spoilt {
    Whole(Bytes),
    Played(Vec<Step>),
}

fn spoil(ask: &Ask, action: &Action, composed: Composed, reply: &Reply) -> Spoilt {
    let Composed { mut pieces, stream, .. } = composed;
    match action {
        Action::ResetAfter { bytes } => {
            let mut head = concat(&pieces);
            head.truncate(*bytes);
            // The bytes must be on their way before the reset overtakes them.
            let pause = Step::Wait(Duration::from_millis(20));
            return Spoilt::Played(vec![Step::Write(head.freeze()), pause, Step::Reset]);
        }
        Action::SlowDrip { bytes, delay_ms } => {
            let all = concat(&pieces).freeze();
            let steps = all.chunks((*bytes).max(1)).flat_map(|piece| {
                [Step::Write(Bytes::copy_from_slice(piece)), Step::Wait(Duration::from_millis(*delay_ms))]
            });
            return Spoilt::Played(steps.collect());
        }
        Action::CutAfter { events } => {
            pieces.truncate(*events);
            let mut steps = paced(&pieces, reply);
            steps.push(Step::Cut);
            return Spoilt::Played(steps);
        }
        Action::StallAfter { events } => {
            pieces.truncate(if stream { *events } else { 0 });
            let mut steps = paced(&pieces, reply);
            steps.push(Step::Stall);
            return Spoilt::Played(steps);
        }
        Action::ErrorEvent { after_events } => {
            pieces.truncate(*after_events);
            let event = answer::error_event(ask, 529, "Overloaded");
            if stream && !ask.array {
                pieces.push(event.frame());
            } else {
                pieces = vec![Bytes::from(vendor::body(ask.protocol, 529, "Overloaded").to_string())];
            }
        }
        Action::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            // Writing to a vector does not fail.
            let _ = encoder.write_all(&concat(&pieces));
            pieces = vec![encoder.finish().unwrap_or_default().into()];
        }
        Action::Crlf => {
            for piece in &mut pieces {
                *piece = String::from_utf8_lossy(piece).replace('\n', "\r\n").into();
            }
        }
        Action::InvalidUtf8 => {
            for piece in &mut pieces {
                *piece = replace_first(piece, b"\"mock ", b"\"mo\xff\xfe ");
                *piece = replace_first(piece, b" mock ", b" mo\xff\xfe ");
            }
        }
        Action::BareJsonLines if stream => {
            for piece in &mut pieces {
                let text = String::from_utf8_lossy(piece);
                let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
                *piece = data
                    .filter(|data| *data != "[DONE]")
                    .map(|data| format!("{data}\n"))
                    .collect::<String>()
                    .into();
            }
        }
        _ => {}
    }
    if stream || reply.write_bytes.is_some() {
        return Spoilt::Played(paced(&pieces, reply));
    }
    Spoilt::Whole(concat(&pieces).freeze())
}

/// The pieces with the reply's pace between them.
fn paced(pieces: &[Bytes], reply: &Reply) -> Vec<Step> {
    if reply.burst {
        return vec![Step::Write(concat(pieces).freeze())];
    }
    let delay = Duration::from_millis(reply.delay_ms);
    let mut steps = Vec::with_capacity(pieces.len() * 2);
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 && !delay.is_zero() {
            steps.push(Step::Wait(delay));
        }
        steps.push(Step::Write(piece.clone()));
    }
    steps
}

fn whole(status: u16, media: &str, body: Bytes) -> Response<Answer> {
    let mut response = Response::new(Answer::Whole(Some(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    content_type(&mut response, media);
    response
}

fn played(media: &str, steps: Vec<Step>, reset: Reset, watch: Watch) -> Response<Answer> {
    let mut response = Response::new(Answer::Play(Box::new(Playback::new(steps, reset, Some(watch)))));
    content_type(&mut response, media);
    response
}

fn content_type(response: &mut Response<Answer>, media: &str) {
    if let Ok(media) = HeaderValue::from_str(media) {
        response.headers_mut().insert(CONTENT_TYPE, media);
    }
}

/// The reply's own headers, over what the answer has.
fn headers(response: &mut Response<Answer>, reply: &Reply) {
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
}

fn concat(pieces: &[Bytes]) -> BytesMut {
    let mut all = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
    for piece in pieces {
        all.put_slice(piece);
    }
    all
}

fn replace_first(bytes: &[u8], from: &[u8], to: &[u8]) -> Bytes {
    let Some(at) = bytes.windows(from.len()).position(|window| window == from) else {
        return Bytes::copy_from_slice(bytes);
    };
    let (head, tail) = bytes.split_at(at);
    [head, to, tail.get(from.len()..).unwrap_or_default()].concat().into()
}
