//! What the end of an attempt changes.

use super::breaker::{Blame, Fault};
use super::health::LastFailure;
use super::rests::Rests;
use super::rng::Rng;
use super::slot::ChannelSlot;
use super::{Class, Lease, Outcome, Scope};
use crate::config::{self, Protocol};
use crate::time::Timestamp;

/// One report to take in.
pub(super) struct Report<'a> {
    pub(super) lease: &'a Lease,
    pub(super) outcome: &'a Outcome,
    pub(super) breaker: &'a config::Breaker,
    pub(super) now: Timestamp,
}

impl Report<'_> {
    /// Frees the lease's places, and notes what the attempt came to. `groups` are the accounts' memories.
    pub(super) fn settle(&self, slot: &mut ChannelSlot, groups: &mut [Rests], rng: &mut Rng) {
        let Some(protocol) = self.lease.endpoint().map(|endpoint| endpoint.protocol) else { return };
        self.free(slot, protocol);
        match self.outcome.class {
            Class::Success => self.serve(slot, groups, protocol),
            class if class.blames_key() => self.strike(slot, groups),
            class if class.blames_channel() => self.fail(slot, protocol, rng),
            _ => {}
        }
    }

    /// Ends the trial that the lease is, and what was held against what it tested. The lease keeps its places.
    pub(super) fn prove(&self, slot: &mut ChannelSlot, groups: &mut [Rests]) {
        let Some(protocol) = self.lease.endpoint().map(|endpoint| endpoint.protocol) else { return };
        self.clear(slot, groups, protocol);
        if let Some(one) = slot.lane_mut(protocol) {
            one.lane.breaker.end_trial(self.lease.id, self.now);
        }
        let key = self.lease.key().and_then(|key| slot.key_mut(&key.id, self.lease.key));
        if let Some(lane) = key.and_then(|key| key.lane_mut(protocol)) {
            lane.breaker.end_trial(self.lease.id, self.now);
        }
    }

    fn free(&self, slot: &mut ChannelSlot, protocol: Protocol) {
        let ([of_channel, of_key], begun, now) =
            (self.lease.expected_tokens, self.lease.acquired_at, self.now);
        let (served, used) = (self.outcome.class == Class::Success, self.outcome.tokens);
        slot.meter.settle(of_channel, begun, served, used, now);
        if let Some(one) = slot.lane_mut(protocol) {
            one.lane.free(self.lease.id, now);
        }
        let Some(key) = self.lease.key().and_then(|key| slot.key_mut(&key.id, self.lease.key)) else {
            return;
        };
        key.meter.settle(of_key, begun, served, used, now);
        if let Some(lane) = key.lane_mut(protocol) {
            lane.free(self.lease.id, now);
        }
    }

    fn serve(&self, slot: &mut ChannelSlot, groups: &mut [Rests], protocol: Protocol) {
        self.clear(slot, groups, protocol);
        if let Some(one) = slot.lane_mut(protocol) {
            one.pace.served(self.outcome.first_content, self.now);
        }
        let key = self.lease.key().and_then(|key| slot.key_mut(&key.id, self.lease.key));
        if let Some((key, wait)) = key.zip(self.outcome.retry_after) {
            key.rests.used_up(wait, self.now);
        }
    }

    /// Ends what is held against whatever served.
    fn clear(&self, slot: &mut ChannelSlot, groups: &mut [Rests], protocol: Protocol) {
        let (lease, begun) = (self.lease, self.lease.acquired_at);
        let content_at = self.outcome.first_content.map_or(self.now, |took| begun + took);
        slot.rests.forgive(begun);
        slot.models.forgive(lease.model_key, begun);
        if let Some(one) = slot.lane_mut(protocol)
            && one.lane.breaker.succeed(lease, content_at, self.breaker, self.now)
        {
            one.pace.recover();
        }
        let Some(key) = lease.key().and_then(|key| slot.key_mut(&key.id, lease.key)) else { return };
        if let Some(group) = key.group.and_then(|group| groups.get_mut(group)) {
            group.forgive(begun);
        }
        key.rests.forgive(begun);
        key.models.forgive(lease.model_key, begun);
        if let Some(lane) = key.lane_mut(protocol) {
            lane.breaker.succeed(lease, content_at, self.breaker, self.now);
        }
    }

    /// A fault of a key, of its account, of a model for it, or of a channel that says so.
    fn strike(&self, slot: &mut ChannelSlot, groups: &mut [Rests]) {
        let Outcome { class, scope, retry_after, .. } = *self.outcome;
        let (lease, begun, now) = (self.lease, self.lease.acquired_at, self.now);
        self.note_failure(slot);
        if scope == Scope::Channel {
            return slot.rests.strike(class, begun, retry_after, now);
        }
        let Some(key) = lease.key().and_then(|key| slot.key_mut(&key.id, lease.key)) else { return };
        let group = key.group.filter(|_| scope == Scope::Account).and_then(|group| groups.get_mut(group));
        match (scope, group) {
            (Scope::Model, _) => key.models.strike(lease.model_key, class, begun, retry_after, now),
            (_, Some(account)) => account.strike(class, begun, retry_after, now),
            (_, None) if class == Class::ModelUnavailable => {
                key.models.strike(lease.model_key, class, begun, retry_after, now);
            }
            (_, None) => key.rests.strike(class, begun, retry_after, now),
        }
    }

    /// A fault of what answers at the endpoint.
    fn fail(&self, slot: &mut ChannelSlot, protocol: Protocol, rng: &mut Rng) {
        let Outcome { class, scope, retry_after, .. } = *self.outcome;
        let (lease, begun, now) = (self.lease, self.lease.acquired_at, self.now);
        self.note_failure(slot);
        let mut blame = if scope == Scope::Model { Blame::Model } else { Blame::Here };
        let retested = lease.probe && slot.models.tests(lease.model_key, begun);
        if let Some(one) = slot.lane_mut(protocol) {
            one.pace.failed(now.since(begun), now);
            if blame == Blame::Here {
                let fault = Fault { whole: scope == Scope::Channel, retested };
                blame = one.lane.breaker.fail(lease, self.outcome, fault, self.breaker, now, rng);
            }
        }
        if blame == Blame::Model {
            return slot.models.strike(lease.model_key, class, begun, retry_after, now);
        }
        if scope == Scope::Channel {
            return;
        }
        let Some(key) = lease.key().and_then(|key| slot.key_mut(&key.id, lease.key)) else { return };
        let fault = Fault { whole: true, retested: lease.probe && key.models.tests(lease.model_key, begun) };
        if let Some(lane) = key.lane_mut(protocol)
            && lane.breaker.fail(lease, self.outcome, fault, self.breaker, now, rng) == Blame::Model
        {
            key.models.strike(lease.model_key, class, begun, retry_after, now);
        }
    }

    fn note_failure(&self, slot: &mut ChannelSlot) {
        let lane =
            self.lease.key().zip(self.lease.endpoint()).and_then(|(key, endpoint)| {
                slot.key_mut(&key.id, self.lease.key)?.lane_mut(endpoint.protocol)
            });
        if let Some(lane) = lane {
            lane.last_failure = Some(LastFailure { class: self.outcome.class, at: self.now });
        }
    }
}
