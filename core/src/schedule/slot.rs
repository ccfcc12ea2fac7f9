//! What is remembered of channels and their keys, in vectors parallel to the configuration's.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::Lease;
use super::breaker::Breaker;
use super::health::LastFailure;
use super::line::Line;
use super::meter::Meter;
use super::pace::Pace;
use super::rests::{Models, Rests};
use super::traits::memory::Memory;
use crate::config::{Channel, ChannelId, Key, KeyId, Protocol, Secret};
use crate::sorted;
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
    /// Faults of the channel, whatever the key.
    pub(super) rests: Rests,
    pub(super) models: Models,
    pub(super) meter: Meter,
    pub(super) line: Line,
    /// One for each protocol of the channel's endpoints, over all keys.
    pub(super) lanes: Vec<ChannelLane>,
    /// Parallel to the channel's keys; removed ones behind them.
    pub(super) keys: Vec<KeySlot>,
}

/// A key's memory.
#[derive(Clone, Debug)]
pub(super) struct KeySlot {
    pub(super) id: KeyId,
    removed_at: Option<Timestamp>,
    /// Tells another secret from the one that all this is known of.
    secret: Option<u64>,
    /// The name of its quota group, and the position of that group's memory.
    pub(super) group_name: Option<Arc<str>>,
    pub(super) group: Option<usize>,
    pub(super) last_used: Timestamp,
    pub(super) rests: Rests,
    pub(super) models: Models,
    pub(super) meter: Meter,
    /// One for each protocol of the channel's endpoints.
    pub(super) lanes: Vec<Lane>,
}

/// What is known of a channel's endpoints of one protocol.
#[derive(Clone, Debug)]
pub(super) struct ChannelLane {
    pub(super) lane: Lane,
    pub(super) pace: Pace,
}

/// What is known of a channel, or of one key of it, at the endpoints of one protocol.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) protocol: Protocol,
    pub(super) breaker: Breaker,
    pub(super) in_flight: u32,
    pub(super) last_failure: Option<LastFailure>,
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
                for endpoint in &channel.endpoints {
                    if slot.lane(endpoint.protocol).is_none() {
                        let lane = Lane::new(endpoint.protocol);
                        slot.lanes.push(ChannelLane { lane, pace: Pace::default() });
                    }
                }
            },
        )
    }

    pub(super) fn lane(&self, protocol: Protocol) -> Option<&ChannelLane> {
        self.lanes.iter().find(|one| one.lane.protocol == protocol)
    }

    pub(super) fn lane_mut(&mut self, protocol: Protocol) -> Option<&mut ChannelLane> {
        self.lanes.iter_mut().find(|one| one.lane.protocol == protocol)
    }

    /// Those that `lease` occupies: the channel's and the key's.
    pub(super) fn lanes_of(&mut self, lease: &Lease) -> impl Iterator<Item = &mut Lane> {
        let protocol = lease.endpoint().map(|endpoint| endpoint.protocol);
        let key = lease.key().map(|key| &key.id);
        let keys = self.keys.iter_mut().filter(move |slot| key == Some(&slot.id));
        let lanes = self.lanes.iter_mut().map(|one| &mut one.lane);
        lanes.chain(keys.flat_map(|slot| &mut slot.lanes)).filter(move |lane| protocol == Some(lane.protocol))
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.lanes.iter().fold(0, |sum, one| sum.saturating_add(one.lane.in_flight))
    }

    /// Forgets every fault of the channel and its keys, but not what is in flight.
    pub(super) fn reset(&mut self, now: Timestamp) {
        self.memory.reset(now);
        self.rests.reset(now);
        self.models.reset(now);
        for one in &mut self.lanes {
            one.lane.reset(now);
            one.pace = Pace::default();
        }
        self.keys.iter_mut().for_each(|key| key.reset(now));
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
            |slot, key| {
                let secret = Some(fingerprint(&key.secret));
                if std::mem::replace(&mut slot.secret, secret).is_some_and(|known| Some(known) != secret) {
                    slot.reset(now);
                }
                slot.group_name.clone_from(&key.quota_group);
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

    /// Forgets every fault, but not what is in flight.
    pub(super) fn reset(&mut self, now: Timestamp) {
        self.rests.reset(now);
        self.models.reset(now);
        self.lanes.iter_mut().for_each(|lane| lane.reset(now));
    }
}

impl Lane {
    fn new(protocol: Protocol) -> Self {
        Self { protocol, breaker: Breaker::default(), in_flight: 0, last_failure: None }
    }

    /// A lease began.
    pub(super) fn occupy(&mut self, lease: u64, trial: bool, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_add(1);
        if trial {
            self.breaker.begin_trial(lease, now);
        }
    }

    /// A lease ended.
    pub(super) fn free(&mut self, lease: u64, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.breaker.end_trial(lease, now);
    }

    fn reset(&mut self, now: Timestamp) {
        self.breaker.reset(now);
        self.last_failure = None;
    }
}

/// It is compared within this process only.
fn fingerprint(secret: &Secret) -> u64 {
    let mut hasher = DefaultHasher::new();
    secret.expose().hash(&mut hasher);
    hasher.finish()
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
        Self {
            id,
            removed_at: None,
            cursor: 0,
            memory: Memory::default(),
            rests: Rests::default(),
            models: Models::default(),
            meter: Meter::default(),
            line: Line::default(),
            lanes: Vec::new(),
            keys: Vec::new(),
        }
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
            secret: None,
            group_name: None,
            group: None,
            last_used: Timestamp::default(),
            rests: Rests::default(),
            models: Models::default(),
            meter: Meter::default(),
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
    let mut known = sorted::map(slots.into_iter().map(|slot| (slot.id().clone(), Some(slot))));
    let mut aligned: Vec<S> = wanted
        .map(|item| {
            let known = known.get_mut(id(item)).and_then(Option::take);
            let mut slot = known.unwrap_or_else(|| S::new(id(item).clone()));
            *slot.removed_at() = None;
            fill(&mut slot, item);
            slot
        })
        .collect();
    let removed = known.into_values().flatten().filter_map(|mut slot| {
        let at = *slot.removed_at().get_or_insert(now);
        (now.since(at) <= KEPT_AFTER_REMOVAL).then_some(slot)
    });
    aligned.extend(removed.take(MAX_REMOVED));
    aligned
}
