//! How fast and how surely a channel has answered lately.

use std::time::Duration;

use crate::time::Timestamp;

/// How much the newest observation counts.
const SHARE: f32 = 0.2;
/// After so long without use a channel is thought to be faster than it was, after twice as long twice as fast:
/// the slower it was, the later it is looked at again, so that looking costs little however slow it is.
pub(super) const FRESH: Duration = Duration::from_secs(300);
/// The same for failures: what lasts longer is the breaker's to remember.
pub(super) const FAILING_HALF_LIFE: Duration = Duration::from_secs(10);
/// So many observations make a channel comparable.
const ENOUGH: u8 = 2;
/// Shorter waits, in milliseconds, are all the same to who waits for a model.
const NOTICEABLE: f32 = 100.0;
/// Requests under way, per unit of weight, that count as much as being twice as slow.
pub(super) const CROWD: f32 = 16.0;
/// Nothing is thought to fail for sure.
const MAX_FAILING: f32 = 0.95;

/// Moving averages over a channel's attempts in one protocol.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// Milliseconds to the first content; `None`: never seen.
    first_content: Option<f32>,
    /// The share of attempts that fail, 0 to 1.
    failing: f32,
    /// Milliseconds that a failing attempt takes.
    lost: Option<f32>,
    /// How many observations there are, up to [`ENOUGH`].
    evidence: u8,
    noted_at: Timestamp,
    /// When the last attempt began.
    used_at: Timestamp,
}

impl Pace {
    /// An attempt begins.
    pub(super) fn used(&mut self, now: Timestamp) {
        self.used_at = self.used_at.max(now);
    }

    pub(super) fn served(&mut self, first_content: Option<Duration>, now: Timestamp) {
        let keeps = self.note(now);
        if let Some(took) = first_content {
            average(&mut self.first_content, millis(took), keeps);
        }
        self.failing -= SHARE * self.failing;
    }

    pub(super) fn failed(&mut self, took: Duration, now: Timestamp) {
        let keeps = self.note(now);
        average(&mut self.lost, millis(took), keeps);
        self.failing += SHARE * (1.0 - self.failing);
    }

    /// It works again: what failed before says nothing.
    pub(super) const fn recover(&mut self) {
        self.failing = 0.0;
    }

    /// What a request can be expected to wait for its first content, failed attempts included; more where
    /// many are under way. `None` where too little is known to compare it with others.
    pub(super) fn cost(&self, in_flight: u32, weight: u64, now: Timestamp) -> Option<f32> {
        let known = self.first_content.filter(|_| self.evidence >= ENOUGH)?.max(NOTICEABLE);
        let failing = (self.failing * failing(now.since(self.noted_at))).min(MAX_FAILING);
        let lost = self.lost.unwrap_or_default().max(known);
        let wait = (known + failing / (1.0 - failing) * lost) * fresh(now.since(self.used_at));
        Some(wait * (1.0 + float(u64::from(in_flight)) / (CROWD * float(weight.max(1)))))
    }

    /// Lets what was observed fade; how much of it still counts.
    fn note(&mut self, now: Timestamp) -> f32 {
        let idle = now.since(self.noted_at);
        self.evidence = self.evidence.saturating_add(1).min(ENOUGH);
        self.failing *= failing(idle);
        self.noted_at = self.noted_at.max(now);
        fresh(idle)
    }
}

/// How much of a time still counts after `idle`. Plain arithmetic, so that it is the same on every machine.
fn fresh(idle: Duration) -> f32 {
    millis(FRESH) / millis(idle.max(FRESH))
}

/// The same of failures.
fn failing(idle: Duration) -> f32 {
    1.0 / (1.0 + millis(idle) / millis(FAILING_HALF_LIFE))
}

/// `keeps`: how much of what is known still counts.
fn average(known: &mut Option<f32>, observed: f32, keeps: f32) {
    *known = Some(known.map_or(observed, |known| observed + (1.0 - SHARE) * keeps * (known - observed)));
}

fn millis(duration: Duration) -> f32 {
    duration.as_secs_f32() * 1000.0
}

fn float(count: u64) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + secs * 1000)
    }

    fn paced(first_content: u64) -> Pace {
        let mut pace = Pace::default();
        pace.used(at(0));
        for _ in 0..20 {
            pace.served(Some(Duration::from_millis(first_content)), at(0));
        }
        pace
    }

    fn cost(pace: &Pace, in_flight: u32, weight: u64, secs: u64) -> f32 {
        pace.cost(in_flight, weight, at(secs)).unwrap()
    }

    #[test]
    fn the_slower_the_more_failing_and_the_more_crowded_cost_more() {
        let (fast, slow) = (paced(200), paced(2_000));
        assert!((cost(&fast, 0, 1, 0) - 200.0).abs() < 1.0);
        assert!((cost(&slow, 0, 1, 0) - 2_000.0).abs() < 1.0);
        assert!((cost(&fast, 16, 1, 0) - 400.0).abs() < 1.0);
        assert!((cost(&fast, 16, 2, 0) - 300.0).abs() < 1.0);
        let mut failing = fast;
        failing.failed(Duration::from_secs(5), at(0));
        // One in five fails and takes five seconds: a quarter of them comes on top of each success.
        assert!((cost(&failing, 0, 1, 0) - 1_450.0).abs() < 1.0);
        let mut failing = fast;
        failing.failed(Duration::ZERO, at(0));
        assert!((cost(&failing, 0, 1, 0) - 250.0).abs() < 1.0, "a quick failure is an attempt lost, too");
        failing.recover();
        assert!((cost(&failing, 0, 1, 0) - 200.0).abs() < 1.0);
    }

    #[test]
    fn the_share_that_fails_moves_by_a_fifth_towards_what_was_seen_last() {
        let mut pace = paced(200);
        for (fails, expected) in [(true, 250.0), (true, 312.5), (false, 280.9), (false, 259.9), (true, 324.8)]
        {
            if fails {
                pace.failed(Duration::ZERO, at(0));
            } else {
                pace.served(None, at(0));
            }
            let cost = cost(&pace, 0, 1, 0);
            assert!((cost - expected).abs() < 1.0, "{cost}, not {expected}");
        }
    }

    #[test]
    fn a_time_moves_by_a_fifth_and_further_the_older_it_is() {
        for (secs, expected) in [(0, 900.0), (300, 900.0), (600, 700.0), (3_000, 540.0)] {
            let mut pace = paced(1_000);
            pace.used(at(secs));
            pace.served(Some(Duration::from_millis(500)), at(secs));
            let cost = cost(&pace, 0, 1, secs);
            assert!((cost - expected).abs() < 1.0, "after {secs} s: {cost}, not {expected}");
        }
    }

    #[test]
    fn what_always_fails_still_has_a_price() {
        let mut pace = paced(200);
        for _ in 0..1_000 {
            pace.failed(Duration::from_secs(1), at(0));
        }
        assert!((cost(&pace, 0, 1, 0) - 19_200.0).abs() < 10.0);
    }

    #[test]
    fn what_is_hardly_known_is_not_compared() {
        let mut pace = Pace::default();
        assert_eq!(pace.cost(0, 1, at(0)), None);
        pace.served(Some(Duration::from_secs(9)), at(0));
        assert_eq!(pace.cost(0, 1, at(0)), None, "one observation is none");
        pace.served(Some(Duration::from_secs(9)), at(0));
        assert!(pace.cost(0, 1, at(0)).is_some());
        let mut failing = Pace::default();
        (0..9).for_each(|_| failing.failed(Duration::from_secs(1), at(0)));
        assert_eq!(failing.cost(0, 1, at(0)), None, "nobody knows how fast it is when it works");
    }

    #[test]
    fn what_is_not_used_is_looked_at_again_the_later_the_slower_it_was() {
        let slow = paced(9_000);
        let costs = [0, 300, 600, 3_000].map(|secs| cost(&slow, 0, 1, secs));
        assert!((costs[0] - 9_000.0).abs() < 1.0 && (costs[1] - 9_000.0).abs() < 1.0, "{costs:?}");
        assert!((costs[2] - 4_500.0).abs() < 1.0 && (costs[3] - 900.0).abs() < 1.0, "{costs:?}");
        let mut looked_at = slow;
        looked_at.used(at(3_000));
        assert!((cost(&looked_at, 0, 1, 3_000) - 9_000.0).abs() < 1.0, "one look at a time");
        looked_at.served(Some(Duration::from_millis(500)), at(3_000));
        assert!(cost(&looked_at, 0, 1, 3_000) < 1_300.0, "what was seen long ago hardly counts");
    }

    #[test]
    fn failures_are_forgotten_sooner_than_times() {
        let mut pace = paced(1_000);
        pace.failed(Duration::ZERO, at(0));
        let costs = [0, 10, 30, 100].map(|secs| cost(&pace, 0, 1, secs));
        assert!((costs[0] - 1_250.0).abs() < 1.0 && (costs[1] - 1_111.0).abs() < 1.0, "{costs:?}");
        assert!(costs[3] < 1_020.0, "{costs:?}");
        pace.served(None, at(10));
        assert!((cost(&pace, 0, 1, 10) - 1_087.0).abs() < 1.0, "half of it was forgotten by then");
    }

    #[test]
    fn differences_that_nobody_notices_are_none() {
        assert!((cost(&paced(2), 0, 1, 0) - cost(&paced(90), 0, 1, 0)).abs() < 0.1);
        let mut failing = paced(2);
        failing.failed(Duration::from_millis(80), at(0));
        assert!((cost(&failing, 0, 1, 0) - 125.0).abs() < 1.0);
    }

    #[test]
    fn a_success_without_a_time_keeps_the_time() {
        let mut pace = paced(2_000);
        pace.served(None, at(0));
        assert!((cost(&pace, 0, 1, 0) - 2_000.0).abs() < 1.0);
    }
}
