//! The live feed's WebSocket: <https://www.rfc-editor.org/rfc/rfc6455>.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_core::gateway::{Body, Farewell, Feed, Gateway, Sent};
use causeway_core::platform::Platform;
use futures::{SinkExt, StreamExt};
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use tokio_websockets::{CloseCode, Error, Limits, Message, ServerBuilder, WebSocketStream};

/// What every server adds to the client's key before it hashes it: section 1.3.
const SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION: &str = "13";
/// Watchers have little to say.
const LONGEST_MESSAGE: usize = 16 * 1024;
/// So many messages are written at once where they are there.
const TOGETHER: usize = 32;
/// How long a watcher may take to make room for them.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a client that asks for a WebSocket brings with it.
pub(crate) struct Handshake {
    upgrade: OnUpgrade,
    accept: HeaderValue,
}

impl Handshake {
    /// Taken out of a request that is about to be answered; `None` where it asks for nothing, or not well.
    pub(crate) fn of(request: &mut Request<Incoming>) -> Option<Self> {
        let headers = request.headers();
        let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| headers.contains_key(UPGRADE))?;
        if headers.get(SEC_WEBSOCKET_VERSION)? != VERSION {
            return None;
        }
        let accept = accept(key.as_bytes())?;
        Some(Self { upgrade: hyper::upgrade::on(request), accept })
    }

    /// Serves the watcher behind the answer that it returns.
    pub(crate) fn accept<P: Platform>(self, gateway: &Arc<Gateway<P>>) -> Response<Body<P>> {
        let Self { upgrade, accept } = self;
        let feed = Feed::open(gateway);
        tokio::spawn(async move {
            match upgrade.await {
                Ok(connection) => serve(feed, socket(connection)).await,
                Err(error) => tracing::debug!(%error, "a watcher left before it was served"),
            }
        });
        let mut response = Response::new(Body::Live);
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        response
    }
}

/// The answer to a client that may watch, but did not say which WebSocket it means.
pub(crate) fn no_handshake<P: Platform>() -> Response<Body<P>> {
    let mut response = Response::new(Body::Live);
    *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
    response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
    response
}

fn accept(key: &[u8]) -> Option<HeaderValue> {
    let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    digest.update(key);
    digest.update(SUFFIX);
    STANDARD.encode(digest.finish()).parse().ok()
}

type Socket = WebSocketStream<TokioIo<Upgraded>>;

fn socket(connection: Upgraded) -> Socket {
    let limits = Limits::default().max_payload_len(Some(LONGEST_MESSAGE));
    ServerBuilder::new().limits(limits).serve(TokioIo::new(connection))
}

/// Until either side ends it.
async fn serve<P: Platform>(mut feed: Feed<P>, mut socket: Socket) {
    loop {
        let sent = tokio::select! {
            sent = feed.next() => sent,
            heard = socket.next() => {
                // An error has been answered, and what follows it is the end.
                let Some(heard) = heard else { return };
                if let Ok(message) = heard {
                    feed.hear(message.as_text());
                }
                continue;
            }
        };
        let closes = matches!(sent, Sent::Close(_));
        let written = async {
            socket.feed(message(sent)).await?;
            if !closes {
                fill(&mut feed, &mut socket).await?;
            }
            socket.flush().await
        };
        let written: Result<Result<(), Error>, _> = tokio::time::timeout(PATIENCE, written).await;
        if closes || !matches!(written, Ok(Ok(()))) {
            return;
        }
    }
}

/// Goes on with what is ready.
async fn fill<P: Platform>(feed: &mut Feed<P>, socket: &mut Socket) -> Result<(), Error> {
    for _ in 1..TOGETHER {
        let Some(text) = feed.ready() else { break };
        socket.feed(Message::text(text)).await?;
    }
    Ok(())
}

fn message(sent: Sent) -> Message {
    match sent {
        Sent::Text(text) => Message::text(text),
        Sent::Ping => Message::ping(""),
        Sent::Close(Farewell::Stopping) => Message::close(Some(CloseCode::GOING_AWAY), "the gateway stops"),
        Sent::Close(Farewell::Silent) => {
            Message::close(Some(CloseCode::POLICY_VIOLATION), "no answer to a ping")
        }
        Sent::Close(Farewell::Unauthorized) => {
            Message::close(Some(CloseCode::POLICY_VIOLATION), "the admin key has changed")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_accepted_as_the_standard_says() {
        // Its own example, in section 1.3.
        let accepted = accept(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
        assert_eq!(accepted, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
