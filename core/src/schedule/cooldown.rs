//! A key that is left alone until a time. It always ends: every wait has a cap.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::backoff::doubled;
use super::hold::Hold;
use crate::time::Timestamp;

/// How long a kind of fault keeps a key out.
pub(super) struct Terms {
    /// The first wait when the upstream names none; it doubles with every repeat.
    pub(super) base: Duration,
    pub(super) cap: Duration,
    /// The longest wait an upstream may ask for; `None` where its word does not count.
    pub(super) told_cap: Option<Duration>,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

pub(super) const RATE: Terms = Terms { base: Duration::from_secs(15), cap: minutes(5), told_cap: Some(HOUR) };
pub(super) const QUOTA: Terms = Terms { base: minutes(10), cap: HOUR, told_cap: Some(minutes(24 * 60)) };
pub(super) const AUTH: Terms = Terms { base: minutes(5), cap: HOUR, told_cap: None };
pub(super) const MODEL: Terms = Terms { base: minutes(10), cap: HOUR, told_cap: None };
/// A model that fails where others serve.
pub(super) const FAULT: Terms =
    Terms { base: Duration::from_secs(30), cap: minutes(10), told_cap: Some(minutes(10)) };

/// After so long without a repeat the next fault counts as a first one.
pub(super) const FORGIVEN_AFTER: Duration = HOUR;

const fn minutes(count: u32) -> Duration {
    Duration::from_secs(MINUTE.as_secs() * count as u64)
}

/// One kind of fault of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cooldown {
    strikes: u32,
    since: Timestamp,
    until: Timestamp,
    not_before: Timestamp,
}

impl Cooldown {
    /// Notes a fault of an attempt that began at `begun`.
    ///
    /// Attempts that were under way when the cooldown began add no strike: one burst is one fault.
    pub(super) fn strike(
        &mut self,
        terms: &Terms,
        begun: Timestamp,
        retry_after: Option<Duration>,
        now: Timestamp,
    ) {
        let told = retry_after.zip(terms.told_cap).map(|(wait, cap)| wait.min(cap));
        if self.strikes == 0 || begun >= self.since {
            if now.since(self.until) > FORGIVEN_AFTER {
                self.strikes = 0;
            }
            let wait = told.unwrap_or_else(|| doubled(terms.base, self.strikes, terms.cap));
            self.strikes = self.strikes.saturating_add(1);
            self.since = now;
            self.until = self.until.max(now + wait);
        }
        if let Some(wait) = told {
            self.until = self.until.max(now + wait);
            self.not_before = self.not_before.max(now + wait);
        }
    }

    /// Forgets everything if an attempt that began at `begun` served. Whether there was anything.
    pub(super) fn forgive(&mut self, begun: Timestamp) -> bool {
        let forgives = begun >= self.since && *self != Self::default();
        if forgives {
            *self = Self::default();
        }
        forgives
    }

    /// Leaves it alone for `wait` although it did nothing wrong: the upstream said that a limit is used up.
    pub(super) fn rest(&mut self, terms: &Terms, wait: Duration, now: Timestamp) {
        let wait = wait.min(terms.told_cap.unwrap_or_default());
        self.since = now;
        self.until = self.until.max(now + wait);
        self.not_before = self.not_before.max(now + wait);
    }

    /// What it says of the next use.
    pub(super) fn hold(&self, now: Timestamp) -> Hold {
        match self.active(now) {
            Some(until) => Hold::Rests { until, from: self.not_before },
            None if self.strikes > 0 && now.since(self.until) <= FORGIVEN_AFTER => Hold::Unproven,
            None => Hold::Free,
        }
    }

    pub(super) const fn is_clear(&self) -> bool {
        self.strikes == 0
    }

    pub(super) const fn end(&self) -> Timestamp {
        self.until
    }

    /// The end, while it lasts.
    pub(super) fn active(&self, now: Timestamp) -> Option<Timestamp> {
        // A clock that went back behind the start must not stretch the wait.
        (self.since <= now && now < self.until).then_some(self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: u64) -> Timestamp {
        Timestamp::from_millis(secs * 1000)
    }

    fn wait(cooldown: &Cooldown, now: Timestamp) -> u64 {
        cooldown.active(now).map_or(0, |until| now.until(until).as_secs())
    }

    #[test]
    fn repeats_wait_longer_up_to_a_cap() {
        let waits = |terms: &Terms| -> Vec<u64> {
            let (mut cooldown, mut now) = (Cooldown::default(), at(1_000));
            (0..7)
                .map(|_| {
                    cooldown.strike(terms, now, None, now);
                    let wait = wait(&cooldown, now);
                    now = now + Duration::from_secs(wait);
                    wait
                })
                .collect()
        };
        assert_eq!(waits(&RATE), [15, 30, 60, 120, 240, 300, 300]);
        assert_eq!(waits(&QUOTA), [600, 1200, 2400, 3600, 3600, 3600, 3600]);
        assert_eq!(waits(&AUTH), [300, 600, 1200, 2400, 3600, 3600, 3600]);
    }

    #[test]
    fn a_fault_long_after_the_last_one_counts_as_a_first_one() {
        for (idle, expected) in [(3_600, 60), (3_601, 15)] {
            let mut cooldown = Cooldown::default();
            cooldown.strike(&RATE, at(0), None, at(0));
            cooldown.strike(&RATE, at(15), None, at(15));
            let again = at(15 + 30 + idle);
            cooldown.strike(&RATE, again, None, again);
            assert_eq!(wait(&cooldown, again), expected, "after {idle} s");
        }
    }

    #[test]
    fn the_upstreams_word_counts_within_bounds() {
        for (terms, told, expected) in [
            (&RATE, 7, 7),
            (&RATE, 90_000, 3_600),
            (&QUOTA, 7_200, 7_200),
            (&QUOTA, 900_000, 86_400),
            (&AUTH, 7, 300),
        ] {
            let mut cooldown = Cooldown::default();
            cooldown.strike(terms, at(10), Some(Duration::from_secs(told)), at(10));
            assert_eq!(wait(&cooldown, at(10)), expected);
        }
    }

    #[test]
    fn a_burst_of_parallel_failures_is_one_strike() {
        let mut cooldown = Cooldown::default();
        for _ in 0..10 {
            cooldown.strike(&RATE, at(5), None, at(10));
        }
        assert_eq!(wait(&cooldown, at(10)), 15);
    }

    #[test]
    fn a_success_of_an_older_attempt_does_not_end_it() {
        let mut cooldown = Cooldown::default();
        cooldown.strike(&RATE, at(10), None, at(10));
        cooldown.forgive(at(9));
        assert_eq!(wait(&cooldown, at(10)), 15);
        cooldown.forgive(at(11));
        assert_eq!(wait(&cooldown, at(11)), 0);
    }

    #[test]
    fn what_comes_back_is_unproven_until_it_serves() {
        let mut cooldown = Cooldown::default();
        assert_eq!(cooldown.hold(at(1)), Hold::Free);
        cooldown.strike(&RATE, at(10), Some(Duration::from_secs(5)), at(10));
        assert_eq!(cooldown.hold(at(14)), Hold::Rests { until: at(15), from: at(15) });
        assert_eq!(cooldown.hold(at(15)), Hold::Unproven);
        assert_eq!(cooldown.hold(at(15 + 3_601)), Hold::Free, "forgiven by then");
        cooldown.forgive(at(16));
        assert_eq!(cooldown.hold(at(16)), Hold::Free);
    }

    #[test]
    fn a_limit_that_was_used_up_rests_without_a_strike() {
        let mut cooldown = Cooldown::default();
        cooldown.rest(&RATE, Duration::from_secs(90_000), at(10));
        assert_eq!(cooldown.hold(at(10)), Hold::Rests { until: at(3_610), from: at(3_610) });
        assert_eq!(cooldown.hold(at(3_610)), Hold::Free);
    }

    #[test]
    fn a_clock_that_went_back_does_not_stretch_it() {
        let mut cooldown = Cooldown::default();
        cooldown.strike(&QUOTA, at(1_000_000), None, at(1_000_000));
        assert_eq!(cooldown.active(at(1_000)), None);
    }
}
