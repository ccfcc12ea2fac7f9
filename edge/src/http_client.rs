//! Requests to upstreams over the runtime's `fetch`.

mod failure;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use causeway_core::config::Transport;
use causeway_core::platform::{BoxError, HttpClient, TransportError, TransportErrorKind};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HOST};
use http::{HeaderValue, StatusCode};
use http_body::{Body, Frame, SizeHint};
use worker::js_sys::Uint8Array;
use worker::{AbortController, AbortSignal, Fetch, Method, Request, RequestInit, RequestRedirect};

use crate::headers;

/// Implements [`HttpClient`]. The runtime pools connections and checks certificates; it offers neither
/// proxies nor a connect timeout, so a channel with a proxy is refused and the gateway's own deadlines
/// hold for connecting.
#[derive(Debug)]
pub(crate) struct FetchClient;

impl HttpClient for FetchClient {
    type Body = UpstreamBody;

    #[worker::send]
    async fn send(
        &self,
        request: http::Request<Bytes>,
        transport: &Arc<Transport>,
    ) -> Result<http::Response<UpstreamBody>, TransportError> {
        if transport.proxy.is_some() {
            return Err(TransportError {
                kind: TransportErrorKind::Proxy,
                message: "a Worker cannot send through a proxy".into(),
            });
        }
        let request = fetch_request(request).map_err(|error| failure::classify(&error))?;
        let guard = AbortOnDrop::new();
        let answer = Fetch::Request(request)
            .send_with_signal(&guard.signal())
            .await
            .map_err(|error| failure::classify(&error))?;
        response(answer, guard).map_err(|error| failure::classify(&error))
    }
}

/// An answer's bytes as they arrive. Dropping it before its end aborts the request.
#[derive(Debug)]
pub(crate) struct UpstreamBody {
    stream: worker::Body,
    guard: AbortOnDrop,
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.stream).poll_frame(context);
        if let Poll::Ready(None | Some(Err(_))) = frame {
            self.guard.disarm();
        }
        frame.map_err(|error| failure::classify(&error).into())
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.stream.size_hint()
    }
}

/// Aborts a `fetch` that nobody waits for any more.
#[derive(Debug)]
struct AbortOnDrop(Option<AbortController>);

impl AbortOnDrop {
    fn new() -> Self {
        Self(Some(AbortController::default()))
    }

    fn signal(&self) -> AbortSignal {
        self.0.as_ref().map_or_else(AbortSignal::abort, AbortController::signal)
    }

    fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = self.0.take() {
            controller.abort();
        }
    }
}

/// The body goes as bytes, not as a stream: only so does the runtime send its `Content-Length`.
fn fetch_request(request: http::Request<Bytes>) -> worker::Result<Request> {
    let (mut parts, body) = request.into_parts();
    parts.headers.remove(HOST);
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
    let mut init = RequestInit::new();
    init.with_method(Method::from(parts.method.as_str().to_owned()))
        .with_headers(headers::to_fetch(&parts.headers)?)
        .with_redirect(RequestRedirect::Manual);
    if !body.is_empty() {
        init.with_body(Some(Uint8Array::from(body.as_ref()).into()));
    }
    Request::new_with_init(&parts.uri.to_string(), &init)
}

fn response(answer: worker::Response, guard: AbortOnDrop) -> worker::Result<http::Response<UpstreamBody>> {
    let status = StatusCode::from_u16(answer.status_code()).map_err(worker::Error::from)?;
    let mut headers = headers::from_fetch(answer.headers());
    // The runtime has decoded the body and leaves the header standing.
    if headers.remove(CONTENT_ENCODING).is_some() {
        headers.remove(CONTENT_LENGTH);
    }
    let stream = match answer.body() {
        worker::ResponseBody::Stream(stream) => worker::Body::new(stream.clone()),
        worker::ResponseBody::Empty | worker::ResponseBody::Body(_) => worker::Body::empty(),
    };
    let mut response = http::Response::new(UpstreamBody { stream, guard });
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
