//! The figures of the rules, by the names that their page has for them (`testing/guide`).

use std::time::Duration;

use super::cooldown::{FAULT, FORGIVEN_AFTER, RATE, Terms};
use super::{Class, Lease, affinity, backoff, breaker, candidates, meter, pace, rests, traits};
use crate::config::validate::{DEFAULT_BREAKER, DEFAULT_MAX_ATTEMPTS, DEFAULT_MAX_WAIT, DEFAULT_TIMEOUTS};

/// A number with what it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Figure {
    Time(Duration),
    Count(u64),
    /// Of a whole, 0 to 1.
    Share(f64),
}

/// How long a class of fault keeps a key out.
pub(crate) struct Waits {
    /// Where the upstream names no time; it doubles with every repeat.
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
    /// The longest that an upstream is believed; `None`: its word does not count.
    pub(crate) told: Option<Duration>,
}

impl Waits {
    /// Those of a fault of `class`, where it rests a key, an account, a channel or a model.
    pub(crate) const fn of(class: Class) -> Self {
        let Terms { base, cap, told_cap } = *rests::terms(class);
        Self { first: base, longest: cap, told: told_cap }
    }
}

pub(crate) fn figures() -> Vec<(&'static str, Figure)> {
    use Figure::{Count, Share, Time};
    let breaker = DEFAULT_BREAKER;
    vec![
        ("breaker.window", Count(breaker.window.into())),
        ("breaker.window_age", Time(breaker::WINDOW_AGE)),
        ("breaker.failure_rate", Share(breaker.failure_rate)),
        ("breaker.consecutive", Count(breaker.consecutive_failures.into())),
        ("breaker.before", Count(breaker::FOR_EACH_BEFORE.into())),
        ("breaker.cheap", Time(breaker::CHEAP)),
        ("breaker.overloads", Count(breaker::OVERLOADS.into())),
        ("breaker.open_min", Time(breaker.open_min)),
        ("breaker.open_first", Time(backoff::doubled(breaker.open_min, 1, breaker.open_max))),
        ("breaker.open_max", Time(breaker.open_max)),
        ("trial.pace", Time(breaker::TRIAL_PACE)),
        ("trial.expiry", Time(breaker::TRIAL_EXPIRY)),
        ("cooldown.forgiven", Time(FORGIVEN_AFTER)),
        ("used_up.longest", Time(RATE.told_cap.unwrap_or_default())),
        ("model.first", Time(FAULT.base)),
        ("model.longest", Time(FAULT.cap)),
        ("affinity.expiry", Time(affinity::EXPIRY)),
        ("keys.spent", Count(candidates::SPENT_KEYS as u64)),
        ("tier.small", Count(candidates::SMALL as u64)),
        ("tier.draws", Count(candidates::DRAWS as u64)),
        ("tier.band", Share(candidates::BAND.into())),
        ("pace.fresh", Time(pace::FRESH)),
        ("pace.failing_half_life", Time(pace::FAILING_HALF_LIFE)),
        ("pace.crowd", Count(pace::CROWD as u64)),
        ("meter.slot", Time(meter::SLOT)),
        ("traits.expiry", Time(traits::memory::EXPIRY)),
        ("traits.lessons", Count(Lease::MAX_LESSONS.into())),
        ("request.wait", Time(DEFAULT_MAX_WAIT)),
        ("request.attempts", Count(DEFAULT_MAX_ATTEMPTS.into())),
        ("request.total", Time(DEFAULT_TIMEOUTS.total)),
        ("request.headers", Time(DEFAULT_TIMEOUTS.response_header)),
        ("request.first_content", Time(DEFAULT_TIMEOUTS.first_content)),
    ]
}
