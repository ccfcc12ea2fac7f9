//! A small upstream that speaks every protocol and answers with a fixed sentence, word by word.

use std::convert::Infallible;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use std::{io, iter};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::answer::{self, Ask};
use crate::server::{self, Limits};

const MAX_BODY: usize = 50 << 20;

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Listens on a free loopback port and serves for as long as the runtime lives, with `pause` between the
/// events of a stream.
///
/// # Errors
/// When no port can be had.
pub(crate) async fn start(pause: Duration) -> io::Result<SocketAddr> {
    let listener = server::listen(Some(&Ipv4Addr::LOCALHOST.to_string()), 0).await?;
    let address = listener.local_addr()?;
    tokio::spawn(server::serve(
        listener,
        Limits::default(),
        move |request, _| respond(request, pause),
        pending(),
        pending(),
    ));
    Ok(address)
}

async fn respond(request: Request<Incoming>, pause: Duration) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if parts.method == Method::GET {
        return match path {
            "/v1/models" => whole(StatusCode::OK, &answer::models()),
            "/v1beta/models" => whole(StatusCode::OK, &answer::gemini_models()),
            _ => not_found(),
        };
    }
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
    };
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return refused(StatusCode::BAD_REQUEST, "the body is not JSON");
    };
    let ask = Ask::read(&body);
    let streams = body.get("stream") == Some(&Value::Bool(true));
    match path {
        "/v1/chat/completions" if streams => events(answer::chat::stream(&ask), pause),
        "/v1/chat/completions" => whole(StatusCode::OK, &answer::chat::whole(&ask)),
        "/v1/messages" if streams => events(answer::messages::stream(&ask), pause),
        "/v1/messages" => whole(StatusCode::OK, &answer::messages::whole(&ask)),
        "/v1/messages/count_tokens" => whole(StatusCode::OK, &json!({ "input_tokens": ask.input_tokens() })),
        "/v1/responses" if streams => events(answer::responses::stream(&ask), pause),
        "/v1/responses" => whole(StatusCode::OK, &answer::responses::whole(&ask)),
        "/v1/images/generations" => whole(StatusCode::OK, &answer::image(&ask)),
        "/v1/embeddings" => whole(StatusCode::OK, &answer::embedding(&ask)),
        _ => match path.strip_prefix("/v1beta/models/").and_then(|rest| rest.split_once(':')) {
            Some((model, "generateContent")) => whole(StatusCode::OK, &answer::gemini::whole(&ask.of(model))),
            Some((model, "streamGenerateContent")) => events(answer::gemini::stream(&ask.of(model)), pause),
            Some((_, "countTokens")) => whole(StatusCode::OK, &json!({ "totalTokens": ask.input_tokens() })),
            _ => not_found(),
        },
    }
}

fn whole(status: StatusCode, value: &Value) -> Response<Body> {
    let body = Full::from(value.to_string()).boxed_unsync();
    response(status, "application/json", body)
}

/// One event at a time, with pauses.
fn events(events: Vec<String>, pause: Duration) -> Response<Body> {
    let pauses = iter::once(Duration::ZERO).chain(iter::repeat(pause));
    let frames = stream::iter(events.into_iter().zip(pauses)).then(async |(event, pause)| {
        tokio::time::sleep(pause).await;
        Ok(Frame::data(Bytes::from(event)))
    });
    response(StatusCode::OK, "text/event-stream", StreamBody::new(frames).boxed_unsync())
}

fn response(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn not_found() -> Response<Body> {
    refused(StatusCode::NOT_FOUND, "the demo upstream has no such path")
}

fn refused(status: StatusCode, message: &str) -> Response<Body> {
    let error = json!({ "error": { "message": message, "type": "invalid_request_error", "code": null } });
    whole(status, &error)
}
