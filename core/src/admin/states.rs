//! How each channel is, in a word.

use std::sync::Arc;

use super::Context;
use crate::config::{Channel, Config, Status};
use crate::platform::{Coordinator, Platform};
use crate::schedule::{BreakerState, ChannelHealth};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Traffic flows.
    Closed,
    HalfOpen,
    Open,
    /// An operator's doing, whatever its breaker says.
    Paused,
}

impl State {
    pub(super) const ALL: [Self; 4] = [Self::Closed, Self::HalfOpen, Self::Open, Self::Paused];

    /// Its name in metrics.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
            Self::Paused => "paused",
        }
    }

    const fn of(channel: &Channel, health: &ChannelHealth) -> Self {
        match (channel.status, health.breaker) {
            (Status::Paused, _) => Self::Paused,
            (_, BreakerState::Closed) => Self::Closed,
            (_, BreakerState::HalfOpen) => Self::HalfOpen,
            (_, BreakerState::Open) => Self::Open,
        }
    }
}

#[derive(Debug)]
pub(super) struct ChannelState {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) state: State,
    /// Requests under way.
    pub(super) in_flight: u32,
}

/// Of the channels of `config`, in its order; those that nobody knows of yet are left out.
pub(super) async fn states<P: Platform>(context: &Context<'_, P>, config: &Arc<Config>) -> Vec<ChannelState> {
    let health = context.platform.coordinator().health(config).await;
    let state = |channel: &Arc<Channel>| {
        let health = health.iter().find(|health| health.id == channel.id)?;
        Some(ChannelState {
            id: channel.id.as_str().to_owned(),
            name: channel.name.to_string(),
            state: State::of(channel, health),
            in_flight: health.in_flight,
        })
    };
    config.channels.iter().filter_map(state).collect()
}
