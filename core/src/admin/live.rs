//! The live feed: who may open it, and what they may ask of it. What it tells is in [`live`](crate::live).

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{ORIGIN, UPGRADE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::{ErrorBody, ErrorDetail, Problem};
use super::parameters::Parameters;
use super::session::{Actor, authenticate, is_same_origin};
use super::{Answer, Context, requests};
use crate::config::document::parse;
use crate::live::{LiveMessage, MOST_WATCHERS};
use crate::platform::Platform;
use crate::record::query::Filter;

/// What requests may be filtered by while they happen.
const FILTERS: [&str; 6] = ["channel", "model", "clientKey", "protocol", "status", "session"];
/// So many bytes are enough to wish for anything.
const LONGEST_WISH: usize = 1024;

/// What a watcher sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LiveWish {
    /// `channel`, `model`, `clientKey`, `protocol`, `status` and `session`, as lists of requests take them. Requests that
    /// do not fit are not told; an empty one tells all.
    filter: BTreeMap<String, String>,
}

/// A message of the live feed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description; messages are numbered as they are sent")]
pub(super) struct LiveMessageView {
    /// Counts the messages of this connection, those that it was too slow for included.
    seq: u64,
    #[schema(inline)]
    #[serde(flatten)]
    message: LiveMessage<'static>,
}

/// Watches what happens: a WebSocket.
///
/// It takes the session's cookie or the admin key in a header, never in the URL, and from browsers only pages of the
/// gateway itself. Each message is a JSON text, `LiveMessage`; the client may send a `LiveWish`, and the text `ping`, which
/// is answered by `pong`.
#[utoipa::path(get, path = "/api/live", operation_id = "watch", tag = "requests",
    responses((status = 101, description = "The connection is a WebSocket now.", body = LiveMessageView),
        (status = 403, description = "A page of another site asks.", body = ErrorBody),
        (status = 426, description = "No WebSocket was asked for.", body = ErrorBody),
        (status = 503, description = "Too many connections watch already.", body = ErrorBody)))]
pub(super) fn open<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
) -> Result<Response<Answer>, Problem> {
    if *request.method() != Method::GET {
        return Err(Problem::method_not_allowed(&[Method::GET]));
    }
    let actor = authenticate(context, request)?;
    // No other site can send a cookie's or a key's request and read its answer, but it could with a socket.
    let browser = actor == Actor::Session || request.headers().contains_key(ORIGIN);
    if browser && !is_same_origin(request) {
        return Err(Problem::foreign_socket());
    }
    // A page is not told why its socket was refused: it asks again without one.
    if context.live.is_full() {
        return Err(Problem::too_many_watchers(MOST_WATCHERS));
    }
    let upgrade = request.headers().get(UPGRADE).map(HeaderValue::as_bytes).unwrap_or_default();
    if !upgrade.eq_ignore_ascii_case(b"websocket") {
        return Err(Problem::no_upgrade());
    }
    let mut response = Response::new(Answer::Live);
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    Ok(response)
}

/// Reads what a watcher wishes to see.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn filter(text: &str) -> Result<Filter, ErrorDetail> {
    let read = || {
        if text.len() > LONGEST_WISH {
            return Err(Problem::too_large(LONGEST_WISH));
        }
        let LiveWish { filter } = parse(text.as_bytes()).map_err(Problem::invalid)?;
        requests::filter(&Parameters::of(&FILTERS, filter.into_iter())?)
    };
    read().map_err(Problem::into_detail)
}
