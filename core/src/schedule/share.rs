//! What schedulers that share their upstreams tell each other: verdicts, without the evidence for them.
//!
//! Every part of a verdict carries the time of its last change, and the newer one holds. So it does not matter in
//! which order, or how often, one arrives; an authority's word wins where the times are the same.

use serde::{Deserialize, Serialize};

use super::breaker;
use super::health::LastFailure;
use super::rests::{Models, Rests};
use super::slot::{ChannelSlot, KeySlot, Lane};
use super::state::State;
use super::traits::memory::Memory;
use crate::config::{ChannelId, KeyId, Protocol};
use crate::time::Timestamp;

/// What is held against a channel and its keys, and what was learned of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdicts {
    pub channel: ChannelId,
    rests: Rests,
    models: Models,
    memory: Memory,
    breakers: Vec<(Protocol, breaker::Verdict)>,
    keys: Vec<KeyVerdicts>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyVerdicts {
    key: KeyId,
    rests: Rests,
    models: Models,
    breakers: Vec<(Protocol, breaker::Verdict)>,
}

/// What is held against the account behind the keys of a quota group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountVerdict {
    pub group: String,
    rests: Rests,
}

/// What is held against channels and accounts, and what failed last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    pub channels: Vec<Verdicts>,
    pub accounts: Vec<AccountVerdict>,
    pub failures: Vec<Failure>,
}

/// The last failure of a key at the endpoints of one protocol: it tells people why something is held against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    pub channel: ChannelId,
    pub key: KeyId,
    pub protocol: Protocol,
    failure: LastFailure,
}

impl State {
    /// What changed at `since` or later.
    pub fn held_since<'a>(&self, channels: impl Iterator<Item = &'a ChannelId>, since: Timestamp) -> Held {
        let slots: Vec<&ChannelSlot> = channels.filter_map(|channel| self.slot(channel)).collect();
        let changed = |slot: &&&ChannelSlot| {
            let at = slot.changed_at();
            at >= since && at > Timestamp::default()
        };
        let accounts = self.account_verdicts().into_iter();
        let failures = slots.iter().flat_map(|slot| slot.failures());
        Held {
            channels: slots.iter().filter(changed).map(|slot| slot.verdicts()).collect(),
            accounts: accounts.filter(|account| account.rests.changed_at >= since).collect(),
            failures: failures.filter(|failure| failure.failure.at >= since).collect(),
        }
    }

    /// Takes over what an earlier life held, where nothing newer is known.
    pub fn restore(&mut self, held: &Held) {
        held.channels.iter().for_each(|verdicts| self.adopt(verdicts));
        held.accounts.iter().for_each(|verdict| self.adopt_account(verdict));
        for Failure { channel, key, protocol, failure } in &held.failures {
            let slot = self.slot_mut(channel);
            let key = slot.and_then(|slot| slot.keys.iter_mut().find(|slot| slot.id == *key));
            if let Some(lane) = key.and_then(|key| key.lane_mut(*protocol)) {
                lane.last_failure.get_or_insert(*failure);
            }
        }
    }

    /// What is held against a channel; `None` where nothing ever was, or the channel is unknown.
    pub fn verdicts(&self, channel: &ChannelId) -> Option<Verdicts> {
        let slot = self.slot(channel)?;
        (slot.changed_at() > Timestamp::default()).then(|| slot.verdicts())
    }

    /// What is held against accounts; those against which nothing ever was are left out.
    pub fn account_verdicts(&self) -> Vec<AccountVerdict> {
        let known = self.groups().filter(|(_, rests)| rests.changed_at > Timestamp::default());
        known.map(|(group, rests)| AccountVerdict { group: group.to_owned(), rests: rests.clone() }).collect()
    }

    /// When what is held against a channel, or an account behind it, changed last.
    pub fn changed_at(&self, channel: &ChannelId) -> Timestamp {
        let Some(slot) = self.slot(channel) else { return Timestamp::default() };
        let accounts = slot.keys.iter().filter_map(|key| self.account(key.group?));
        accounts.map(|rests| rests.changed_at).max().unwrap_or_default().max(slot.changed_at())
    }

    /// Takes over what an authority knows better: what changed there at the same time or later.
    pub fn adopt(&mut self, verdicts: &Verdicts) {
        if let Some(slot) = self.slot_mut(&verdicts.channel) {
            slot.adopt(verdicts);
        }
    }

    /// The same for an account.
    pub fn adopt_account(&mut self, verdict: &AccountVerdict) {
        if let Some(rests) = self.account_mut(&verdict.group) {
            newer(rests, &verdict.rests, |rests| rests.changed_at);
        }
    }
}

impl ChannelSlot {
    fn failures(&self) -> impl Iterator<Item = Failure> {
        let lanes = self.keys.iter().flat_map(|key| key.lanes.iter().map(move |lane| (key, lane)));
        lanes.filter_map(|(key, lane)| {
            let (channel, key, protocol) = (self.id.clone(), key.id.clone(), lane.protocol);
            Some(Failure { channel, key, protocol, failure: lane.last_failure? })
        })
    }

    fn changed_at(&self) -> Timestamp {
        let own = [self.rests.changed_at, self.models.changed_at, self.memory.changed_at];
        let lanes = self.lanes.iter().map(|one| one.lane.breaker.changed_at());
        own.into_iter()
            .chain(lanes)
            .chain(self.keys.iter().map(KeySlot::changed_at))
            .max()
            .unwrap_or_default()
    }

    fn verdicts(&self) -> Verdicts {
        let lanes = self.lanes.iter().map(|one| &one.lane);
        Verdicts {
            channel: self.id.clone(),
            rests: self.rests.clone(),
            models: self.models.clone(),
            memory: self.memory.clone(),
            breakers: breakers(lanes),
            keys: self.keys.iter().filter_map(KeySlot::verdicts).collect(),
        }
    }

    fn adopt(&mut self, verdicts: &Verdicts) {
        newer(&mut self.rests, &verdicts.rests, |rests| rests.changed_at);
        newer(&mut self.models, &verdicts.models, |models| models.changed_at);
        newer(&mut self.memory, &verdicts.memory, |memory| memory.changed_at);
        for (protocol, verdict) in &verdicts.breakers {
            if let Some(one) = self.lane_mut(*protocol)
                && one.lane.adopt(verdict)
            {
                one.pace.recover();
            }
        }
        for (index, verdicts) in verdicts.keys.iter().enumerate() {
            let Some(key) = self.key_mut(&verdicts.key, index) else { continue };
            newer(&mut key.rests, &verdicts.rests, |rests| rests.changed_at);
            newer(&mut key.models, &verdicts.models, |models| models.changed_at);
            for (protocol, verdict) in &verdicts.breakers {
                if let Some(lane) = key.lane_mut(*protocol) {
                    lane.adopt(verdict);
                }
            }
        }
    }
}

impl KeySlot {
    fn changed_at(&self) -> Timestamp {
        let lanes = self.lanes.iter().map(|lane| lane.breaker.changed_at());
        lanes.chain([self.rests.changed_at, self.models.changed_at]).max().unwrap_or_default()
    }

    fn verdicts(&self) -> Option<KeyVerdicts> {
        (self.changed_at() > Timestamp::default()).then(|| KeyVerdicts {
            key: self.id.clone(),
            rests: self.rests.clone(),
            models: self.models.clone(),
            breakers: breakers(self.lanes.iter()),
        })
    }
}

impl Lane {
    /// Whether that closed the breaker.
    fn adopt(&mut self, verdict: &breaker::Verdict) -> bool {
        self.breaker.changed_at() <= verdict.changed_at() && self.breaker.adopt(verdict)
    }
}

fn breakers<'a>(lanes: impl Iterator<Item = &'a Lane>) -> Vec<(Protocol, breaker::Verdict)> {
    let changed = lanes.filter(|lane| lane.breaker.changed_at() > Timestamp::default());
    changed.map(|lane| (lane.protocol, lane.breaker.verdict())).collect()
}

fn newer<T: Clone>(own: &mut T, other: &T, changed_at: impl Fn(&T) -> Timestamp) {
    if changed_at(own) <= changed_at(other) {
        own.clone_from(other);
    }
}
