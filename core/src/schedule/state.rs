//! The scheduler's memory: what it hands out, and what it learns from the ends.

use std::sync::Arc;

use super::affinity::Affinity;
use super::authority::notes::BondNote;
use super::candidates::{Pick, Search};
use super::explain::Explanation;
use super::health::ChannelHealth;
use super::hold::Standing;
use super::line::Ticket;
use super::plan::Plan;
use super::report::Report;
use super::rests::Rests;
use super::rng::Rng;
use super::slot::ChannelSlot;
use super::standing::Situation;
use super::traits::Trait;
use super::{Ask, Class, Lease, ModelKey, Outcome, Reason, Refusal, Rule, SessionKey};
use crate::config::{self, Channel, ChannelId, Config, KeyId, Limits};
use crate::time::Timestamp;

/// Health, cooldowns, rotation, limits and affinity of all channels. Its size is bounded by the
/// configuration's.
#[derive(Debug, Default)]
pub struct State {
    plan: Plan,
    /// Parallel to the configuration's channels; removed ones behind them.
    slots: Vec<ChannelSlot>,
    /// What is held against accounts, by the numbers that the plan gives their quota groups.
    accounts: Vec<Rests>,
    affinity: Affinity,
    last_lease: u64,
    last_ticket: u64,
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
        let (plan, slots, accounts) = (&self.plan, &self.slots, &self.accounts);
        let search = Search { config, plan, slots, accounts, ask, bond, now };
        let pick = search.pick(rng)?;
        let considered = ask.traced.then(|| search.considered(&pick));
        let lease = self.grant(config, ask, pick, now);
        let lease = lease.ok_or(Refusal { reason: Reason::Exhausted, retry_at: None })?;
        Ok(Lease { considered, ..lease })
    }

    /// What [`acquire`](Self::acquire) would decide now, and why. It changes nothing.
    pub fn explain(&mut self, config: &Config, ask: &Ask<'_>, now: Timestamp, rng: &Rng) -> Explanation {
        self.align(config, now);
        let bond = ask.session.filter(|_| ask.pin.is_none()).and_then(|one| self.affinity.find(one, now));
        let (plan, slots, accounts) = (&self.plan, &self.slots, &self.accounts);
        let search = Search { config, plan, slots, accounts, ask, bond, now };
        search.explain(&search.pick(&mut rng.clone()))
    }

    /// A place among those that wait for what `ask` could be served by. Who comes later leaves it room, until
    /// it is given back by [`dequeue`](Self::dequeue).
    pub fn enqueue(&mut self, config: &Config, ask: &Ask<'_>, now: Timestamp) -> Ticket {
        self.align(config, now);
        self.last_ticket = self.last_ticket.wrapping_add(1);
        let ticket = Ticket(self.last_ticket);
        let (plan, slots, accounts) = (&self.plan, &self.slots, &self.accounts);
        let waited_for: Vec<usize> =
            Search { config, plan, slots, accounts, ask, bond: None, now }.open().collect();
        for position in waited_for {
            if let Some(slot) = self.slots.get_mut(position) {
                slot.line.join(ticket);
            }
        }
        ticket
    }

    /// Whoever held `ticket` waits no longer.
    pub fn dequeue(&mut self, ticket: Ticket) {
        self.slots.iter_mut().for_each(|slot| slot.line.leave(ticket));
    }

    /// Learns that a probe serves, before its end is reported.
    pub fn prove(&mut self, lease: &Lease, breaker: &config::Breaker, now: Timestamp) {
        let Some(position) = self.plan.position(&lease.channel.id) else { return };
        if let Some(slot) = self.slots.get_mut(position) {
            let outcome = Outcome::of(Class::Success);
            Report { lease, outcome: &outcome, breaker, now }.prove(slot, &mut self.accounts);
        }
    }

    /// Learns what an attempt came to. A lease whose channel or key is gone is ignored.
    pub fn report(
        &mut self,
        lease: &Lease,
        outcome: &Outcome,
        breaker: &config::Breaker,
        now: Timestamp,
        rng: &mut Rng,
    ) {
        let Some(key) = lease.key() else { return };
        if let Some(session) = lease.session.filter(|_| outcome.class == Class::Success) {
            self.affinity.settle(session, &lease.channel.id, &key.id, lease.acquired_at, now);
        }
        let Some(position) = self.plan.position(&lease.channel.id) else { return };
        if let Some(slot) = self.slots.get_mut(position) {
            Report { lease, outcome, breaker, now }.settle(slot, &mut self.accounts, rng);
        }
    }

    /// Learns what an attempt came to that another scheduler granted.
    pub fn witness(
        &mut self,
        lease: &Lease,
        outcome: &Outcome,
        breaker: &config::Breaker,
        now: Timestamp,
        rng: &mut Rng,
    ) {
        let [of_channel, of_key] = lease.expected_tokens;
        let Some(slot) = self.slot_mut(&lease.channel.id) else { return };
        let begun = lease.acquired_at.min(now);
        let of_channel = slot.meter.start(of_channel, begun);
        let key = lease.key().and_then(|key| slot.key_mut(&key.id, lease.key));
        let of_key = key.map_or(0, |key| key.meter.start(of_key, begun));
        let lease = Lease { expected_tokens: [of_channel, of_key], ..lease.clone() };
        self.report(&lease, outcome, breaker, now, rng);
    }

    /// Whether another scheduler may make the trial that `lease` is; if so, it is under way from now on. What
    /// nothing is held against any more needs none and is free.
    pub fn lend(&mut self, lease: &Lease, now: Timestamp) -> bool {
        let standing = self.slot(&lease.channel.id).and_then(|slot| self.standing(slot, lease, now));
        let tests = match standing {
            None => return false,
            Some(Standing::Ready | Standing::Limited(_)) => false,
            Some(Standing::Trial) => true,
            Some(Standing::Waits(wait)) if lease.rule == Rule::LastResort && wait.from <= now => true,
            Some(Standing::Waits(_)) => return false,
        };
        if tests && let Some(slot) = self.slot_mut(&lease.channel.id) {
            slot.lanes_of(lease).for_each(|lane| lane.breaker.begin_trial(lease.id, now));
        }
        true
    }

    /// Gives `lease`, a trial, back unused: another scheduler tests the same, and what is said of it holds.
    pub fn cede(&mut self, lease: &Lease, now: Timestamp) {
        let Some(slot) = self.slot_mut(&lease.channel.id) else { return };
        let [of_channel, of_key] = lease.expected_tokens;
        slot.meter.take_back(of_channel, lease.acquired_at, now);
        if let Some(key) = lease.key().and_then(|key| slot.key_mut(&key.id, lease.key)) {
            key.meter.take_back(of_key, lease.acquired_at, now);
        }
        for lane in slot.lanes_of(lease) {
            lane.free(lease.id, now);
            lane.breaker.yield_to_others();
        }
    }

    /// Whether a session stays with that key of that channel.
    pub fn is_bound(&self, session: SessionKey, channel: &ChannelId, key: &KeyId, now: Timestamp) -> bool {
        self.affinity.find(session, now).is_some_and(|bond| bond.channel == *channel && bond.key == *key)
    }

    /// Hears where another scheduler served a session.
    pub fn bind(&mut self, bond: &BondNote, now: Timestamp) {
        self.affinity.settle(bond.session, &bond.channel, &bond.key, bond.begun, now);
    }

    /// How the channels of `config` are, in its order.
    pub fn health(&self, config: &Config, now: Timestamp) -> Vec<ChannelHealth> {
        let slot = |id: &ChannelId| self.plan.position(id).and_then(|position| self.slots.get(position));
        let of = |channel: &Arc<Channel>| ChannelHealth::of(channel, slot(&channel.id), &self.accounts, now);
        config.channels.iter().map(of).collect()
    }

    /// Keeps a lasting trait that a refusal to this lease taught. A lease whose channel is gone is ignored.
    pub fn learn(&mut self, lease: &Lease, learned: &Trait, now: Timestamp) {
        let Some(endpoint) = lease.endpoint().filter(|_| learned.lasting) else { return };
        if let Some(slot) = self.slot_mut(&lease.channel.id) {
            slot.memory.keep(endpoint.protocol, lease.model_key, learned, now);
        }
    }

    /// Forgets what is held against a channel, with what was learned of it, or against one key of it; and
    /// against the accounts behind them.
    pub fn reset(&mut self, channel: &ChannelId, key: Option<&KeyId>, now: Timestamp) {
        let Some(position) = self.plan.position(channel) else { return };
        let Some(slot) = self.slots.get_mut(position) else { return };
        for one in slot.keys.iter_mut().filter(|one| key.is_none_or(|key| one.id == *key)) {
            one.reset(now);
            if let Some(account) = one.group.and_then(|group| self.accounts.get_mut(group)) {
                account.reset(now);
            }
        }
        if key.is_none() {
            slot.reset(now);
        }
    }

    /// Takes over a configuration other than the last one's: known channels and keys keep their health.
    pub fn align(&mut self, config: &Config, now: Timestamp) {
        if self.plan.is_for(&config.version) {
            return;
        }
        let slots = std::mem::take(&mut self.slots);
        self.slots = ChannelSlot::align(slots, config.channels.iter().map(AsRef::as_ref), now);
        let plan = Plan::new(config, &self.slots);
        let known = |name| self.plan.group(name).and_then(|group| self.accounts.get(group)).cloned();
        self.accounts = plan.groups().map(|name| known(name).unwrap_or_default()).collect();
        for key in self.slots.iter_mut().flat_map(|slot| &mut slot.keys) {
            key.group = key.group_name.as_deref().and_then(|name| plan.group(name));
        }
        self.plan = plan;
    }

    fn grant(&mut self, config: &Config, ask: &Ask<'_>, pick: Pick, now: Timestamp) -> Option<Lease> {
        let channel = config.channels.get(pick.channel)?;
        let protocol = channel.endpoints.get(pick.endpoint)?.protocol;
        let slot = self.slots.get_mut(pick.channel)?;
        self.last_lease = self.last_lease.wrapping_add(1);
        let id = self.last_lease;
        slot.cursor = pick.key.saturating_add(1);
        let of_channel = slot.meter.start(ask.needs.input, now);
        let one = slot.lane_mut(protocol)?;
        one.lane.occupy(id, pick.trial, now);
        one.pace.used(now);
        let key = slot.keys.get_mut(pick.key)?;
        key.last_used = now;
        let of_key = key.meter.start(ask.needs.input, now);
        key.lane_mut(protocol)?.occupy(id, pick.trial, now);
        let model = channel.model_map.map(ask.model).filter(|mapped| **mapped != *ask.model);
        let model_key = ModelKey::of(model.as_deref().unwrap_or(ask.model));
        let learned = slot.memory.of(protocol, model_key, now);
        Some(Lease {
            id,
            channel: channel.clone(),
            key: pick.key,
            endpoint: pick.endpoint,
            model_key,
            model,
            rule: pick.rule,
            probe: pick.trial,
            attempt: ask.tried.len(),
            session: ask.session.filter(|_| ask.pin.is_none()),
            considered: None,
            expected_tokens: [of_channel, of_key],
            acquired_at: now,
            learned,
            lessons: 0,
        })
    }

    pub(super) fn slot(&self, channel: &ChannelId) -> Option<&ChannelSlot> {
        self.slots.get(self.plan.position(channel)?)
    }

    pub(super) fn slot_mut(&mut self, channel: &ChannelId) -> Option<&mut ChannelSlot> {
        let position = self.plan.position(channel)?;
        self.slots.get_mut(position)
    }

    pub(super) fn account(&self, number: usize) -> Option<&Rests> {
        self.accounts.get(number)
    }

    pub(super) fn account_mut(&mut self, group: &str) -> Option<&mut Rests> {
        let number = self.plan.group(group)?;
        self.accounts.get_mut(number)
    }

    /// How the key of `lease` stands, limits aside.
    fn standing(&self, slot: &ChannelSlot, lease: &Lease, now: Timestamp) -> Option<Standing> {
        let key = slot.keys.iter().find(|key| lease.key().is_some_and(|one| one.id == key.id))?;
        let situation = Situation {
            protocol: lease.endpoint()?.protocol,
            channel: slot,
            channel_limits: &Limits::default(),
            key,
            key_limits: &Limits::default(),
            account: key.group.and_then(|group| self.account(group)),
            tokens: 0,
            ahead: 0,
            pinned: false,
            now,
        };
        Some(situation.standing(|| lease.model_key))
    }

    /// The quota groups, by name, with what is held against their accounts.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&str, &Rests)> {
        self.plan.groups().zip(&self.accounts)
    }
}
