//! A breaker: closed, open, half open. Each (channel, endpoint protocol) has one, and each key of it.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::backoff::jittered;
use super::rng::Rng;
use super::{Class, Lease, ModelKey, Outcome, Rule};
use crate::config;
use crate::time::Timestamp;

/// Results older than this say nothing about now.
pub(super) const WINDOW_AGE: Duration = Duration::from_secs(15 * 60);
/// The most results kept, whatever the configuration says.
const MAX_WINDOW: usize = 1024;
/// Models whose failures are counted at once; the one that failed longest ago makes room.
const MAX_MODELS: usize = 32;
/// A trial that nobody reported in this time is given up.
pub(super) const TRIAL_EXPIRY: Duration = Duration::from_secs(5 * 60);
/// The pace of trials of a tripped identity when nothing else is left.
pub(super) const TRIAL_PACE: Duration = Duration::from_secs(1);
/// Overloads in a row that trip.
pub(super) const OVERLOADS: u32 = 2;
/// Failures in a row that trip are so many more for each failure before them: what fails now and then anyway
/// does so several times in a row by chance, and serves in between.
pub(super) const FOR_EACH_BEFORE: u32 = 2;
/// A test that fails sooner costs its client little, so the next one comes as soon.
pub(super) const CHEAP: Duration = Duration::from_secs(1);

/// Whether traffic flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Traffic flows.
    Closed,
    /// One request at a time tests whether it works again.
    HalfOpen,
    /// No traffic until a time.
    Open,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Breaker {
    window: VecDeque<Sample>,
    run: Run,
    /// The models that were not served since they failed.
    failing: Vec<Failing>,
    overloads: u32,
    level: u32,
    tripped: Option<Tripped>,
    trial: Option<Trial>,
    last_trial: Option<Timestamp>,
    /// When the verdict last changed.
    changed_at: Timestamp,
}

/// What a breaker says, without the evidence for it: enough for others that do not see what it sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Verdict {
    level: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    tripped: Option<Tripped>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trial: Option<Trial>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_trial: Option<Timestamp>,
    changed_at: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Timestamp,
    /// When the attempt began.
    begun: Timestamp,
    model: ModelKey,
    failed: bool,
    /// Whether the fault is of all that the breaker stands for.
    whole: bool,
}

/// Failures in a row.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    length: u32,
    /// When the first of them showed.
    since: Timestamp,
    /// The position of the key that they are of, while they are of one.
    key: Option<usize>,
    /// Whether they speak of all that the breaker stands for.
    whole: bool,
}

/// Failures of one model in a row, whatever came of others meanwhile.
#[derive(Clone, Copy, Debug)]
struct Failing {
    model: ModelKey,
    count: u32,
    /// When the first attempt that failed began.
    begun: Timestamp,
    /// When the first of them showed.
    since: Timestamp,
}

/// How far a failure reaches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// It is of all that the breaker stands for; else it is of the lease's key, and counts only when other
    /// keys fail, too.
    pub(super) whole: bool,
    /// The lease tested a model that is left out: it says nothing of the others.
    pub(super) retested: bool,
}

/// What is to blame for a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// What the breaker stands for, if anything.
    Here,
    /// The model: others are served meanwhile.
    Model,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tripped {
    since: Timestamp,
    /// Open until then, half open from then on.
    until: Timestamp,
    /// The upstream said not to come back before.
    not_before: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trial {
    lease: u64,
    expires: Timestamp,
}

impl Breaker {
    pub(super) fn state(&self, now: Timestamp) -> BreakerState {
        match self.tripped {
            None => BreakerState::Closed,
            Some(tripped) if tripped.since <= now && now < tripped.until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }

    /// Until when it is open.
    pub(super) fn open_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.tripped.map(|tripped| tripped.until).filter(|_| self.state(now) == BreakerState::Open)
    }

    /// Whether a trial of this identity is under way.
    pub(super) fn in_trial(&self, now: Timestamp) -> bool {
        self.trial.is_some_and(|trial| now < trial.expires)
    }

    /// From when a trial may start although the breaker, or a cooldown of the key, stands against it.
    pub(super) fn trial_from(&self, now: Timestamp) -> Timestamp {
        let told = self.tripped.map_or(now, |tripped| tripped.not_before);
        let paced = self.last_trial.filter(|at| *at <= now).map_or(now, |at| at + TRIAL_PACE);
        let free = if self.in_trial(now) { now + TRIAL_PACE } else { now };
        told.max(paced).max(free)
    }

    /// A trial of something else it stands for, that is under way, keeps its place.
    pub(super) fn begin_trial(&mut self, lease: u64, now: Timestamp) {
        if !self.in_trial(now) {
            self.trial = Some(Trial { lease, expires: now + TRIAL_EXPIRY });
        }
        self.last_trial = Some(now);
        self.changed_at = now;
    }

    /// Frees the place of a trial, whatever it came to.
    pub(super) fn end_trial(&mut self, lease: u64, now: Timestamp) {
        if self.trial.is_some_and(|trial| trial.lease == lease) {
            self.trial = None;
            self.changed_at = now;
        }
    }

    pub(super) const fn verdict(&self) -> Verdict {
        let Self { level, tripped, trial, last_trial, changed_at, .. } = *self;
        Verdict { level, tripped, trial, last_trial, changed_at }
    }

    /// Takes over what another breaker of the same identity says. Whether that closed this one.
    pub(super) fn adopt(&mut self, verdict: &Verdict) -> bool {
        let Verdict { level, tripped, trial, last_trial, changed_at } = *verdict;
        let closes = self.tripped.is_some() && tripped.is_none();
        if closes {
            *self = Self::default();
        }
        (self.level, self.tripped, self.trial) = (level, tripped, trial);
        (self.last_trial, self.changed_at) = (last_trial, changed_at);
        closes
    }

    /// Whatever another says of it is newer from now on.
    pub(super) fn yield_to_others(&mut self) {
        self.changed_at = Timestamp::default();
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self, now: Timestamp) {
        *self = Self { changed_at: now, ..Self::default() };
    }

    pub(super) const fn changed_at(&self) -> Timestamp {
        self.changed_at
    }

    pub(super) const fn consecutive(&self) -> u32 {
        self.run.length
    }

    /// Whether that closed it. What served `content_at` ends no failures that showed later.
    pub(super) fn succeed(
        &mut self,
        lease: &Lease,
        content_at: Timestamp,
        config: &config::Breaker,
        now: Timestamp,
    ) -> bool {
        if content_at >= self.run.since {
            self.run = Run::default();
            self.overloads = 0;
        }
        let model = lease.model_key;
        self.failing.retain(|failing| failing.model != model || content_at < failing.since);
        let Some(tripped) = self.tripped else {
            self.remember(
                Sample { at: now, begun: lease.acquired_at, model, failed: false, whole: true },
                config,
            );
            return false;
        };
        // An attempt from before it tripped says nothing about now.
        if lease.acquired_at < tripped.since {
            return false;
        }
        *self = Self { trial: self.trial, changed_at: now, ..Self::default() };
        true
    }

    pub(super) fn fail(
        &mut self,
        lease: &Lease,
        outcome: &Outcome,
        Fault { whole, retested }: Fault,
        config: &config::Breaker,
        now: Timestamp,
        rng: &mut Rng,
    ) -> Blame {
        let told = outcome.retry_after.filter(|_| whole).map(|wait| wait.min(config.open_max));
        if retested && told.is_none() && self.tripped.is_none() {
            return Blame::Model;
        }
        let model = lease.model_key;
        self.remember(Sample { at: now, begun: lease.acquired_at, model, failed: true, whole }, config);
        self.run.note(lease.key, whole, now);
        self.overloads = if outcome.class == Class::Overload { self.overloads.saturating_add(1) } else { 0 };
        let failing = self.note(model, lease.acquired_at, now);
        if self.tripped.is_none() && told.is_none() && self.others_serve(&failing) {
            if failing.count < config.consecutive_failures.max(1) {
                return Blame::Here;
            }
            self.window.retain(|sample| sample.model != model);
            self.failing.retain(|failing| failing.model != model);
            (self.run, self.overloads) = (Run::default(), 0);
            return Blame::Model;
        }
        match self.tripped {
            None if told.is_some() || self.trips(config) => self.open(told, config, now, rng),
            None => {}
            Some(tripped) if self.tested_by(lease, now) && lease.acquired_at >= tripped.since => {
                self.level = self.level.saturating_add(u32::from(now.since(lease.acquired_at) > CHEAP));
                self.open(told, config, now, rng);
            }
            Some(ref mut tripped) => {
                if let Some(wait) = told {
                    tripped.until = tripped.until.max(now + wait);
                    tripped.not_before = tripped.not_before.max(now + wait);
                    self.changed_at = now;
                }
            }
        }
        Blame::Here
    }

    /// Whether an attempt was made after the open time. An upstream's word may have stretched that meanwhile.
    fn tested_by(&self, lease: &Lease, now: Timestamp) -> bool {
        self.state(now) == BreakerState::HalfOpen || lease.probe && lease.rule != Rule::LastResort
    }

    /// Counts a failure of `model` by an attempt that began at `begun`.
    fn note(&mut self, model: ModelKey, begun: Timestamp, now: Timestamp) -> Failing {
        let known = self.failing.iter().position(|failing| failing.model == model);
        let known = known.map(|position| self.failing.remove(position));
        let failing = known.map_or(Failing { model, count: 1, begun, since: now }, |known| Failing {
            count: known.count.saturating_add(1),
            begun: known.begun.min(begun),
            ..known
        });
        if self.failing.len() >= MAX_MODELS {
            self.failing.remove(0);
        }
        self.failing.push(failing);
        failing
    }

    /// Whether other models are served since one began to fail.
    fn others_serve(&self, failing: &Failing) -> bool {
        let last = self.window.iter().rev().find(|sample| sample.model != failing.model);
        last.is_some_and(|sample| !sample.failed && sample.begun >= failing.begun)
    }

    fn open(&mut self, told: Option<Duration>, config: &config::Breaker, now: Timestamp, rng: &mut Rng) {
        // A wait the upstream asked for needs no guess on top, unless it keeps failing.
        let wait = match told {
            Some(wait) if self.tripped.is_none() && !self.trips(config) => wait,
            _ => jittered(config.open_min, config.open_max, self.level, rng).max(told.unwrap_or_default()),
        };
        self.tripped =
            Some(Tripped { since: now, until: now + wait, not_before: now + told.unwrap_or_default() });
        self.changed_at = now;
    }

    fn trips(&self, config: &config::Breaker) -> bool {
        let samples = self.window.len();
        let failed = self.window.iter().filter(|sample| sample.failed && sample.whole).count();
        let row = self.run.length >= self.row_that_trips(config) || self.overloads >= OVERLOADS;
        self.run.whole && row
            || (samples >= (window(config) / 2).max(3) && ratio(failed, samples) >= config.failure_rate)
    }

    /// How many failures in a row are no chance.
    fn row_that_trips(&self, config: &config::Breaker) -> u32 {
        let failed = self.window.iter().filter(|sample| sample.failed).count();
        let before = u32::try_from(failed).unwrap_or(u32::MAX).saturating_sub(self.run.length);
        config.consecutive_failures.max(1).saturating_add(before.saturating_mul(FOR_EACH_BEFORE))
    }

    fn remember(&mut self, sample: Sample, config: &config::Breaker) {
        while self.window.front().is_some_and(|oldest| sample.at.since(oldest.at) > WINDOW_AGE)
            || self.window.len() >= window(config)
        {
            self.window.pop_front();
        }
        self.window.push_back(sample);
    }
}

impl Verdict {
    pub(super) const fn changed_at(&self) -> Timestamp {
        self.changed_at
    }
}

impl Run {
    fn note(&mut self, key: usize, whole: bool, now: Timestamp) {
        if self.length == 0 {
            self.since = now;
        }
        self.whole |= whole || self.key.is_some_and(|other| other != key);
        self.key = Some(key);
        self.length = self.length.saturating_add(1);
    }
}

fn window(config: &config::Breaker) -> usize {
    usize::try_from(config.window).unwrap_or(MAX_WINDOW).clamp(3, MAX_WINDOW)
}

fn ratio(part: usize, whole: usize) -> f64 {
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    count(part) / count(whole).max(1.0)
}
