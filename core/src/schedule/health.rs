//! How channels are, for people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Class;
use super::breaker::BreakerState;
use super::slot::{KeySlot, Lane};
use crate::config::{ChannelId, KeyId, Protocol};
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
    /// `keys` are the slots of the keys the configuration has now.
    pub(super) fn of<'a>(id: &ChannelId, keys: impl Iterator<Item = &'a KeySlot>, now: Timestamp) -> Self {
        let keys: Vec<KeyHealth> = keys.map(|slot| KeyHealth::of(slot, now)).collect();
        let protocols = || keys.iter().flat_map(|key| &key.protocols);
        Self {
            id: id.clone(),
            breaker: protocols().map(|one| one.breaker).min().unwrap_or(BreakerState::Closed),
            in_flight: protocols().fold(0, |sum, one| sum.saturating_add(one.in_flight)),
            keys,
        }
    }
}

impl KeyHealth {
    fn of(slot: &KeySlot, now: Timestamp) -> Self {
        let cooldowns = [(Class::Rate, &slot.rate), (Class::Quota, &slot.quota), (Class::Auth, &slot.auth)];
        let cooling = cooldowns
            .into_iter()
            .filter_map(|(class, cooldown)| cooldown.active(now).map(|until| Cooling { class, until }));
        Self {
            id: slot.id.clone(),
            cooldown: cooling.max_by_key(|cooling| cooling.until),
            excluded_models: slot.models.count(now),
            last_used_at: Some(slot.last_used).filter(|at| *at != Timestamp::default()),
            protocols: slot.lanes.iter().map(|lane| ProtocolHealth::of(lane, now)).collect(),
        }
    }
}

impl ProtocolHealth {
    fn of(lane: &Lane, now: Timestamp) -> Self {
        Self {
            protocol: lane.protocol,
            breaker: lane.breaker.state(now),
            open_until: lane.breaker.open_until(now),
            in_flight: lane.in_flight,
            consecutive_failures: lane.breaker.consecutive(),
            last_failure: lane.last_failure,
        }
    }
}
