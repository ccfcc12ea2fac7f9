//! A platform whose time stands still and whose upstreams do not exist.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{self, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body::{Body, Frame};

use crate::config::{ChannelId, Config, KeyId, Transport};
use crate::platform::{
    Background, Clock, Coordinator, Entropy, HttpClient, Platform, Recorder, TransportError,
    TransportErrorKind,
};
use crate::record::Record;
use crate::schedule::{Ask, ChannelHealth, Lease, Outcome, Reason, Refusal, State};
use crate::testing::store::MemoryStore;
use crate::time::Timestamp;

pub(super) struct FakePlatform {
    pub(super) store: MemoryStore,
    /// `ch_a`, or `ch_a/k_a` for one key.
    pub(super) resets: Mutex<Vec<String>>,
    pub(super) now: Mutex<Timestamp>,
    drawn: Mutex<u8>,
}

impl FakePlatform {
    pub(super) fn new(store: MemoryStore, now: Timestamp) -> Self {
        Self { store, resets: Mutex::default(), now: Mutex::new(now), drawn: Mutex::new(0) }
    }

    pub(super) fn advance(&self, duration: Duration) {
        let mut now = self.now.lock().unwrap();
        *now = *now + duration;
    }
}

pub(super) struct NoBody;

impl Body for NoBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(None)
    }
}

impl HttpClient for FakePlatform {
    type Body = NoBody;

    async fn send(
        &self,
        _: http::Request<Bytes>,
        _: &Arc<Transport>,
    ) -> Result<http::Response<NoBody>, TransportError> {
        Err(TransportError { kind: TransportErrorKind::Connect, message: "no upstream in this test".into() })
    }
}

impl Coordinator for FakePlatform {
    async fn acquire(&self, _: &Arc<Config>, _: &Ask<'_>) -> Result<Lease, Refusal> {
        Err(Refusal { reason: Reason::NoChannel, retry_at: None })
    }

    async fn report(&self, _: &Arc<Config>, _: &Lease, _: &Outcome) {}

    async fn health(&self, config: &Arc<Config>) -> Vec<ChannelHealth> {
        State::new().health(config, self.now())
    }

    async fn reset(&self, channel: &ChannelId, key: Option<&KeyId>) {
        let key = key.map(|key| format!("/{key}")).unwrap_or_default();
        self.resets.lock().unwrap().push(format!("{channel}{key}"));
    }
}

impl Recorder for FakePlatform {
    async fn append(&self, _: Record) {}
}

impl Clock for FakePlatform {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, _: Duration) -> impl Future<Output = ()> + Send + 'static {
        std::future::ready(())
    }
}

impl Entropy for FakePlatform {
    fn fill(&self, bytes: &mut [u8]) {
        let mut drawn = self.drawn.lock().unwrap();
        *drawn += 1;
        bytes.fill(0xf0 | *drawn);
    }
}

impl Background for FakePlatform {
    fn spawn(&self, _: BoxFuture<'static, ()>) {}
}

impl Platform for FakePlatform {
    type Http = Self;
    type Config = MemoryStore;
    type Coordinator = Self;
    type Recorder = Self;
    type Clock = Self;
    type Entropy = Self;
    type Background = Self;

    fn http(&self) -> &Self {
        self
    }

    fn config(&self) -> &MemoryStore {
        &self.store
    }

    fn coordinator(&self) -> &Self {
        self
    }

    fn recorder(&self) -> &Self {
        self
    }

    fn clock(&self) -> &Self {
        self
    }

    fn entropy(&self) -> &Self {
        self
    }

    fn background(&self) -> &Self {
        self
    }
}
