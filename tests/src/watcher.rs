//! A client of the live feed.

use std::io;

use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio_websockets::{ClientBuilder, Limits, Message, WebSocketStream};

use crate::client::{Answer, Call, within};
use crate::harness::Gateway;

/// One connection; it ends when dropped.
pub struct Watcher {
    socket: WebSocketStream<TokioIo<Upgraded>>,
}

/// A message that is no event: it closes the connection, with this code.
pub type Closed = u16;

impl Watcher {
    /// With the admin key.
    pub async fn open(gateway: &Gateway) -> io::Result<Self> {
        let opened = Self::ask(gateway.admin(call(gateway))).await?;
        opened.map_err(|answer| io::Error::other(format!("{}: {}", answer.status, answer.text())))
    }

    /// With whatever `call` brings; an answer is a refusal.
    pub async fn ask(call: Call) -> io::Result<Result<Self, Answer>> {
        Ok(call.upgrade().await?.map(|connection| {
            let builder = ClientBuilder::new().limits(Limits::unlimited());
            Self { socket: builder.take_over(TokioIo::new(connection)) }
        }))
    }

    pub async fn say(&mut self, text: &str) -> io::Result<()> {
        self.socket.send(Message::text(text.to_owned())).await.map_err(io::Error::other)
    }

    /// The next message, as JSON where it is that; what closes the connection is the end.
    pub async fn next(&mut self) -> io::Result<Result<Value, Closed>> {
        within(async {
            while let Some(message) = self.socket.next().await {
                let message = message.map_err(io::Error::other)?;
                if let Some(text) = message.as_text() {
                    return Ok(Ok(serde_json::from_str(text).unwrap_or_else(|_| text.into())));
                }
                if let Some((code, _)) = message.as_close() {
                    return Ok(Err(code.into()));
                }
            }
            Ok(Err(1006))
        })
        .await
    }

    /// Messages up to the first that `last` means, that one included.
    pub async fn until(&mut self, last: impl Fn(&Value) -> bool) -> io::Result<Vec<Value>> {
        let mut messages = Vec::new();
        loop {
            let next = self.next().await?;
            messages.push(next.map_err(|code| io::Error::other(format!("closed, {code}; {messages:?}")))?);
            if messages.last().is_some_and(&last) {
                return Ok(messages);
            }
        }
    }
}

/// The call that opens the feed, without a key.
pub fn call(gateway: &Gateway) -> Call {
    Call::get(format!("{}/api/live", gateway.url()))
}
