//! Accepts connections and turns each request into an answer.

mod perform;

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::answer;
use super::ask::Ask;
use super::bench;
use super::check;
use super::control;
use super::lane::{Captured, Lanes, epoch_us};
use super::playback::{Answer, Watch};
use super::route::{Protocol, Route};
use super::socket::{Reset, Socket};

/// The connection ends here, without an answer.
#[derive(Debug)]
pub(super) struct Abandon;

impl fmt::Display for Abandon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("abandoned on purpose")
    }
}

impl std::error::Error for Abandon {}

impl From<hyper::Error> for Abandon {
    fn from(_: hyper::Error) -> Self {
        Self
    }
}

impl From<Infallible> for Abandon {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

pub(super) async fn accept(listener: TcpListener, lanes: Arc<Lanes>) {
    loop {
        // A failed accept is a connection that went away, or too many open files for a moment.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        if stream.set_nodelay(true).is_ok() {
            tokio::spawn(connection(stream, Arc::clone(&lanes)));
        }
    }
}

/// Ends when the peer closes, or when an answer ends it on purpose; neither is of interest here.
async fn connection(stream: TcpStream, lanes: Arc<Lanes>) {
    let reset = Reset::default();
    let socket = TokioIo::new(Socket::new(stream, reset.clone()));
    let service = service_fn(|request| answer(request, Arc::clone(&lanes), reset.clone()));
    let _: Result<(), hyper::Error> =
        hyper::server::conn::http1::Builder::new().serve_connection(socket, service).await;
}

async fn answer(
    request: Request<Incoming>,
    lanes: Arc<Lanes>,
    reset: Reset,
) -> Result<Response<Answer>, Abandon> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let path = parts.uri.path();
    let (name, below) = split_lane(path);
    if let Some(response) = bench::answer(name, &reset) {
        return Ok(response);
    }
    if name == "_control" {
        return Ok(control::answer(&lanes, &parts.method, below, &body));
    }
    // Claude Code looks whether anybody is there before its first request.
    if parts.method == Method::HEAD {
        return Ok(Response::new(Answer::Whole(None)));
    }
    let lane = lanes.lane(name);
    let route = Route::of(&parts.method, below, parts.headers.contains_key("x-goog-api-key"));
    let key = check::key(parts.uri.query(), &parts.headers);
    let behaviour = lane.arrived(Captured {
        operation: route.as_ref().map(|route| route.operation),
        method: parts.method.to_string(),
        path: below.to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers.clone(),
        body: body.clone(),
        key: key.clone(),
        at_us: epoch_us(),
    });
    let Some(route) = route else {
        lane.violated(&format!("no such path: {} {below}", parts.method));
        return Ok(perform::error(Protocol::Chat, 404, "Unknown request URL."));
    };
    let checked = match check::request(&route, parts.uri.query(), &parts.headers, &body, &lane.issued()) {
        Ok(checked) => checked,
        Err(problem) => {
            lane.violated(&format!("{}: {}", route.protocol.as_str(), problem.message));
            return Ok(perform::error(route.protocol, problem.status, &problem.message));
        }
    };
    let sse = parts.uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"));
    let ask = Ask {
        operation: route.operation,
        protocol: route.protocol,
        model: route.model.or(checked.model).unwrap_or_default(),
        stream: checked.stream,
        array: route.protocol == Protocol::Gemini && !sse,
        anthropic: parts.headers.contains_key("anthropic-version"),
        body: checked.body,
        serial: lanes.next_answer(),
    };
    lane.issue(answer::issued(&ask, &behaviour.reply));
    perform::perform(&ask, behaviour, reset, Watch::new(lane, key)).await
}

/// The first segment of a path, and what follows it.
fn split_lane(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.find('/').map_or((path, ""), |slash| path.split_at(slash))
}
