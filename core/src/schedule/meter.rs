//! How much of an operator's limits is used.

use std::time::Duration;

use crate::config::Limits;
use crate::time::Timestamp;

/// What counts for a minute is counted in slots of this length, and forgotten with its slot. So no minute
/// ever sees more than the limit, and a place may come free up to one slot late.
pub(super) const SLOT: Duration = Duration::from_secs(5);
/// The slots that a minute can touch.
const SLOTS: usize = 13;

/// What one channel or key used in the last minute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    requests: Window,
    tokens: Window,
    /// Tokens that requests have used lately; `None` before the first has told.
    usual: Option<u32>,
}

/// Room below the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// So many more requests may start.
    Places(u32),
    /// None before then, where that is known: what is under way ends when it ends.
    Full(Option<Timestamp>),
}

impl Room {
    /// What both leave.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Places(a), Self::Places(b)) => Self::Places(a.min(b)),
            (Self::Full(until), Self::Places(_)) | (Self::Places(_), Self::Full(until)) => Self::Full(until),
            // Unknown is later than known: what is under way has to end first.
            (Self::Full(a), Self::Full(b)) => Self::Full(a.zip(b).map(|(a, b)| a.max(b))),
        }
    }
}

impl Meter {
    /// Of a user whose requests tell beforehand what they may use: none has to wait for the first to end.
    pub(crate) fn told() -> Self {
        Self { usual: Some(0), ..Self::default() }
    }

    /// `tokens` is what the request is expected to use, `in_flight` what is under way.
    pub(crate) fn room(&self, limits: &Limits, in_flight: u32, tokens: u32, now: Timestamp) -> Room {
        let mut places = u32::MAX;
        if let Some(limit) = limits.concurrency {
            match limit.saturating_sub(in_flight) {
                0 => return Room::Full(None),
                left => places = left,
            }
        }
        if let Some(limit) = limits.requests_per_minute {
            match limit.saturating_sub(self.requests.sum(now)) {
                0 => return Room::Full(self.requests.sinks_to(limit.saturating_sub(1), now)),
                left => places = places.min(left),
            }
        }
        if let Some(limit) = limits.tokens_per_minute {
            // Until one request has told what it uses, they go one by one.
            if self.usual.is_none() && in_flight > 0 {
                return Room::Full(None);
            }
            let (used, tokens) = (self.tokens.sum(now), self.expected(tokens));
            // A request over the limit on its own goes when nothing else does; else it never would.
            if used > 0 && used.saturating_add(tokens.max(1)) > limit {
                return Room::Full(self.tokens.sinks_to(limit.saturating_sub(tokens.max(1)), now));
            }
            places = places.min(limit.saturating_sub(used) / tokens.max(1)).max(1);
        }
        Room::Places(places)
    }

    /// A request whose prompt has about `tokens` tokens started; what was counted for it.
    pub(crate) fn start(&mut self, tokens: u32, now: Timestamp) -> u32 {
        let expected = self.expected(tokens);
        self.requests.add(1, now);
        self.tokens.add(expected, now);
        expected
    }

    /// A request that `expected` tokens were counted for did not start.
    pub(super) fn take_back(&mut self, expected: u32, counted_at: Timestamp, now: Timestamp) {
        self.requests.take_back(1, counted_at, now);
        self.tokens.take_back(expected, counted_at, now);
    }

    /// The usual use, and at least the prompt.
    fn expected(&self, tokens: u32) -> u32 {
        self.usual.unwrap_or_default().max(tokens)
    }

    /// A request that `expected` tokens were counted for when it began ended. One that served may not tell what
    /// it used.
    pub(crate) fn settle(
        &mut self,
        expected: u32,
        begun: Timestamp,
        served: bool,
        used: Option<u64>,
        now: Timestamp,
    ) {
        let used = match used {
            Some(used) => u32::try_from(used).unwrap_or(u32::MAX),
            None if served => expected,
            None => 0,
        };
        if served {
            let usual = self.usual.unwrap_or(used);
            self.usual = Some(usual - usual / 4 + used / 4);
        }
        match used.checked_sub(expected) {
            Some(more) => self.tokens.add(more, now),
            None => self.tokens.take_back(expected.saturating_sub(used), begun, now),
        }
    }
}

/// A count over the last minute.
#[derive(Clone, Debug, Default)]
struct Window {
    slots: [u32; SLOTS],
    /// The number of the youngest slot, counted from the epoch.
    newest: u64,
}

impl Window {
    fn number(now: Timestamp) -> u64 {
        now.as_secs() / SLOT.as_secs()
    }

    fn index(number: u64) -> usize {
        usize::try_from(number % SLOTS as u64).unwrap_or(0)
    }

    /// What still counts at `now`, by slot, the oldest first.
    fn live(&self, now: Timestamp) -> impl Iterator<Item = (u64, u32)> {
        let (number, newest) = (Self::number(now), self.newest);
        let oldest = newest.saturating_sub(SLOTS as u64 - 1).max((number + 1).saturating_sub(SLOTS as u64));
        (oldest..=newest.min(number))
            .map(|slot| (slot, self.slots.get(Self::index(slot)).copied().unwrap_or(0)))
    }

    fn sum(&self, now: Timestamp) -> u32 {
        self.live(now).fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// When no more than `count` of what counts now will count.
    fn sinks_to(&self, count: u32, now: Timestamp) -> Option<Timestamp> {
        let mut left = self.sum(now);
        self.live(now).find_map(|(slot, gone)| {
            left = left.saturating_sub(gone);
            let end = SLOT.as_secs().saturating_mul(1000).saturating_mul(slot + SLOTS as u64);
            (left <= count).then(|| Timestamp::from_millis(end))
        })
    }

    fn add(&mut self, count: u32, now: Timestamp) {
        let number = Self::number(now);
        // A clock that went back by more than a minute starts anew.
        let age = number.saturating_sub(self.newest);
        if age >= SLOTS as u64 || self.newest.saturating_sub(number) >= SLOTS as u64 {
            *self = Self { newest: number, ..Self::default() };
        }
        while self.newest < number {
            self.newest += 1;
            if let Some(slot) = self.slots.get_mut(Self::index(self.newest)) {
                *slot = 0;
            }
        }
        if let Some(slot) = self.slots.get_mut(Self::index(number)) {
            *slot = slot.saturating_add(count);
        }
    }

    /// What was counted too much at `counted_at`, if that still counts.
    fn take_back(&mut self, count: u32, counted_at: Timestamp, now: Timestamp) {
        let number = Self::number(counted_at);
        if !self.live(now).any(|(live, _)| live == number) {
            return;
        }
        if let Some(slot) = self.slots.get_mut(Self::index(number)) {
            *slot = slot.saturating_sub(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Rng;

    const fn at(secs: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + secs * 1000)
    }

    const RPM: Limits = Limits { requests_per_minute: Some(3), tokens_per_minute: None, concurrency: None };
    const TPM: Limits = Limits { requests_per_minute: None, tokens_per_minute: Some(100), concurrency: None };

    #[test]
    fn requests_are_counted_for_a_minute() {
        let mut meter = Meter::default();
        for (secs, left) in [(0, 3), (20, 2), (40, 1)] {
            assert_eq!(meter.room(&RPM, 0, 0, at(secs)), Room::Places(left));
            meter.start(0, at(secs));
        }
        assert_eq!(meter.room(&RPM, 0, 0, at(59)), Room::Full(Some(at(65))));
        assert_eq!(meter.room(&RPM, 0, 0, at(64)), Room::Full(Some(at(65))));
        assert_eq!(meter.room(&RPM, 0, 0, at(65)), Room::Places(1));
        assert_eq!(meter.room(&RPM, 0, 0, at(85)), Room::Places(2));
        assert_eq!(meter.room(&RPM, 0, 0, at(1_000)), Room::Places(3));
    }

    #[test]
    fn tokens_are_reserved_and_settled() {
        let mut meter = Meter::default();
        assert_eq!(meter.start(60, at(0)), 60);
        assert_eq!(meter.room(&TPM, 1, 40, at(1)), Room::Full(None), "nobody knows what a request uses");
        meter.usual = Some(0);
        assert_eq!(meter.room(&TPM, 0, 40, at(1)), Room::Places(1));
        assert_eq!(meter.room(&TPM, 0, 41, at(1)), Room::Full(Some(at(65))));
        assert_eq!(meter.room(&TPM, 0, 10, at(1)), Room::Places(4));
        meter.settle(60, at(0), false, Some(80), at(2));
        assert_eq!(meter.room(&TPM, 0, 21, at(2)), Room::Full(Some(at(65))));
        assert_eq!(meter.room(&TPM, 0, 20, at(2)), Room::Places(1));
        meter.start(20, at(10));
        meter.settle(20, at(10), false, Some(5), at(11));
        assert_eq!(meter.room(&TPM, 0, 15, at(12)), Room::Places(1));
        assert_eq!(meter.room(&TPM, 0, 0, at(12)), Room::Places(15), "an unknown need counts as one");
    }

    #[test]
    fn what_requests_use_is_learned() {
        let mut meter = Meter::default();
        meter.settle(0, at(0), false, None, at(0));
        assert_eq!(meter.usual, None, "a fault tells nothing");
        for (used, usual) in [(Some(40), 40), (Some(80), 50), (None, 50), (Some(50), 50)] {
            let expected = meter.start(0, at(0));
            meter.settle(expected, at(0), true, used, at(0));
            assert_eq!(meter.usual, Some(usual), "{used:?}");
        }
        assert_eq!(meter.room(&TPM, 0, 0, at(65)), Room::Places(2));
        assert_eq!(meter.start(0, at(65)), 50);
        assert_eq!(meter.room(&TPM, 1, 60, at(65)), Room::Full(Some(at(130))));
        meter.settle(50, at(65), false, None, at(66));
        assert_eq!(meter.room(&TPM, 0, 60, at(66)), Room::Places(1), "what failed used nothing");
    }

    #[test]
    fn a_request_over_the_limit_goes_alone() {
        let mut meter = Meter::default();
        assert_eq!(meter.room(&TPM, 0, 500, at(0)), Room::Places(1));
        meter.start(500, at(0));
        assert_eq!(meter.room(&TPM, 0, 500, at(1)), Room::Full(Some(at(65))));
        assert_eq!(meter.room(&TPM, 0, 500, at(65)), Room::Places(1));
    }

    #[test]
    fn places_are_the_fewest_that_any_limit_leaves() {
        let limits = Limits { concurrency: Some(2), ..RPM };
        let mut meter = Meter::default();
        assert_eq!(meter.room(&limits, 0, 0, at(0)), Room::Places(2));
        assert_eq!(meter.room(&limits, 1, 0, at(0)), Room::Places(1));
        assert_eq!(meter.room(&limits, 2, 0, at(0)), Room::Full(None));
        meter.start(0, at(0));
        meter.start(0, at(0));
        assert_eq!(meter.room(&limits, 0, 0, at(0)), Room::Places(1));
        assert_eq!(Meter::default().room(&Limits::default(), 99, 99, at(0)), Room::Places(u32::MAX));
    }

    #[test]
    fn no_minute_sees_more_than_the_limit() {
        for seed in 0..50 {
            let (mut rng, mut meter) = (Rng::new(seed), Meter::default());
            let (mut now, mut started) = (0, Vec::new());
            for _ in 0..300 {
                now += rng.below(8);
                match meter.room(&RPM, 0, 0, at(now)) {
                    Room::Places(_) => {
                        meter.start(0, at(now));
                        started.push(now);
                    }
                    Room::Full(Some(free)) => {
                        let wait = at(now).until(free).as_secs();
                        assert!((1..=65).contains(&wait), "{wait}");
                        assert!(matches!(meter.room(&RPM, 0, 0, free), Room::Places(_)));
                    }
                    Room::Full(None) => panic!("the time is known"),
                }
            }
            assert!(started.windows(4).all(|four| four[3] - four[0] >= 60), "{started:?}");
        }
    }

    #[test]
    fn a_clock_that_went_back_locks_nobody_out() {
        let mut meter = Meter::default();
        for _ in 0..3 {
            meter.start(0, at(100_000));
        }
        for secs in [99_995, 0] {
            assert_eq!(meter.room(&RPM, 0, 0, at(secs)), Room::Places(3));
            meter.start(0, at(secs));
            assert_eq!(meter.room(&RPM, 0, 0, at(secs)), Room::Places(2));
        }
    }
}
