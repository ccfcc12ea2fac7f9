//! Which channel, key and endpoint serves an attempt, and what an attempt's end means for the next.
//!
//! [`State`] is a pure state machine: `acquire` and `report` take the time and a source of
//! randomness, so the same code runs behind a mutex, in a Durable Object and in a simulation.

mod affinity;
pub mod authority;
mod backoff;
mod breaker;
mod candidates;
pub mod classify;
mod cooldown;
pub mod explain;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod figures;
mod fit;
mod health;
mod hold;
mod line;
pub(crate) mod meter;
mod pace;
mod plan;
mod report;
mod rests;
mod rng;
pub mod share;
mod slot;
mod standing;
mod state;
pub mod traits;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::client_key::ChannelSet;
use crate::config::compat::Compat;
use crate::config::{Channel, ChannelId, Endpoint, Key, KeyId, Protocol};
use crate::time::Timestamp;

pub use self::breaker::BreakerState;
pub use self::explain::Considered;
pub use self::health::{ChannelHealth, Cooling, KeyHealth, LastFailure, ProtocolHealth};
pub use self::line::Ticket;
pub use self::rng::Rng;
pub use self::state::State;
use self::traits::{Change, Trait};

/// What a request needs from a channel.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    pub protocol: Protocol,
    pub model: &'a str,
    /// Whether endpoints of other protocols may serve it too.
    pub convertible: bool,
    /// Whether the answer is a vector: then another channel takes over only within one space.
    pub embeds: bool,
    /// `X-Channel`: only this channel, by name or id.
    pub pin: Option<&'a str>,
    /// The first path segment in front of `/v1`.
    pub prefix: Option<&'a str>,
    /// Those that the client's key allows; `None`: all.
    pub channels: Option<&'a ChannelSet>,
    /// Keeps a conversation on one channel and key.
    pub session: Option<SessionKey>,
    pub needs: Needs,
    /// Until when it would rather wait for a place than be refused; `None`: it does not wait.
    pub waits_until: Option<Timestamp>,
    /// Its place among those that wait; none for a newcomer.
    pub ticket: Option<Ticket>,
    /// Whether the lease shall tell what was considered.
    pub traced: bool,
    /// What this request has tried already.
    pub tried: &'a [Tried],
}

impl<'a> Ask<'a> {
    /// For `model` with nothing said about how; an empty model is any.
    pub const fn of(protocol: Protocol, model: &'a str) -> Self {
        Self {
            protocol,
            model,
            convertible: true,
            embeds: false,
            pin: None,
            prefix: None,
            channels: None,
            session: None,
            needs: Needs { input: 0, output: 0, vision: false, tools: false },
            waits_until: None,
            ticket: None,
            traced: false,
            tried: &[],
        }
    }
}

/// What a request asks of the model that serves it. The default asks for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Tokens of its prompt: an estimate, rather too low than too high.
    pub input: u32,
    /// The most tokens of output it asks for; 0 where it does not say.
    pub output: u32,
    /// Whether it shows images.
    pub vision: bool,
    /// Whether it offers tools.
    pub tools: bool,
}

/// Hash of client key and session hint; the hint itself is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionKey(pub u64);

impl fmt::Display for SessionKey {
    /// 16 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl SessionKey {
    /// Of what a client says its conversation is; other client keys' conversations never meet it.
    pub fn of(client_key: &str, hint: &str) -> Self {
        Self(fnv1a(client_key.bytes().chain([0]).chain(hint.bytes())))
    }
}

/// Hash of a model's name at the upstream; the same for the same name on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModelKey(u64);

impl ModelKey {
    /// FNV-1a of the name.
    pub fn of(model: &str) -> Self {
        Self(fnv1a(model.bytes()))
    }
}

fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// One attempt of the same request that did not serve.
#[derive(Clone, Debug)]
pub struct Tried {
    pub channel: ChannelId,
    pub key: KeyId,
    /// Position in the channel's endpoints.
    pub endpoint: usize,
    pub class: Class,
    /// Whether it tested something that had failed before.
    pub probe: bool,
}

/// The right to use a (channel, key, endpoint) for one attempt. Each is reported exactly once.
#[derive(Clone, Debug)]
pub struct Lease {
    pub id: u64,
    pub channel: Arc<Channel>,
    pub key: usize,
    pub endpoint: usize,
    /// The model's name at the upstream, where it differs from the one asked for.
    pub model: Option<Arc<str>>,
    pub rule: Rule,
    /// Tests a tripped channel: the only traffic it gets until it is reported.
    pub probe: bool,
    /// How many attempts its request has made before.
    pub attempt: usize,
    /// Fingerprint of the model's name at the upstream, so that a report can exclude it.
    pub model_key: ModelKey,
    /// The conversation that settles where this serves; none where the client named the channel.
    pub session: Option<SessionKey>,
    /// What was considered for it, where the ask wanted to know.
    pub considered: Option<Arc<[Considered]>>,
    /// Tokens that were counted for it in advance, against the channel's and the key's limit.
    expected_tokens: [u32; 2],
    pub acquired_at: Timestamp,
    learned: Option<Arc<[Trait]>>,
    /// How many of the traits this request found out itself.
    lessons: u8,
}

impl Lease {
    /// A request that has learned so much of one upstream shall take another.
    const MAX_LESSONS: u8 = 4;

    /// One that no scheduler gave and none is told of: for what an operator asks of an upstream, whatever its
    /// health. `key` and `endpoint` are positions in the channel's; `model` is the upstream's name.
    pub fn unscheduled(
        channel: &Arc<Channel>,
        key: usize,
        endpoint: usize,
        model: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            id: 0,
            channel: Arc::clone(channel),
            key,
            endpoint,
            model: Some(model.into()),
            rule: Rule::Pin,
            probe: false,
            attempt: 0,
            model_key: ModelKey::of(model),
            session: None,
            considered: None,
            expected_tokens: [0; 2],
            acquired_at: now,
            learned: None,
            lessons: 0,
        }
    }

    pub fn key(&self) -> Option<&Key> {
        self.channel.keys.get(self.key)
    }

    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.channel.endpoints.get(self.endpoint)
    }

    /// What earlier refusals taught of this model here.
    pub fn traits(&self) -> &[Trait] {
        self.learned.as_deref().unwrap_or_default()
    }

    /// The endpoint's sheet with all that was learned over it.
    pub fn compat(&self) -> Cow<'_, Compat> {
        let mut sheet = Cow::Borrowed(self.channel.compat(self.endpoint));
        for learned in self.traits() {
            learned.apply(sheet.to_mut());
        }
        sheet
    }

    /// Whether signed and encrypted reasoning has to be left out.
    pub fn omits_sealed(&self) -> bool {
        self.traits().iter().any(|learned| learned.change == Change::NoSealed)
    }

    /// Whether a token of `anthropic-beta` has to be left out.
    pub fn omits_beta(&self, token: &str) -> bool {
        let rejects = |learned: &Trait| match &learned.change {
            Change::NoBetas(tokens) => tokens.iter().any(|rejected| rejected == token),
            _ => false,
        };
        self.traits().iter().any(rejects)
    }

    /// The same lease for another try at once, wiser by `learned`. `None` when that cannot help: it was known
    /// already, or this request has learned too much by now.
    #[must_use]
    pub fn with_trait(&self, learned: &Trait) -> Option<Self> {
        if self.lessons >= Self::MAX_LESSONS || self.traits().contains(learned) {
            return None;
        }
        let traits = traits::memory::with(self.traits(), learned);
        Some(Self { learned: Some(traits), lessons: self.lessons + 1, ..self.clone() })
    }
}

/// Which rule chose a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    Pin,
    Promotion,
    Affinity,
    Priority,
    /// Nothing healthy was left; this one is tried at the probe's pace.
    LastResort,
}

impl Rule {
    /// Its name in answers and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Promotion => "promotion",
            Self::Affinity => "affinity",
            Self::Priority => "priority",
            Self::LastResort => "last_resort",
        }
    }
}

/// Why no channel serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    pub reason: Reason,
    /// When it is worth asking again, where that is known.
    pub retry_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No channel is configured for this protocol and prefix.
    NoChannel,
    /// Channels exist, none serves this model.
    NoModel,
    /// The client's key allows none of those that serve it.
    NotAllowed,
    /// `X-Channel` names none.
    UnknownChannel,
    /// All that could serve are paused or have no key.
    Paused,
    /// All that could serve are cooling down.
    CoolingDown,
    /// All that could serve are at the limits their operator set.
    Limited,
    /// All that could serve were tried in this request.
    Exhausted,
}

/// What one attempt came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    pub class: Class,
    pub scope: Scope,
    /// From the upstream: do not come back before. A success may say so too, when it used a limit up.
    pub retry_after: Option<Duration>,
    /// Time to the first content, where there was any.
    pub first_content: Option<Duration>,
    /// What it used of a limit on tokens, input and output; `None`: not known.
    pub tokens: Option<u64>,
}

impl Outcome {
    /// One of which nothing else is known.
    pub const fn of(class: Class) -> Self {
        Self { class, scope: class.scope(), retry_after: None, first_content: None, tokens: None }
    }
}

/// How far a fault reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// This request alone.
    Request,
    /// The key's use of this model.
    Model,
    /// The key.
    Key,
    /// The account behind the key: all keys of its quota group.
    Account,
    /// The channel, whatever the key.
    Channel,
}

/// What an upstream's answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Success,
    /// The request itself is wrong: stop and pass the upstream's error on.
    RequestFault,
    /// Stop and pass on: clients compact on it.
    ContextTooLong,
    /// Stop and pass on.
    ContentPolicy,
    /// The key is refused.
    Auth,
    /// The key's account has nothing left.
    Quota,
    /// Too many requests or tokens for now.
    Rate,
    /// The upstream is over capacity.
    Overload,
    /// The upstream does not serve this model to this key.
    ModelUnavailable,
    /// The upstream could not be reached, broke off or was too slow.
    Transport,
    /// A 5xx without a better explanation.
    ServerError,
    /// An answer that is none: HTML, an empty stream, broken JSON.
    BadAnswer,
    /// The client left: blames nobody.
    ClientGone,
    /// The endpoint cannot be asked this, whatever its health; nothing was sent.
    Unfit,
}

impl Class {
    /// Its name in answers and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::RequestFault => "request_fault",
            Self::ContextTooLong => "context_too_long",
            Self::ContentPolicy => "content_policy",
            Self::Auth => "auth",
            Self::Quota => "quota",
            Self::Rate => "rate",
            Self::Overload => "overload",
            Self::ModelUnavailable => "model_unavailable",
            Self::Transport => "transport",
            Self::ServerError => "server_error",
            Self::BadAnswer => "bad_answer",
            Self::ClientGone => "client_gone",
            Self::Unfit => "unfit",
        }
    }

    /// How far a fault of this class reaches where nothing says otherwise.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Auth | Self::Quota | Self::Rate | Self::ServerError | Self::BadAnswer => Scope::Key,
            Self::ModelUnavailable => Scope::Model,
            Self::Overload | Self::Transport => Scope::Channel,
            Self::Success | Self::RequestFault | Self::ContextTooLong | Self::ContentPolicy => Scope::Request,
            Self::ClientGone | Self::Unfit => Scope::Request,
        }
    }

    /// Whether another key or channel may do better.
    pub const fn tries_next(self) -> bool {
        self.blames_key() || self.blames_channel() || matches!(self, Self::Unfit)
    }

    /// Whether another key of the same channel may do better.
    pub const fn blames_key(self) -> bool {
        matches!(self, Self::Auth | Self::Quota | Self::Rate | Self::ModelUnavailable)
    }

    /// Whether another channel should rather be tried.
    pub const fn blames_channel(self) -> bool {
        matches!(self, Self::Overload | Self::Transport | Self::ServerError | Self::BadAnswer)
    }
}

#[cfg(test)]
mod tests;
