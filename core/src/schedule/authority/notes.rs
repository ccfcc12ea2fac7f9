//! What goes between schedulers and their authority, as JSON.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::{ChannelId, Config, KeyId, Protocol, Version};
use crate::schedule::share::{AccountVerdict, Verdicts};
use crate::schedule::traits::Trait;
use crate::schedule::{Lease, ModelKey, Outcome, Rule, SessionKey};
use crate::time::Timestamp;

/// What a scheduler tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Told {
    /// What it has heard; `None`: nothing yet.
    pub seen: Option<Seen>,
    pub notes: Vec<Note>,
    /// A trial that it would make.
    pub trial: Option<LeaseNote>,
}

/// What it hears.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct News {
    pub seen: Seen,
    /// Of the newest configuration.
    pub config: Version,
    /// Whether the trial may be made; true where none was asked for.
    pub granted: bool,
    pub channels: Vec<Verdicts>,
    pub accounts: Vec<AccountVerdict>,
    pub bonds: Vec<BondNote>,
}

/// How much of an authority's news was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub epoch: u64,
    pub revision: u64,
}

/// Something that came of a lease.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    pub lease: LeaseNote,
    pub event: Event,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// The attempt is over.
    Ended(Outcome),
    /// A trial's answer has begun well.
    Proved,
    /// A refusal taught something of the endpoint and model.
    Learned(Trait),
}

/// A lease, as far as others must know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseNote {
    pub id: u64,
    pub channel: ChannelId,
    pub key: KeyId,
    /// Of the endpoint.
    pub protocol: Protocol,
    pub model: ModelKey,
    pub rule: Rule,
    pub probe: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionKey>,
    /// Tokens of the prompt that it was counted with.
    pub tokens: u32,
    pub acquired_at: Timestamp,
}

/// Where a session was served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BondNote {
    pub session: SessionKey,
    pub channel: ChannelId,
    pub key: KeyId,
    /// When the attempt began that served it.
    pub begun: Timestamp,
}

/// What is to be forgotten.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reset {
    pub channel: ChannelId,
    /// `None`: the whole channel.
    pub key: Option<KeyId>,
}

impl LeaseNote {
    /// `None` where the lease has lost its key or endpoint.
    pub fn of(lease: &Lease) -> Option<Self> {
        Some(Self {
            id: lease.id,
            channel: lease.channel.id.clone(),
            key: lease.key()?.id.clone(),
            protocol: lease.endpoint()?.protocol,
            model: lease.model_key,
            rule: lease.rule,
            probe: lease.probe,
            session: lease.session,
            tokens: lease.expected_tokens.into_iter().max().unwrap_or_default(),
            acquired_at: lease.acquired_at,
        })
    }

    /// The lease; `None` where `config` has no such channel, key or endpoint.
    pub(super) fn read(&self, config: &Config) -> Option<Lease> {
        let channel = config.channels.iter().find(|channel| channel.id == self.channel)?;
        let key = channel.keys.iter().position(|key| key.id == self.key)?;
        let endpoint = channel.endpoints.iter().position(|endpoint| endpoint.protocol == self.protocol)?;
        Some(Lease {
            id: self.id,
            channel: Arc::clone(channel),
            key,
            endpoint,
            model: None,
            rule: self.rule,
            probe: self.probe,
            attempt: 0,
            model_key: self.model,
            session: self.session,
            considered: None,
            expected_tokens: [self.tokens; 2],
            acquired_at: self.acquired_at,
            learned: None,
            lessons: 0,
        })
    }
}

impl BondNote {
    /// `None` for a request without a session, or one that was told where to go.
    pub(super) fn of(lease: &Lease) -> Option<Self> {
        let session = lease.session.filter(|_| lease.rule != Rule::Pin)?;
        let (channel, key) = (lease.channel.id.clone(), lease.key()?.id.clone());
        Some(Self { session, channel, key, begun: lease.acquired_at })
    }
}
