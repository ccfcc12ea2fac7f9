//! What is remembered of channels and their keys, in vectors parallel to the configuration's.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ModelKey;
use super::breaker::{Breaker, BreakerState};
use super::cooldown::{Cooldown, Models};
use super::health::LastFailure;
use super::traits::memory::Memory;
use crate::config::{Channel, ChannelId, Key, KeyId, Protocol};
use crate::time::Timestamp;

/// Requests keep the configuration they started with, so what a newer one removed is remembered for a
/// while: an old request that acquires again must not cost the others their health.
const KEPT_AFTER_REMOVAL: Duration = Duration::from_secs(10 * 60);
/// How many removed ones are remembered at most.
const MAX_REMOVED: usize = 256;

/// A channel's memory.
#[derive(Clone, Debug)]
pub(super) struct ChannelSlot {
    pub(super) id: ChannelId,
    removed_at: Option<Timestamp>,
    /// Where round robin goes on.
    pub(super) cursor: usize,
    pub(super) memory: Memory,
    /// Parallel to the channel's keys; removed ones behind them.
    pub(super) keys: Vec<KeySlot>,
}

/// A key's memory.
#[derive(Clone, Debug)]
pub(super) struct KeySlot {
    pub(super) id: KeyId,
    removed_at: Option<Timestamp>,
    pub(super) last_used: Timestamp,
    pub(super) rate: Cooldown,
    pub(super) quota: Cooldown,
    pub(super) auth: Cooldown,
    pub(super) models: Models,
    /// One for each protocol of the channel's endpoints.
    pub(super) lanes: Vec<Lane>,
}

/// What is known of a key at the endpoints of one protocol.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) protocol: Protocol,
    pub(super) breaker: Breaker,
    pub(super) in_flight: u32,
    pub(super) last_failure: Option<LastFailure>,
}

/// Whether a key can be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Ready,
    /// Half open and free for the one request that tests it.
    Trial,
    Waits(Wait),
}

/// Why a key cannot be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// The upstream refuses the key itself.
    pub(super) refused: bool,
    /// When it is expected to work again.
    pub(super) until: Timestamp,
    /// From when it may be tried if nothing else is left.
    pub(super) from: Timestamp,
}

impl ChannelSlot {
    /// Brings `slots` into the order of `channels`, keeping what is known of each.
    pub(super) fn align<'a>(
        slots: Vec<Self>,
        channels: impl Iterator<Item = &'a Channel>,
        now: Timestamp,
    ) -> Vec<Self> {
        aligned(
            slots,
            channels,
            now,
            |channel| &channel.id,
            |slot, channel| {
                slot.keys = KeySlot::align(std::mem::take(&mut slot.keys), channel, now);
            },
        )
    }

    /// The slot of `key`, which stands at `hint` unless the configuration changed.
    pub(super) fn key_mut(&mut self, key: &KeyId, hint: usize) -> Option<&mut KeySlot> {
        let index = match self.keys.get(hint) {
            Some(slot) if slot.id == *key => hint,
            _ => self.keys.iter().position(|slot| slot.id == *key)?,
        };
        self.keys.get_mut(index)
    }
}

impl KeySlot {
    fn align(slots: Vec<Self>, channel: &Channel, now: Timestamp) -> Vec<Self> {
        aligned(
            slots,
            channel.keys.iter(),
            now,
            |key: &Key| &key.id,
            |slot, _| {
                for endpoint in &channel.endpoints {
                    if slot.lane(endpoint.protocol).is_none() {
                        slot.lanes.push(Lane::new(endpoint.protocol));
                    }
                }
            },
        )
    }

    pub(super) fn lane(&self, protocol: Protocol) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.protocol == protocol)
    }

    pub(super) fn lane_mut(&mut self, protocol: Protocol) -> Option<&mut Lane> {
        self.lanes.iter_mut().find(|lane| lane.protocol == protocol)
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.lanes.iter().fold(0, |sum, lane| sum.saturating_add(lane.in_flight))
    }

    /// Whether it can serve through `protocol`; `model` is asked for only where some model is excluded.
    pub(super) fn standing(
        &self,
        protocol: Protocol,
        model: impl FnOnce() -> ModelKey,
        ignore_breaker: bool,
        now: Timestamp,
    ) -> Standing {
        let Some(lane) = self.lane(protocol) else { return Standing::Ready };
        let refused = self.auth.active(now);
        let model = if self.models.is_empty() { None } else { self.models.active(model(), now) };
        let cooling = self.rate.active(now).max(self.quota.active(now)).max(model).max(refused);
        let state = if ignore_breaker { BreakerState::Closed } else { lane.breaker.state(now) };
        match (cooling, state) {
            (None, BreakerState::Closed) => Standing::Ready,
            (None, BreakerState::HalfOpen) if !lane.breaker.in_trial(now) => Standing::Trial,
            (cooling, _) => {
                let told = self.rate.not_before(now).max(self.quota.not_before(now));
                let from = lane.breaker.trial_from(now);
                let until = cooling.max(lane.breaker.open_until(now)).unwrap_or(from);
                Standing::Waits(Wait { refused: refused.is_some(), until, from: from.max(told) })
            }
        }
    }

    /// Forgets every fault, but not what is in flight.
    pub(super) fn reset(&mut self) {
        self.rate = Cooldown::default();
        self.quota = Cooldown::default();
        self.auth = Cooldown::default();
        self.models = Models::default();
        for lane in &mut self.lanes {
            lane.breaker = Breaker::default();
            lane.last_failure = None;
        }
    }
}

impl Lane {
    fn new(protocol: Protocol) -> Self {
        Self { protocol, breaker: Breaker::default(), in_flight: 0, last_failure: None }
    }
}

/// What `aligned` needs of a slot.
trait Slot {
    type Id: Clone + Ord;

    fn new(id: Self::Id) -> Self;
    fn id(&self) -> &Self::Id;
    fn removed_at(&mut self) -> &mut Option<Timestamp>;
}

impl Slot for ChannelSlot {
    type Id = ChannelId;

    fn new(id: ChannelId) -> Self {
        Self { id, removed_at: None, cursor: 0, memory: Memory::default(), keys: Vec::new() }
    }

    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn removed_at(&mut self) -> &mut Option<Timestamp> {
        &mut self.removed_at
    }
}

impl Slot for KeySlot {
    type Id = KeyId;

    fn new(id: KeyId) -> Self {
        Self {
            id,
            removed_at: None,
            last_used: Timestamp::default(),
            rate: Cooldown::default(),
            quota: Cooldown::default(),
            auth: Cooldown::default(),
            models: Models::default(),
            lanes: Vec::new(),
        }
    }

    fn id(&self) -> &KeyId {
        &self.id
    }

    fn removed_at(&mut self) -> &mut Option<Timestamp> {
        &mut self.removed_at
    }
}

/// One slot for each of `wanted`, in order, known ones kept; then those removed lately.
fn aligned<'a, S: Slot<Id: 'a>, T: 'a>(
    slots: Vec<S>,
    wanted: impl Iterator<Item = &'a T>,
    now: Timestamp,
    id: impl Fn(&'a T) -> &'a S::Id,
    mut fill: impl FnMut(&mut S, &'a T),
) -> Vec<S> {
    let mut known: BTreeMap<S::Id, S> = slots.into_iter().map(|slot| (slot.id().clone(), slot)).collect();
    let mut aligned: Vec<S> = wanted
        .map(|item| {
            let mut slot = known.remove(id(item)).unwrap_or_else(|| S::new(id(item).clone()));
            *slot.removed_at() = None;
            fill(&mut slot, item);
            slot
        })
        .collect();
    let removed = known.into_values().filter_map(|mut slot| {
        let at = *slot.removed_at().get_or_insert(now);
        (now.since(at) <= KEPT_AFTER_REMOVAL).then_some(slot)
    });
    aligned.extend(removed.take(MAX_REMOVED));
    aligned
}
