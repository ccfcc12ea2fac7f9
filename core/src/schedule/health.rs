//! How channels are, for people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Class;
use super::breaker::{Breaker, BreakerState};
use super::hold::Hold;
use super::rests::Rests;
use super::slot::{ChannelSlot, KeySlot, Lane};
use crate::config::{Channel, ChannelId, Key, KeyId, Protocol};
use crate::time::Timestamp;

/// How a channel is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelHealth {
    pub id: ChannelId,
    /// The best of its keys and protocols; a channel without any is `closed`.
    pub breaker: BreakerState,
    /// Requests under way, over all keys.
    pub in_flight: u32,
    /// In the configuration's order.
    pub keys: Vec<KeyHealth>,
}

/// How a key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyHealth {
    pub id: KeyId,
    /// The cooldown that ends last.
    pub cooldown: Option<Cooling>,
    /// Whether it comes back from a fault, for one model or all: one request at a time tests it.
    pub unproven: bool,
    /// How many models it is excluded from at present.
    pub excluded_models: usize,
    /// When it was last handed out.
    pub last_used_at: Option<Timestamp>,
    pub protocols: Vec<ProtocolHealth>,
}

/// A key that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cooling {
    /// `rate`, `quota` or `auth`.
    pub class: Class,
    pub until: Timestamp,
}

/// How a key is at the channel's endpoints of one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProtocolHealth {
    pub protocol: Protocol,
    pub breaker: BreakerState,
    /// When an open breaker lets the next request test it.
    pub open_until: Option<Timestamp>,
    pub in_flight: u32,
    pub consecutive_failures: u32,
    pub last_failure: Option<LastFailure>,
}

/// The last attempt that did not serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastFailure {
    pub class: Class,
    pub at: Timestamp,
}

impl ChannelHealth {
    pub(super) fn of(
        channel: &Channel,
        slot: Option<&ChannelSlot>,
        accounts: &[Rests],
        now: Timestamp,
    ) -> Self {
        let of = |key: &Key| {
            let slot = slot?;
            Some(KeyHealth::of(slot, slot.keys.iter().find(|one| one.id == key.id)?, accounts, now))
        };
        let keys: Vec<KeyHealth> = channel.keys.iter().filter_map(of).collect();
        let protocols = || keys.iter().flat_map(|key| &key.protocols);
        Self {
            id: channel.id.clone(),
            breaker: protocols().map(|one| one.breaker).min().unwrap_or(BreakerState::Closed),
            in_flight: protocols().fold(0, |sum, one| sum.saturating_add(one.in_flight)),
            keys,
        }
    }
}

impl KeyHealth {
    fn of(channel: &ChannelSlot, slot: &KeySlot, accounts: &[Rests], now: Timestamp) -> Self {
        let account = slot.group.and_then(|group| accounts.get(group));
        let cooldowns = [Some(&channel.rests), Some(&slot.rests), account].into_iter().flatten();
        let unproven = cooldowns.clone().any(|rests| rests.holds(now).contains(&Hold::Unproven));
        let models = [&channel.models, &slot.models];
        Self {
            id: slot.id.clone(),
            unproven: unproven || models.iter().any(|models| models.unproven(now)),
            cooldown: cooldowns.filter_map(|rests| rests.cooling(now)).max_by_key(|cooling| cooling.until),
            excluded_models: slot.models.count(now) + channel.models.count(now),
            last_used_at: Some(slot.last_used).filter(|at| *at != Timestamp::default()),
            protocols: slot.lanes.iter().map(|lane| ProtocolHealth::of(channel, lane, now)).collect(),
        }
    }
}

impl ProtocolHealth {
    /// The worse of the key's breaker and of the one over all keys.
    fn of(channel: &ChannelSlot, lane: &Lane, now: Timestamp) -> Self {
        let shared = channel.lane(lane.protocol).map(|one| &one.lane.breaker);
        let breakers = [Some(&lane.breaker), shared].into_iter().flatten();
        Self {
            protocol: lane.protocol,
            breaker: breakers.clone().map(|one| one.state(now)).max().unwrap_or(BreakerState::Closed),
            open_until: breakers.clone().filter_map(|one| one.open_until(now)).max(),
            in_flight: lane.in_flight,
            consecutive_failures: breakers.map(Breaker::consecutive).max().unwrap_or(0),
            last_failure: lane.last_failure,
        }
    }
}
