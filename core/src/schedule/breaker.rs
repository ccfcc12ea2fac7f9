//! The breaker of one (channel, key, endpoint protocol): closed, open, half open.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::backoff::jittered;
use super::rng::Rng;
use super::{Class, Lease, Outcome};
use crate::config;
use crate::time::Timestamp;

/// Results older than this say nothing about now.
const WINDOW_AGE: Duration = Duration::from_secs(15 * 60);
/// The most results kept, whatever the configuration says.
const MAX_WINDOW: usize = 1024;
/// A trial that nobody reported in this time is given up.
const TRIAL_EXPIRY: Duration = Duration::from_secs(5 * 60);
/// The pace of trials of a tripped identity when nothing else is left.
const TRIAL_PACE: Duration = Duration::from_secs(1);
/// Overloads in a row that trip.
const OVERLOADS: u32 = 2;

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
    consecutive: u32,
    overloads: u32,
    level: u32,
    tripped: Option<Tripped>,
    trial: Option<Trial>,
    last_trial: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Timestamp,
    failed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Tripped {
    since: Timestamp,
    /// Open until then, half open from then on.
    until: Timestamp,
    /// The upstream said not to come back before.
    not_before: Timestamp,
}

#[derive(Clone, Copy, Debug)]
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

    pub(super) fn begin_trial(&mut self, lease: u64, now: Timestamp) {
        self.trial = Some(Trial { lease, expires: now + TRIAL_EXPIRY });
        self.last_trial = Some(now);
    }

    /// Frees the place of a trial, whatever it came to.
    pub(super) fn end_trial(&mut self, lease: u64) {
        self.trial = self.trial.filter(|trial| trial.lease != lease);
    }

    pub(super) const fn consecutive(&self) -> u32 {
        self.consecutive
    }

    pub(super) fn succeed(&mut self, lease: &Lease, config: &config::Breaker, now: Timestamp) {
        self.consecutive = 0;
        self.overloads = 0;
        match self.tripped {
            // An attempt from before it tripped says nothing about now.
            Some(tripped) if lease.acquired_at < tripped.since => {}
            Some(_) => *self = Self { trial: self.trial, ..Self::default() },
            None => self.remember(false, config, now),
        }
    }

    pub(super) fn fail(
        &mut self,
        lease: &Lease,
        outcome: &Outcome,
        config: &config::Breaker,
        now: Timestamp,
        rng: &mut Rng,
    ) {
        self.consecutive = self.consecutive.saturating_add(1);
        self.overloads = if outcome.class == Class::Overload { self.overloads.saturating_add(1) } else { 0 };
        self.remember(true, config, now);
        let told = outcome.retry_after.map(|wait| wait.min(config.open_max));
        match self.tripped {
            None if told.is_some() || self.trips(config) => self.open(told, config, now, rng),
            None => {}
            Some(tripped)
                if self.state(now) == BreakerState::HalfOpen && lease.acquired_at >= tripped.since =>
            {
                self.level = self.level.saturating_add(1);
                self.open(told, config, now, rng);
            }
            Some(ref mut tripped) => {
                if let Some(wait) = told {
                    tripped.until = tripped.until.max(now + wait);
                    tripped.not_before = tripped.not_before.max(now + wait);
                }
            }
        }
    }

    fn open(&mut self, told: Option<Duration>, config: &config::Breaker, now: Timestamp, rng: &mut Rng) {
        // A wait the upstream asked for needs no guess on top, unless it keeps failing.
        let wait = match told {
            Some(wait) if self.level == 0 && !self.trips(config) => wait,
            _ => jittered(config.open_min, config.open_max, self.level, rng).max(told.unwrap_or_default()),
        };
        self.tripped =
            Some(Tripped { since: now, until: now + wait, not_before: now + told.unwrap_or_default() });
    }

    fn trips(&self, config: &config::Breaker) -> bool {
        let samples = self.window.len();
        let failed = self.window.iter().filter(|sample| sample.failed).count();
        self.consecutive >= config.consecutive_failures.max(1)
            || self.overloads >= OVERLOADS
            || (samples >= (window(config) / 2).max(3) && ratio(failed, samples) >= config.failure_rate)
    }

    fn remember(&mut self, failed: bool, config: &config::Breaker, now: Timestamp) {
        while self.window.front().is_some_and(|oldest| now.since(oldest.at) > WINDOW_AGE)
            || self.window.len() >= window(config)
        {
            self.window.pop_front();
        }
        self.window.push_back(Sample { at: now, failed });
    }
}

fn window(config: &config::Breaker) -> usize {
    usize::try_from(config.window).unwrap_or(MAX_WINDOW).clamp(3, MAX_WINDOW)
}

fn ratio(part: usize, whole: usize) -> f64 {
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    count(part) / count(whole).max(1.0)
}
