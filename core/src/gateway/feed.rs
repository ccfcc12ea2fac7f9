//! What one watcher is sent over its WebSocket, and when.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::future::{Either, select};

use super::Gateway;
use crate::config::access::Digest;
use crate::live::{PACE, Watcher};
use crate::platform::{Clock, Coordinator, Platform};
use crate::time::Timestamp;

/// Between two pings; proxies close what is silent for a minute.
const PING_EVERY: Duration = Duration::from_secs(30);
/// A watcher that said nothing for so long, not even to a ping, is gone.
const PATIENCE: Duration = Duration::from_secs(75);

/// One watcher's side of the live feed. The shell brings what it gives to the watcher, and what the watcher says to it.
pub struct Feed<P: Platform> {
    gateway: Arc<Gateway<P>>,
    watcher: Watcher,
    /// Whoever manages with another key has to come again.
    admin: Option<Digest>,
    pinged: Timestamp,
    heard: Timestamp,
}

/// What to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Text(String),
    Ping,
    /// And nothing after it.
    Close(Farewell),
}

/// Why the gateway closes a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// The process stops: the watcher may come again.
    Stopping,
    /// The watcher has not been heard of for long.
    Silent,
    /// The admin key is another one now.
    Unauthorized,
}

impl<P: Platform> Feed<P> {
    pub fn open(gateway: &Arc<Gateway<P>>) -> Self {
        let now = gateway.now();
        Self {
            watcher: gateway.live.join(),
            admin: gateway.config.current().access.admin,
            gateway: Arc::clone(gateway),
            pinged: now,
            heard: now,
        }
    }

    /// The next that is to be sent. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Sent {
        loop {
            let clock = self.gateway.platform.clock();
            let now = clock.now();
            if now.since(self.heard) >= PATIENCE {
                return Sent::Close(Farewell::Silent);
            }
            if now.since(self.pinged) >= PING_EVERY {
                self.pinged = now;
                return Sent::Ping;
            }
            if self.gateway.config.current().access.admin != self.admin {
                return Sent::Close(Farewell::Unauthorized);
            }
            self.gateway.look().await;
            let told = poll_fn(|context| self.watcher.poll_next(now, context));
            match select(pin!(told), pin!(clock.sleep(PACE))).await {
                Either::Left((Some(text), _)) => return Sent::Text(text),
                Either::Left((None, _)) => return Sent::Close(Farewell::Stopping),
                Either::Right(_) => {}
            }
        }
    }

    /// What can be sent at once, beside what came [next](Self::next).
    pub fn ready(&mut self) -> Option<String> {
        let now = self.gateway.now();
        match self.watcher.poll_next(now, &mut Context::from_waker(Waker::noop())) {
            Poll::Ready(text) => text,
            Poll::Pending => None,
        }
    }

    /// The watcher said something; `None`: it answered a ping.
    pub fn hear(&mut self, text: Option<&str>) {
        self.heard = self.gateway.now();
        if let Some(text) = text {
            self.watcher.hear(text);
        }
    }
}

impl<P: Platform> Gateway<P> {
    /// Sees how channels and configuration are, if nobody has for a while, and tells those who watch.
    async fn look(&self) {
        if self.live.is_due(self.now()) {
            let config = self.config.current();
            let health = self.platform.coordinator().health(&config).await;
            self.live.look(&config.version, &health, self.now());
        }
    }

    /// Sends all watchers away.
    pub fn end_feeds(&self) {
        self.live.end();
    }
}
