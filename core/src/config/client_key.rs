//! One client, and what it may do.

use std::sync::Arc;

use super::access::Digest;
use super::budget::Budget;
use super::model::ModelFilter;
use super::{Channel, ChannelId, ClientKeyId, Limits, Status};
use crate::time::Timestamp;

/// One key of a client.
#[derive(Clone, Debug)]
pub struct ClientKey {
    pub id: ClientKeyId,
    /// For people.
    pub name: String,
    pub digest: Digest,
    pub status: Status,
    /// From then on it opens nothing.
    pub expires_at: Option<Timestamp>,
    /// By the client's names, before any channel's map.
    pub models: ModelFilter,
    /// `None`: all.
    pub channels: Option<ChannelSet>,
    pub limits: Limits,
    pub budgets: Vec<Budget>,
}

/// Some channels of one configuration, by their positions in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChannelSet(Vec<bool>);

static NO_CHANNEL: ChannelSet = ChannelSet(Vec::new());

impl ClientKey {
    /// A key that may do everything.
    pub fn unrestricted(id: ClientKeyId, name: impl Into<String>, digest: Digest) -> Self {
        Self {
            id,
            name: name.into(),
            digest,
            status: Status::Active,
            expires_at: None,
            models: ModelFilter::default(),
            channels: None,
            limits: Limits::default(),
            budgets: Vec::new(),
        }
    }

    /// Whether it matters how many tokens its requests use.
    pub const fn is_metered(&self) -> bool {
        self.limits.tokens_per_minute.is_some() || !self.budgets.is_empty()
    }

    /// Whether it matters what its requests cost.
    pub fn counts_money(&self) -> bool {
        self.budgets.iter().any(|budget| budget.cost_micros.is_some())
    }

    /// The channels it may use for `model`; `None`: all.
    pub fn channels_for(&self, model: &str) -> Option<&ChannelSet> {
        if self.models.allows(model) { self.channels.as_ref() } else { Some(&NO_CHANNEL) }
    }
}

impl ChannelSet {
    /// Those of `channels` with one of `ids`.
    pub fn new(channels: &[Arc<Channel>], ids: &[ChannelId]) -> Self {
        Self(channels.iter().map(|channel| ids.contains(&channel.id)).collect())
    }

    /// Whether it holds the channel at `position` of the configuration.
    pub fn holds(&self, position: usize) -> bool {
        self.0.get(position).copied().unwrap_or(false)
    }
}
