//! What a shell provides. Each trait is named for its role; implementations carry the technology.
//!
//! Futures are `Send` on every target; the Worker wraps its leaf methods (see `docs/adr/0001`).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body::Body;

use crate::config::document::Document;
use crate::config::{ChannelId, Config, KeyId, Transport, Version};
use crate::database::{DatabaseError, Row, Statement};
use crate::live::Extent;
use crate::record::Record;
use crate::record::outbox::Counts;
use crate::schedule::authority::notes::{News, Reset, Told};
use crate::schedule::explain::Explanation;
use crate::schedule::traits::Trait;
use crate::schedule::{Ask, ChannelHealth, Lease, Outcome, Refusal};
use crate::time::Timestamp;

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body of bytes, whoever's: a client's request, an upstream's answer.
pub trait ByteBody: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin {}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin> ByteBody for B {}

/// Sends requests to upstreams.
///
/// An implementation follows no redirect, adds no header of its own beyond what HTTP needs, hands over
/// answers with the content coding removed, and gives up the connection when the body is dropped.
pub trait HttpClient: Send + Sync + 'static {
    /// The host's own body, so that a passthrough answer is never wrapped again.
    type Body: ByteBody + 'static;

    /// Resolves when the response headers have arrived.
    fn send(
        &self,
        request: http::Request<Bytes>,
        transport: &Arc<Transport>,
    ) -> impl Future<Output = Result<http::Response<Self::Body>, TransportError>> + Send;
}

/// A request that got no response.
#[derive(Debug, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct TransportError {
    pub kind: TransportErrorKind,
    /// For people; holds no secret.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportErrorKind {
    #[error("cannot connect")]
    Connect,
    #[error("cannot use the channel's proxy")]
    Proxy,
    #[error("TLS failed")]
    Tls,
    #[error("timed out")]
    Timeout,
    #[error("connection closed early")]
    Closed,
    #[error("request failed")]
    Other,
}

/// Keeps the configuration document.
pub trait ConfigStore: Send + Sync + 'static {
    /// The stored document; `None` before the first write.
    fn load(&self) -> impl Future<Output = Result<Option<Document>, StoreError>> + Send;

    /// Stores `document` if the stored one still is `expected` (`None`: nothing is stored yet).
    fn replace(
        &self,
        expected: Option<&Version>,
        document: &Document,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the configuration was changed meanwhile")]
    Conflict,
    #[error("the stored configuration is invalid: {0}")]
    Invalid(String),
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// Hands out leases and learns from their ends.
pub trait Coordinator: Send + Sync + 'static {
    /// Waits for what is free soon, as long as the ask allows, first come first served. Dropping the future
    /// gives the place up.
    fn acquire(
        &self,
        config: &Arc<Config>,
        ask: &Ask<'_>,
    ) -> impl Future<Output = Result<Lease, Refusal>> + Send;

    /// A probe's answer has begun well: whoever waits for the verdict need not wait for the answer's end. The
    /// lease goes on until it is reported.
    fn prove(&self, config: &Arc<Config>, lease: &Lease) -> impl Future<Output = ()> + Send;

    /// Called exactly once per lease.
    fn report(
        &self,
        config: &Arc<Config>,
        lease: &Lease,
        outcome: &Outcome,
    ) -> impl Future<Output = ()> + Send;

    /// Keeps what a refusal taught of the lease's endpoint and model; the lease goes on.
    fn learn(&self, config: &Arc<Config>, lease: &Lease, learned: &Trait) -> impl Future<Output = ()> + Send;

    /// How the channels are, in the configuration's order.
    fn health(&self, config: &Arc<Config>) -> impl Future<Output = Vec<ChannelHealth>> + Send;

    /// What `acquire` would answer now, and why; changes nothing.
    fn explain(&self, config: &Arc<Config>, ask: &Ask<'_>) -> impl Future<Output = Explanation> + Send;

    /// Forgets what was held against a channel, or against one key of it.
    fn reset(&self, channel: &ChannelId, key: Option<&KeyId>) -> impl Future<Output = ()> + Send;
}

/// The way to the authority of schedulers that share their channels.
pub trait Link: Send + Sync + 'static {
    /// Tells it what came of leases, and hears what others saw.
    fn sync(&self, told: Told) -> impl Future<Output = Result<News, Unreachable>> + Send;

    fn health(&self) -> impl Future<Output = Result<Vec<ChannelHealth>, Unreachable>> + Send;

    fn reset(&self, reset: Reset) -> impl Future<Output = Result<(), Unreachable>> + Send;
}

/// The authority gave no answer, or none that can be read.
#[derive(Debug, thiserror::Error)]
#[error("the schedulers' authority cannot be reached: {0}")]
pub struct Unreachable(pub String);

/// Runs the statements of [`database`](crate::database).
pub trait Database: Send + Sync + 'static {
    /// Runs `statements` in one transaction, all or none, and gives the answer of each.
    fn write(
        &self,
        statements: Vec<Statement>,
    ) -> impl Future<Output = Result<Vec<Vec<Row>>, DatabaseError>> + Send;

    /// Runs one statement that changes nothing; where the shell can, beside writes and not after them.
    fn read(&self, statement: Statement) -> impl Future<Output = Result<Vec<Row>, DatabaseError>> + Send;
}

/// Keeps what is known of finished requests.
pub trait Recorder: Send + Sync + 'static {
    /// Hands `record` over; does not wait until it is written.
    fn append(&self, record: Record) -> impl Future<Output = ()> + Send;

    /// What became of the records of this process.
    fn counts(&self) -> Counts;
}

pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static;
}

pub trait Entropy: Send + Sync + 'static {
    fn fill(&self, bytes: &mut [u8]);

    /// One random number.
    fn word(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// Runs what must not hold up an answer, to its end.
pub trait Background: Send + Sync + 'static {
    fn spawn(&self, task: BoxFuture<'static, ()>);
}

/// All of the above in one parameter.
pub trait Platform: Send + Sync + 'static {
    type Http: HttpClient;
    type Config: ConfigStore;
    type Coordinator: Coordinator;
    type Database: Database;
    type Recorder: Recorder;
    type Clock: Clock;
    type Entropy: Entropy;
    type Background: Background;

    /// What the live feed tells. Where it is not `Full`, the shell's own means tell watchers, and no request is shown to
    /// those of this process.
    const LIVE: Extent;

    fn http(&self) -> &Self::Http;
    fn config(&self) -> &Self::Config;
    fn coordinator(&self) -> &Self::Coordinator;
    fn database(&self) -> &Self::Database;
    fn recorder(&self) -> &Self::Recorder;
    fn clock(&self) -> &Self::Clock;
    fn entropy(&self) -> &Self::Entropy;
    fn background(&self) -> &Self::Background;
}
