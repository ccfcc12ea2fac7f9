//! A key that is left alone until a time. It always ends: every wait has a cap.

use std::time::Duration;

use super::ModelKey;
use super::backoff::doubled;
use crate::time::Timestamp;

/// How long a kind of fault keeps a key out.
pub(super) struct Terms {
    /// The first wait when the upstream names none; it doubles with every repeat.
    base: Duration,
    cap: Duration,
    /// The longest wait an upstream may ask for; `None` where its word does not count.
    told_cap: Option<Duration>,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

pub(super) const RATE: Terms = Terms { base: Duration::from_secs(15), cap: minutes(5), told_cap: Some(HOUR) };
pub(super) const QUOTA: Terms = Terms { base: minutes(10), cap: HOUR, told_cap: Some(minutes(24 * 60)) };
pub(super) const AUTH: Terms = Terms { base: minutes(5), cap: HOUR, told_cap: None };
pub(super) const MODEL: Terms = Terms { base: minutes(10), cap: HOUR, told_cap: None };

/// After so long without a repeat the next fault counts as a first one.
const FORGIVEN_AFTER: Duration = HOUR;

/// Models one key may be excluded from at once; the one that ends first makes room.
const MAX_MODELS: usize = 32;

const fn minutes(count: u32) -> Duration {
    Duration::from_secs(MINUTE.as_secs() * count as u64)
}

/// One kind of fault of one key.
#[derive(Clone, Copy, Debug, Default)]
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

    /// Forgets everything if an attempt that began at `begun` served.
    pub(super) fn forgive(&mut self, begun: Timestamp) {
        if begun >= self.since {
            *self = Self::default();
        }
    }

    /// The end, while it lasts.
    pub(super) fn active(&self, now: Timestamp) -> Option<Timestamp> {
        // A clock that went back behind the start must not stretch the wait.
        (self.since <= now && now < self.until).then_some(self.until)
    }

    /// Before this even a last resort does not call: the upstream said so.
    pub(super) fn not_before(&self, now: Timestamp) -> Timestamp {
        if self.active(now).is_some() { self.not_before } else { now }
    }
}

/// The models one key does not serve.
#[derive(Clone, Debug, Default)]
pub(super) struct Models(Vec<(ModelKey, Cooldown)>);

impl Models {
    pub(super) fn strike(&mut self, model: ModelKey, begun: Timestamp, now: Timestamp) {
        let index = self.0.iter().position(|(known, _)| *known == model);
        let mut cooldown = index.map(|index| self.0.swap_remove(index).1).unwrap_or_default();
        cooldown.strike(&MODEL, begun, None, now);
        if self.0.len() >= MAX_MODELS {
            let first = self.0.iter().enumerate().min_by_key(|(_, (_, cooldown))| cooldown.until);
            if let Some((first, _)) = first {
                self.0.swap_remove(first);
            }
        }
        self.0.push((model, cooldown));
    }

    pub(super) fn forgive(&mut self, model: ModelKey, begun: Timestamp) {
        self.0.retain(|(known, cooldown)| *known != model || begun < cooldown.since);
    }

    pub(super) fn active(&self, model: ModelKey, now: Timestamp) -> Option<Timestamp> {
        self.0.iter().find(|(known, _)| *known == model).and_then(|(_, cooldown)| cooldown.active(now))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many are excluded now.
    pub(super) fn count(&self, now: Timestamp) -> usize {
        self.0.iter().filter(|(_, cooldown)| cooldown.active(now).is_some()).count()
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
    fn a_clock_that_went_back_does_not_stretch_it() {
        let mut cooldown = Cooldown::default();
        cooldown.strike(&QUOTA, at(1_000_000), None, at(1_000_000));
        assert_eq!(cooldown.active(at(1_000)), None);
    }

    #[test]
    fn a_key_remembers_a_bounded_number_of_models() {
        let mut models = Models::default();
        for n in 0..1_000 {
            models.strike(ModelKey::of(&format!("m{n}")), at(n), at(n));
        }
        assert_eq!(models.0.len(), MAX_MODELS);
        assert!(models.active(ModelKey::of("m999"), at(999)).is_some());
        models.forgive(ModelKey::of("m999"), at(1_000));
        assert!(models.active(ModelKey::of("m999"), at(1_000)).is_none());
    }
}
