//! The scheduler's memory: what it hands out, and what it learns from the ends.

use super::affinity::Affinity;
use super::candidates::{Pick, Search};
use super::cooldown::{AUTH, QUOTA, RATE};
use super::health::{ChannelHealth, LastFailure};
use super::plan::Plan;
use super::rng::Rng;
use super::slot::{ChannelSlot, KeySlot};
use super::traits::Trait;
use super::traits::memory::Memory;
use super::{Ask, Class, Lease, ModelKey, Outcome, Reason, Refusal, Rule};
use crate::config::{self, ChannelId, Config, KeyId};
use crate::time::Timestamp;

/// Health, cooldowns, rotation and affinity of all channels. Its size is bounded by the configuration's.
#[derive(Debug, Default)]
pub struct State {
    plan: Plan,
    /// Parallel to the configuration's channels; removed ones behind them.
    slots: Vec<ChannelSlot>,
    affinity: Affinity,
    last_lease: u64,
}

impl State {
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses who serves the next attempt of a request.
    ///
    /// A `config` other than the last one's is taken over first: known channels and keys keep their
    /// health.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] when no channel may be tried now.
    pub fn acquire(
        &mut self,
        config: &Config,
        ask: &Ask<'_>,
        now: Timestamp,
        rng: &mut Rng,
    ) -> Result<Lease, Refusal> {
        self.align(config, now);
        let bond = ask.session.filter(|_| ask.pin.is_none()).and_then(|one| self.affinity.touch(one, now));
        let search = Search { config, plan: &self.plan, slots: &self.slots, ask, bond, now };
        let pick = search.pick(rng)?;
        self.grant(config, ask, pick, now).ok_or(Refusal { reason: Reason::Exhausted, retry_at: None })
    }

    /// Learns what an attempt came to. A lease whose channel or key is gone is ignored.
    pub fn report(
        &mut self,
        lease: &Lease,
        outcome: &Outcome,
        config_breaker: &config::Breaker,
        now: Timestamp,
        rng: &mut Rng,
    ) {
        let (Some(key), Some(endpoint)) = (lease.key(), lease.endpoint()) else { return };
        if let Some(session) = lease.session
            && outcome.class == Class::Success
            && lease.rule != Rule::Pin
        {
            self.affinity.settle(session, &lease.channel.id, &key.id, lease.acquired_at, now);
        }
        let Some(slot) = self.slot_mut(&lease.channel.id).and_then(|slot| slot.key_mut(&key.id, lease.key))
        else {
            return;
        };
        let (begun, retry_after) = (lease.acquired_at, outcome.retry_after);
        match outcome.class {
            Class::Success => {
                slot.rate.forgive(begun);
                slot.quota.forgive(begun);
                slot.auth.forgive(begun);
                slot.models.forgive(lease.model_key, begun);
            }
            Class::Rate => slot.rate.strike(&RATE, begun, retry_after, now),
            Class::Quota => slot.quota.strike(&QUOTA, begun, retry_after, now),
            Class::Auth => slot.auth.strike(&AUTH, begun, None, now),
            Class::ModelUnavailable => slot.models.strike(lease.model_key, begun, now),
            Class::Overload | Class::Transport | Class::ServerError | Class::BadAnswer => {}
            Class::RequestFault | Class::ContextTooLong | Class::ContentPolicy => {}
            Class::ClientGone | Class::Unfit => {}
        }
        let Some(lane) = slot.lane_mut(endpoint.protocol) else { return };
        lane.in_flight = lane.in_flight.saturating_sub(1);
        lane.breaker.end_trial(lease.id);
        if outcome.class == Class::Success {
            lane.breaker.succeed(lease, config_breaker, now);
        } else if outcome.class.blames_channel() {
            lane.breaker.fail(lease, outcome, config_breaker, now, rng);
        }
        if outcome.class.blames_key() || outcome.class.blames_channel() {
            lane.last_failure = Some(LastFailure { class: outcome.class, at: now });
        }
    }

    /// How the channels of `config` are, in its order.
    pub fn health(&self, config: &Config, now: Timestamp) -> Vec<ChannelHealth> {
        let slot = |id: &ChannelId| self.plan.position(id).and_then(|position| self.slots.get(position));
        config
            .channels
            .iter()
            .map(|channel| {
                let known = slot(&channel.id);
                let keys =
                    channel.keys.iter().filter_map(|key| known?.keys.iter().find(|slot| slot.id == key.id));
                ChannelHealth::of(&channel.id, keys, now)
            })
            .collect()
    }

    /// Keeps a lasting trait that a refusal to this lease taught. A lease whose channel is gone is ignored.
    pub fn learn(&mut self, lease: &Lease, learned: &Trait, now: Timestamp) {
        let Some(endpoint) = lease.endpoint().filter(|_| learned.lasting) else { return };
        if let Some(slot) = self.slot_mut(&lease.channel.id) {
            slot.memory.keep(endpoint.protocol, lease.model_key, learned, now);
        }
    }

    /// Forgets what is held against a channel, with what was learned of it, or against one key of it.
    pub fn reset(&mut self, channel: &ChannelId, key: Option<&KeyId>) {
        if let Some(slot) = self.slot_mut(channel) {
            if key.is_none() {
                slot.memory = Memory::default();
            }
            let keys = slot.keys.iter_mut().filter(|slot| key.is_none_or(|key| slot.id == *key));
            keys.for_each(KeySlot::reset);
        }
    }

    fn align(&mut self, config: &Config, now: Timestamp) {
        if !self.plan.is_for(&config.version) {
            let slots = std::mem::take(&mut self.slots);
            self.slots = ChannelSlot::align(slots, config.channels.iter().map(AsRef::as_ref), now);
            self.plan = Plan::new(config, self.slots.iter().map(|slot| &slot.id));
        }
    }

    fn grant(&mut self, config: &Config, ask: &Ask<'_>, pick: Pick, now: Timestamp) -> Option<Lease> {
        let channel = config.channels.get(pick.channel)?;
        let endpoint = channel.endpoints.get(pick.endpoint)?;
        let slot = self.slots.get_mut(pick.channel)?;
        slot.cursor = pick.key.saturating_add(1);
        let key = slot.keys.get_mut(pick.key)?;
        key.last_used = now;
        let lane = key.lane_mut(endpoint.protocol)?;
        lane.in_flight = lane.in_flight.saturating_add(1);
        self.last_lease = self.last_lease.wrapping_add(1);
        if pick.trial {
            lane.breaker.begin_trial(self.last_lease, now);
        }
        let model = channel.model_map.map(ask.model).filter(|mapped| **mapped != *ask.model);
        let model_key = ModelKey::of(model.as_deref().unwrap_or(ask.model));
        let learned = slot.memory.of(endpoint.protocol, model_key, now);
        Some(Lease {
            id: self.last_lease,
            channel: channel.clone(),
            key: pick.key,
            endpoint: pick.endpoint,
            model_key,
            model,
            rule: pick.rule,
            probe: pick.trial,
            session: ask.session,
            acquired_at: now,
            learned,
            lessons: 0,
        })
    }

    fn slot_mut(&mut self, channel: &ChannelId) -> Option<&mut ChannelSlot> {
        let position = self.plan.position(channel)?;
        self.slots.get_mut(position)
    }
}
