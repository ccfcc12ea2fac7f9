//! The configuration: the document as it is stored, and its validated form.
//!
//! [`Document`](document::Document) is what an operator writes and a store keeps. [`Config`] is what
//! the gateway runs on: parsed once, immutable, shared by `Arc`; a request keeps the snapshot it
//! started with.

pub mod access;
pub mod budget;
pub mod client_key;
pub mod compat;
pub mod difference;
pub mod document;
pub mod export;
pub mod handle;
pub mod import;
pub mod mask;
pub mod model;
pub mod outside;
pub mod preset;
pub mod seal;
pub mod secret_key;
pub mod url;
pub mod validate;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use self::compat::Compat;
use crate::price::Book;
use crate::time::Timestamp;

/// A wire API, spoken by clients and by upstreams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Claude Messages.
    Messages,
    /// OpenAI Chat Completions.
    Chat,
    /// OpenAI Responses, which Codex speaks.
    Responses,
    /// Gemini `generateContent` and its sisters.
    Gemini,
    /// OpenAI Images.
    Images,
    /// OpenAI Embeddings.
    Embeddings,
}

impl Protocol {
    pub const ALL: [Self; 6] =
        [Self::Messages, Self::Chat, Self::Responses, Self::Gemini, Self::Images, Self::Embeddings];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Gemini => "gemini",
            Self::Images => "images",
            Self::Embeddings => "embeddings",
        }
    }

    /// The one that [`as_str`](Self::as_str) calls `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.as_str() == name)
    }

    /// Which endpoints can serve its clients, the best first: its own, then those that conversion leads
    /// to, the nearest in what they can express before the others.
    pub const fn kin(self) -> &'static [Self] {
        match self {
            Self::Messages => &[Self::Messages, Self::Chat, Self::Responses, Self::Gemini],
            Self::Chat => &[Self::Chat, Self::Responses, Self::Messages, Self::Gemini],
            Self::Responses => &[Self::Responses, Self::Chat, Self::Messages, Self::Gemini],
            Self::Gemini => &[Self::Gemini, Self::Chat, Self::Messages, Self::Responses],
            Self::Images => &[Self::Images],
            Self::Embeddings => &[Self::Embeddings],
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn new(id: impl Into<Arc<str>>) -> Self {
                Self(id.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// `ch_…`: names a channel for as long as it exists.
    ChannelId
}
id! {
    /// `k_…`: names an upstream key for as long as it exists.
    KeyId
}
id! {
    /// `ck_…`: names a client key for as long as it exists.
    ClientKeyId
}

/// A credential. It never shows itself in `Debug`, logs or errors, and leaves nothing in memory.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(secret.into())))
    }

    /// The secret itself, for the one place that sends or hashes it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Content hash of a stored document: what `If-Match` compares.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Version(Arc<str>);

impl Version {
    /// The version of a document that serializes to `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let hash = Sha256::digest(bytes);
        Self(hex(hash.as_slice().get(..8).unwrap_or_default()).into())
    }

    /// A version as a client or another instance named it.
    pub fn new(version: impl Into<Arc<str>>) -> Self {
        Self(version.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The configuration the gateway runs on.
#[derive(Debug)]
pub struct Config {
    pub version: Version,
    /// What this was built from; the management API edits a copy of it.
    pub document: Arc<document::Document>,
    /// In order of priority, then of position in the document.
    pub channels: Vec<Arc<Channel>>,
    pub access: access::Access,
    pub settings: Settings,
    pub prices: Book,
    /// Whether some channel cannot take every request: it has a context window, or an endpoint without images
    /// or tools. Only then is it worth finding out what a request needs.
    pub restricts: bool,
}

/// An upstream the operator configured.
#[derive(Debug)]
pub struct Channel {
    pub id: ChannelId,
    /// Unique; what `X-Channel` names.
    pub name: Arc<str>,
    pub status: Status,
    /// Lower is served first.
    pub priority: u32,
    /// Share of the traffic inside one priority, at least 1.
    pub weight: u32,
    /// Until then the operator wants this channel before all others.
    pub promoted_until: Option<Timestamp>,
    /// Several of one protocol are tried in order.
    pub endpoints: Vec<Endpoint>,
    pub keys: Vec<Key>,
    pub rotation: Rotation,
    /// The client protocols it serves.
    pub accepts: Vec<Protocol>,
    pub models: model::ModelFilter,
    pub model_map: model::ModelMap,
    /// Sent to the upstream over whatever the client sent.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub transport: Arc<Transport>,
    /// Set: reached only through `/<prefix>/v1/…`. Unset: only without a prefix.
    pub route_prefix: Option<Arc<str>>,
    pub timeouts: Timeouts,
    pub on_loss: OnLoss,
    /// Its vectors may be mixed with those of channels of the same space.
    pub embedding_space: Option<Arc<str>>,
    /// Over all its keys.
    pub limits: Limits,
    /// Tokens that a model can hold, prompt and answer together, by the upstream's name for it.
    pub context_windows: model::ModelTable<u32>,
    /// What it takes of list prices, in millionths.
    pub cost_multiplier: u64,
}

/// One (protocol, base URL) of a channel.
#[derive(Debug)]
pub struct Endpoint {
    pub protocol: Protocol,
    pub base: url::BaseUrl,
    /// What is known of the upstream here: its preset, and over it the channel's own sheet.
    pub compat: Compat,
}

/// One upstream credential of a channel.
#[derive(Debug)]
pub struct Key {
    pub id: KeyId,
    pub name: Option<Arc<str>>,
    pub secret: Secret,
    pub status: Status,
    /// Keys of one group, in whichever channels, draw on one account.
    pub quota_group: Option<Arc<str>>,
    pub limits: Limits,
}

/// How much traffic may pass; what is unset is not limited. No limit is 0: that is what pausing is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Limits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// Of input and output together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u32>,
    /// Requests under way at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
}

impl Limits {
    /// These where they are set, else those of `base`.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        Self {
            requests_per_minute: self.requests_per_minute.or(base.requests_per_minute),
            tokens_per_minute: self.tokens_per_minute.or(base.tokens_per_minute),
            concurrency: self.concurrency.or(base.concurrency),
        }
    }
}

/// Whether an operator lets traffic through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    #[default]
    Active,
    Paused,
}

/// What becomes of a request that a conversion cannot express in full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnLoss {
    /// It is sent as far as it goes, and the answer's headers tell what was left out.
    #[default]
    Report,
    /// The client gets a 400 that tells what would be left out.
    Refuse,
}

/// In which order the keys of a channel are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Rotation {
    /// Each in turn.
    #[default]
    RoundRobin,
    /// The one with the fewest requests in flight, then the one idle longest.
    LeastUsed,
    /// The first that can serve, as listed.
    Ordered,
}

/// How a channel's requests leave the machine; one connection pool each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transport {
    /// `http://`, `https://`, `socks5://` or `socks5h://`, credentials included.
    pub proxy: Option<Arc<str>>,
    pub connect_timeout: Duration,
}

/// Limits on one request and its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From sending an attempt to the upstream's response headers.
    pub response_header: Duration,
    /// From response headers to the first content of a stream.
    pub first_content: Duration,
    /// Silence inside an answer that has begun.
    pub idle: Duration,
    /// From the request's arrival until an answer is committed, over all attempts; for an answer that is
    /// not streamed, until its end.
    pub total: Duration,
}

/// What holds for all channels.
#[derive(Clone, Debug)]
pub struct Settings {
    pub timeouts: Timeouts,
    /// Attempts one request may use.
    pub max_attempts: u32,
    /// How long a request may wait for a limit or a cooldown that ends soon, within its total timeout.
    pub max_wait: Duration,
    pub breaker: Breaker,
}

/// When a breaker trips and how long it stays open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaker {
    /// Results remembered per (channel, endpoint protocol), and per key of it.
    pub window: u32,
    /// Share of failures in a full enough window that trips, 0 to 1.
    pub failure_rate: f64,
    /// Failures in a row that trip.
    pub consecutive_failures: u32,
    pub open_min: Duration,
    pub open_max: Duration,
}

impl Channel {
    /// Whether clients of `protocol` are served, natively or by conversion.
    pub fn serves(&self, protocol: Protocol) -> bool {
        self.ways(protocol).next().is_some()
    }

    /// Over which of its endpoints' protocols it serves clients of `protocol`, the best first.
    pub fn ways(&self, protocol: Protocol) -> impl Iterator<Item = Protocol> {
        let accepted = self.accepts.contains(&protocol);
        let speaks = |spoken: &Protocol| self.endpoints.iter().any(|endpoint| endpoint.protocol == *spoken);
        protocol.kin().iter().copied().filter(move |spoken| accepted && speaks(spoken))
    }

    /// The position of the key to ask with where nobody named one: the first that is not paused, else the first.
    pub fn first_key(&self) -> Option<usize> {
        let active = self.keys.iter().position(|key| key.status == Status::Active);
        active.or_else(|| (!self.keys.is_empty()).then_some(0))
    }

    /// Whether it cannot take every request.
    fn restricts(&self) -> bool {
        let lacks = |sheet: &Compat| sheet.vision == Some(false) || sheet.tools == Some(false);
        !self.context_windows.is_empty()
            || self.endpoints.iter().any(|endpoint| lacks(&endpoint.compat))
            || self.limits.tokens_per_minute.is_some()
            || self.keys.iter().any(|key| key.limits.tokens_per_minute.is_some())
    }

    /// What is known of the upstream at one of the endpoints; nothing where there is no such endpoint.
    pub fn compat(&self, endpoint: usize) -> &Compat {
        static UNKNOWN: LazyLock<Compat> = LazyLock::new(Compat::default);
        self.endpoints.get(endpoint).map_or(&*UNKNOWN, |endpoint| &endpoint.compat)
    }
}

impl Config {
    pub fn channel(&self, id: &ChannelId) -> Option<&Arc<Channel>> {
        self.channels.iter().find(|channel| channel.id == *id)
    }
}

/// Where in the document something is wrong, for people: `channels[2].keys[0].key`.
pub type FieldErrors = BTreeMap<String, String>;

/// Lower-case hexadecimal digits of `bytes`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(hex_digits(bytes));
    text
}

/// The same, one by one: without the machinery of `format!`, since every request gets an id.
pub(crate) fn hex_digits(bytes: &[u8]) -> impl Iterator<Item = char> {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16))
}
