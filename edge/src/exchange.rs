//! Requests and answers between the runtime's types and those of the `http` crate.

use std::net::IpAddr;
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use causeway_core::gateway::Body;
use futures::stream::{self, Stream, StreamExt};
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use http_body::Body as _;
use worker::{ResponseBuilder, Result};

use crate::headers;
use crate::platform::WorkerPlatform;
use crate::presence::Presence;

/// Set by the platform on every request and not by clients:
/// <https://developers.cloudflare.com/fundamentals/reference/http-headers/#cf-connecting-ip>.
const CLIENT_ADDRESS: &str = "cf-connecting-ip";

/// # Errors
/// When the URL is none in the sense of HTTP.
pub(crate) fn inbound(request: &worker::Request) -> Result<(Request<worker::Body>, Option<IpAddr>)> {
    let raw = request.inner();
    let body = raw.body().map_or_else(worker::Body::empty, worker::Body::new);
    let mut inbound = Request::builder().method(raw.method().as_str()).uri(raw.url()).body(body)?;
    *inbound.headers_mut() = headers::from_fetch(request.headers());
    let address =
        inbound.headers().get(CLIENT_ADDRESS).and_then(|address| address.to_str().ok()?.parse().ok());
    Ok((inbound, address))
}

/// An answer in one piece goes out with its length, one that is still coming as a stream. The stream's
/// body is dropped when the client leaves.
///
/// # Errors
/// When the runtime refuses a header.
pub(crate) fn outbound(answer: Response<Body<WorkerPlatform>>, client: Presence) -> Result<worker::Response> {
    let (mut parts, body) = answer.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    let builder = ResponseBuilder::new()
        .with_status(parts.status.as_u16())
        .with_headers(headers::to_fetch(&parts.headers)?);
    match body {
        Body::Whole(bytes) if bytes.is_empty() => Ok(builder.empty()),
        Body::Whole(bytes) => Ok(builder.fixed(bytes.into())),
        coming => builder.from_stream(chunks(coming, client)),
    }
}

fn chunks(body: Body<WorkerPlatform>, client: Presence) -> impl Stream<Item = Result<Bytes>> {
    let mut body = Some(body);
    let frames = stream::poll_fn(move |context| {
        if client.poll_gone(context).is_ready() {
            body = None;
        }
        match &mut body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    });
    frames.filter_map(async |frame| match frame {
        Ok(frame) => frame.into_data().ok().map(Ok),
        Err(error) => Some(Err(worker::Error::RustError(error.to_string()))),
    })
}
