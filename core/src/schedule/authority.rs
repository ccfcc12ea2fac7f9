//! One memory behind several schedulers: it takes in what each of them reports, says what is held against whom,
//! and lends the trials of what has failed, one at a time.

pub mod notes;

use std::collections::{BTreeMap, VecDeque};

use self::notes::{BondNote, Event, LeaseNote, News, Note, Seen, Told};
use super::share::{AccountVerdict, Held, Verdicts};
use super::{ChannelHealth, Class, Lease, Rng, State};
use crate::config::{ChannelId, Config};
use crate::time::Timestamp;

/// Sessions that were settled last, kept for schedulers that have not heard of them.
const MAX_BONDS: usize = 1024;

/// Its size is bounded by the configuration's.
#[derive(Debug)]
pub struct Authority {
    state: State,
    rng: Rng,
    /// Of this life: revisions of another one say nothing here.
    epoch: u64,
    revision: u64,
    channels: BTreeMap<ChannelId, (u64, Verdicts)>,
    accounts: BTreeMap<String, (u64, AccountVerdict)>,
    bonds: VecDeque<(u64, BondNote)>,
}

impl Authority {
    /// `seed` is random.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        Self {
            state: State::new(),
            epoch: rng.word(),
            rng,
            revision: 0,
            channels: BTreeMap::new(),
            accounts: BTreeMap::new(),
            bonds: VecDeque::new(),
        }
    }

    /// Takes up what an earlier life knew.
    pub fn restore(&mut self, config: &Config, held: &Held, now: Timestamp) {
        self.state.align(config, now);
        self.state.restore(held);
        held.channels.iter().for_each(|one| self.publish(&one.channel));
        self.publish_accounts();
    }

    /// Takes in what a scheduler reports, and tells what it does not know yet.
    pub fn sync(&mut self, config: &Config, told: &Told, now: Timestamp) -> News {
        self.state.align(config, now);
        for note in &told.notes {
            self.take(config, note, now);
        }
        let denied = told.trial.as_ref().filter(|trial| !self.lend(config, trial, now));
        let known = told.seen.filter(|seen| seen.epoch == self.epoch).map_or(0, |seen| seen.revision);
        let is_news = |revision: u64| revision > known;
        let asked = |channel: &ChannelId| denied.is_some_and(|trial| trial.channel == *channel);
        let channels = self.channels.iter().filter(|(id, (revision, _))| is_news(*revision) || asked(id));
        let accounts = self.accounts.values().filter(|(revision, _)| is_news(*revision));
        let bonds = self.bonds.iter().filter(|(revision, _)| is_news(*revision));
        News {
            seen: Seen { epoch: self.epoch, revision: self.revision },
            config: config.version.clone(),
            granted: denied.is_none(),
            channels: channels.map(|(_, (_, verdicts))| verdicts.clone()).collect(),
            accounts: accounts.map(|(_, verdict)| verdict.clone()).collect(),
            bonds: bonds.map(|(_, bond)| bond.clone()).collect(),
        }
    }

    /// Forgets what is held against a channel, or against one key of it.
    pub fn reset(&mut self, config: &Config, reset: &notes::Reset, now: Timestamp) {
        self.state.align(config, now);
        self.state.reset(&reset.channel, reset.key.as_ref(), now);
        self.publish(&reset.channel);
    }

    /// How the channels of `config` are, in its order. What is in flight, only the schedulers know.
    pub fn health(&mut self, config: &Config, now: Timestamp) -> Vec<ChannelHealth> {
        self.state.align(config, now);
        self.state.health(config, now)
    }

    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// What was said later than `revision`, to be kept for another life.
    pub fn said_since(&self, revision: u64) -> Held {
        let channels = self.channels.values().filter(|(said, _)| *said > revision);
        let accounts = self.accounts.values().filter(|(said, _)| *said > revision);
        Held {
            channels: channels.map(|(_, verdicts)| verdicts.clone()).collect(),
            accounts: accounts.map(|(_, verdict)| verdict.clone()).collect(),
            failures: Vec::new(),
        }
    }

    fn take(&mut self, config: &Config, note: &Note, now: Timestamp) {
        let Some(lease) = note.lease.read(config) else { return };
        let breaker = &config.settings.breaker;
        match &note.event {
            Event::Ended(outcome) => {
                if outcome.class == Class::Success {
                    self.settle(&lease, now);
                }
                self.state.witness(&lease, outcome, breaker, now, &mut self.rng);
            }
            Event::Proved => self.state.prove(&lease, breaker, now),
            Event::Learned(learned) => self.state.learn(&lease, learned, now),
        }
        self.publish(&lease.channel.id);
    }

    /// Notes where a session was served, if that is new.
    fn settle(&mut self, lease: &Lease, now: Timestamp) {
        let Some(bond) = BondNote::of(lease) else { return };
        if self.state.is_bound(bond.session, &bond.channel, &bond.key, now) {
            return;
        }
        self.revision += 1;
        self.bonds.push_back((self.revision, bond));
        if self.bonds.len() > MAX_BONDS {
            self.bonds.pop_front();
        }
    }

    fn lend(&mut self, config: &Config, trial: &LeaseNote, now: Timestamp) -> bool {
        let lent = trial.read(config).is_some_and(|lease| self.state.lend(&lease, now));
        self.publish(&trial.channel);
        lent
    }

    /// Gives what is held against a channel, and the accounts behind it, a new revision where it changed.
    fn publish(&mut self, channel: &ChannelId) {
        if let Some(verdicts) = self.state.verdicts(channel)
            && self.channels.get(channel).is_none_or(|(_, said)| *said != verdicts)
        {
            self.revision += 1;
            self.channels.insert(channel.clone(), (self.revision, verdicts));
        }
        self.publish_accounts();
    }

    fn publish_accounts(&mut self) {
        for verdict in self.state.account_verdicts() {
            if self.accounts.get(&verdict.group).is_none_or(|(_, said)| *said != verdict) {
                self.revision += 1;
                self.accounts.insert(verdict.group.clone(), (self.revision, verdict));
            }
        }
    }
}
