//! One attempt: send the request to the leased endpoint and learn what came of it.

use std::pin::pin;
use std::time::Duration;

use crate::config::Timeouts;
use crate::ir::usage::Usage;
use crate::platform::{ByteBody, Clock, HttpClient, Platform, TransportError, TransportErrorKind};
use crate::protocol::{self, Operation, Peek, UpstreamError};
use crate::schedule::classify::{self, Evidence};
use crate::schedule::{Class, Lease};
use crate::time::Timestamp;
use bytes::Bytes;
use futures::future::{Either, select};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use super::hold::{self, Held};
use super::observer::Observer;
use super::outbound;
use super::pull::{Gathered, Pull, pull};
use super::shape::{Shape, is_html};

/// A client's request, read and understood as far as a gateway must.
pub(crate) struct Inbound<'a> {
    pub(crate) operation: Operation,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: Option<&'a str>,
    pub(crate) body: &'a Bytes,
    pub(crate) peek: Peek<'a>,
    /// When every attempt must have answered.
    pub(crate) deadline: Timestamp,
}

/// What an attempt came to.
#[cfg_attr(
    target_pointer_width = "64",
    expect(clippy::large_enum_variant, reason = "moved once per attempt; a box would cost more")
)]
pub(crate) enum Reply<B> {
    Whole(Whole),
    Begun(Begun<B>),
    /// Another candidate may do better.
    Missed(Miss),
}

/// An answer in one piece, an upstream's refusal of the request included.
pub(crate) struct Whole {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) class: Class,
    pub(crate) usage: Option<Usage>,
}

/// An answer that has begun; `held` of it was read already.
pub(crate) struct Begun<B> {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) held: Bytes,
    pub(crate) rest: B,
    pub(crate) observer: Observer,
}

/// An attempt that did not serve, but may not be the last.
#[derive(Clone, Debug)]
pub(crate) struct Miss {
    pub(crate) class: Class,
    /// What the client sees should nothing better come: the upstream's own where it answered.
    pub(crate) status: Option<StatusCode>,
    pub(crate) message: String,
    pub(crate) retry_after: Option<Duration>,
}

/// Error bodies are read up to this size; no vendor's is near it.
const MAX_ERROR_BODY: usize = 256 * 1024;
/// How long an upstream may take to deliver an error's body.
const ERROR_BODY_PATIENCE: Duration = Duration::from_secs(10);

/// Sends `inbound` through `lease` and reads as much of the answer as it takes to know its class.
pub(crate) async fn attempt<P: Platform>(
    platform: &P,
    inbound: &Inbound<'_>,
    lease: &Lease,
) -> Reply<<P::Http as HttpClient>::Body> {
    let request = match outbound(inbound, lease) {
        Ok(request) => request,
        Err(miss) => return Reply::Missed(miss),
    };
    let clock = platform.clock();
    let timeouts = &lease.channel.timeouts;
    let patience = timeouts.response_header.min(clock.now().until(inbound.deadline));
    let sent = platform.http().send(request, &lease.channel.transport);
    let response = match select(pin!(sent), pin!(clock.sleep(patience))).await {
        Either::Left((Ok(response), _)) => response,
        Either::Left((Err(error), _)) => return Reply::Missed(unreachable(&error)),
        Either::Right(_) => {
            return Reply::Missed(Miss::late(format!("no answer within {} s", patience.as_secs_f32())));
        }
    };
    let (head, body) = response.into_parts();
    let reply = if head.status.is_success() {
        answer(clock, inbound, timeouts, head.status, &head.headers, body).await
    } else {
        refusal(clock, inbound, head.status, &head.headers, body).await
    };
    match (reply, lease.key()) {
        // Some vendors repeat the key that they refuse.
        (Reply::Missed(miss), Some(key)) => {
            Reply::Missed(Miss { message: miss.message.replace(key.secret.expose(), "…"), ..miss })
        }
        (reply, _) => reply,
    }
}

/// The request as this lease's endpoint wants it: same bytes, mapped model, the endpoint's own credential.
fn outbound(inbound: &Inbound<'_>, lease: &Lease) -> Result<http::Request<Bytes>, Miss> {
    let (Some(endpoint), Some(key)) = (lease.endpoint(), lease.key()) else {
        return Err(Miss::transport("the channel lost its endpoint or key".to_owned()));
    };
    let operation = inbound.operation;
    let model = lease.model.as_deref().unwrap_or(&inbound.peek.model);
    let query = protocol::client_query(inbound.query);
    let uri: Uri = endpoint
        .base
        .join(operation.version(), &operation.path(model), query.as_deref())
        .map_err(|error| Miss::transport(format!("the endpoint's address is unusable: {error}")))?;
    let body = match &lease.model {
        Some(model) => protocol::with_model(operation, &inbound.peek, inbound.body, model),
        None => inbound.body.clone(),
    };
    let headers = outbound::headers(&lease.channel, endpoint, key, inbound.headers).ok_or_else(|| Miss {
        class: Class::Auth,
        ..Miss::transport("the key is no header value".to_owned())
    })?;
    Ok(outbound::request(Method::POST, uri, headers, body))
}

/// A 2xx: hold it until it proves to be an answer.
async fn answer<B: ByteBody>(
    clock: &impl Clock,
    inbound: &Inbound<'_>,
    timeouts: &Timeouts,
    status: StatusCode,
    upstream: &HeaderMap,
    mut body: B,
) -> Reply<B> {
    let operation = inbound.operation;
    let shape = Shape::expected(operation, inbound.peek.stream, inbound.query);
    if let Some(what) = shape.contradicted_by(upstream) {
        return Reply::Missed(Miss::bad_answer(what));
    }
    let mut observer = shape.observer(operation);
    let held = match shape {
        Shape::Document => hold::document(clock, &mut body, &mut observer, inbound.deadline).await,
        Shape::Events | Shape::Elements => {
            hold::stream(clock, &mut body, &mut observer, inbound.deadline, timeouts).await
        }
    };
    let class = told_class(&observer);
    if let Some(error) = observer.failed().filter(|_| class.tries_next()) {
        return Reply::Missed(Miss::told(StatusCode::OK, error));
    }
    let headers = || {
        let mut headers = protocol::response_headers(operation.protocol(), upstream);
        if !headers.contains_key(header::CONTENT_TYPE) {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(shape.content_type()));
        }
        headers
    };
    match held {
        Held::Whole(body) => {
            let usage = observer.usage();
            Reply::Whole(Whole { status, headers: headers(), body, class, usage })
        }
        Held::Begun(held) => Reply::Begun(Begun { status, headers: headers(), held, rest: body, observer }),
        Held::Nothing(what) => Reply::Missed(Miss::bad_answer(what)),
        Held::Cut => Reply::Missed(Miss::transport("the connection broke off".to_owned())),
        Held::Late => Reply::Missed(Miss::late("the answer took too long".to_owned())),
    }
}

/// What an answer inside a 2xx came to, as far as it told.
pub(crate) fn told_class(observer: &Observer) -> Class {
    observer.failed().map_or(Class::Success, |error| Miss::told(StatusCode::OK, error).class)
}

/// Not a 2xx: the request's fault goes back to the client as it is, everything else is a miss.
async fn refusal<B: ByteBody>(
    clock: &impl Clock,
    inbound: &Inbound<'_>,
    status: StatusCode,
    upstream: &HeaderMap,
    mut body: B,
) -> Reply<B> {
    let now = clock.now();
    let body = error_body(clock, &mut body, now.until(inbound.deadline).min(ERROR_BODY_PATIENCE)).await;
    let protocol = inbound.operation.protocol();
    let mut miss = Miss::told(status, &protocol::decode_error(&body));
    miss.status = Some(status);
    miss.retry_after = classify::retry_after(|name| upstream.get(name)?.to_str().ok(), now);
    if miss.class.tries_next() {
        return Reply::Missed(miss);
    }
    if is_html(upstream) || !(status.is_client_error() || status.is_server_error()) {
        return Reply::Missed(Miss { class: Class::BadAnswer, ..miss });
    }
    let headers = protocol::response_headers(protocol, upstream);
    Reply::Whole(Whole { status, headers, body, class: miss.class, usage: None })
}

/// As much of an error's body as arrives in time and within the cap.
async fn error_body<B: ByteBody>(clock: &impl Clock, body: &mut B, patience: Duration) -> Bytes {
    let mut gathered = Gathered::default();
    let mut timer = pin!(clock.sleep(patience));
    while gathered.len() < MAX_ERROR_BODY {
        match pull(body, timer.as_mut()).await {
            Pull::Data(chunk) => gathered.push(chunk),
            Pull::End | Pull::Broken | Pull::Late => break,
        }
    }
    gathered.into_bytes()
}

impl Miss {
    /// What an upstream's error means.
    fn told(status: StatusCode, error: &UpstreamError) -> Self {
        let evidence = Evidence {
            status: status.as_u16(),
            kind: error.kind.as_deref(),
            code: error.code.as_deref(),
            message: &error.message,
        };
        Self {
            class: classify::classify(&evidence),
            status: None,
            message: error.message.clone(),
            retry_after: None,
        }
    }

    fn bad_answer(what: &str) -> Self {
        Self { class: Class::BadAnswer, ..Self::transport(format!("the upstream sent {what}")) }
    }

    fn late(message: String) -> Self {
        Self { status: Some(StatusCode::GATEWAY_TIMEOUT), ..Self::transport(message) }
    }

    fn transport(message: String) -> Self {
        Self { class: Class::Transport, status: None, message, retry_after: None }
    }
}

fn unreachable(error: &TransportError) -> Miss {
    match error.kind {
        TransportErrorKind::Timeout => Miss::late(error.to_string()),
        _ => Miss::transport(error.to_string()),
    }
}
