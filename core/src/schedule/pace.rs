//! How fast and how surely a channel has answered lately.

use std::time::Duration;

use crate::time::Timestamp;

/// How much the newest observation counts.
const SHARE: f32 = 0.2;
/// What was observed so long ago counts half: a channel that was slow is looked at again.
const HALF_LIFE: Duration = Duration::from_secs(60);
/// What is expected of a channel that nothing is known of, in milliseconds to its first content.
const EXPECTED: f32 = 300.0;
/// Requests under way, per unit of weight, that count as much as being twice as slow.
const CROWD: f32 = 16.0;
/// Nothing is thought to fail for sure.
const MAX_FAILING: f32 = 0.95;

/// Moving averages over a channel's attempts in one protocol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Milliseconds to the first content.
    first_content: f32,
    /// The share of attempts that fail, 0 to 1.
    failing: f32,
    /// Milliseconds that a failing attempt takes.
    lost: f32,
    noted_at: Timestamp,
}

impl Default for Pace {
    fn default() -> Self {
        Self { first_content: EXPECTED, failing: 0.0, lost: 0.0, noted_at: Timestamp::default() }
    }
}

impl Pace {
    pub(super) fn served(&mut self, first_content: Option<Duration>, now: Timestamp) {
        self.age(now);
        if let Some(took) = first_content {
            self.first_content += SHARE * (millis(took) - self.first_content);
        }
        self.failing -= SHARE * self.failing;
    }

    pub(super) fn failed(&mut self, took: Duration, now: Timestamp) {
        self.age(now);
        self.lost += SHARE * (millis(took) - self.lost);
        self.failing += SHARE * (1.0 - self.failing);
    }

    /// It works again: what failed before says nothing.
    pub(super) fn recover(&mut self) {
        self.failing = 0.0;
    }

    /// What a request can be expected to wait for its first content, failed attempts included; more where
    /// many are under way.
    pub(super) fn cost(&self, in_flight: u32, weight: u64, now: Timestamp) -> f32 {
        let mut pace = *self;
        pace.age(now);
        let failing = pace.failing.min(MAX_FAILING);
        let wait = pace.first_content + failing / (1.0 - failing) * pace.lost.max(EXPECTED);
        wait * (1.0 + float(u64::from(in_flight)) / (CROWD * float(weight.max(1))))
    }

    /// Lets what was observed fade. Plain arithmetic, so that it is the same on every machine.
    fn age(&mut self, now: Timestamp) {
        let idle = millis(now.since(self.noted_at));
        let kept = 1.0 / (1.0 + idle / millis(HALF_LIFE));
        self.first_content = EXPECTED + kept * (self.first_content - EXPECTED);
        self.failing *= kept;
        self.noted_at = self.noted_at.max(now);
    }
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
        for _ in 0..50 {
            pace.served(Some(Duration::from_millis(first_content)), at(0));
        }
        pace
    }

    #[test]
    fn the_slower_the_more_failing_and_the_more_crowded_cost_more() {
        let (fast, slow) = (paced(200), paced(2_000));
        assert!((fast.cost(0, 1, at(0)) - 200.0).abs() < 1.0);
        assert!((slow.cost(0, 1, at(0)) - 2_000.0).abs() < 1.0);
        assert!((fast.cost(16, 1, at(0)) - 400.0).abs() < 1.0);
        assert!((fast.cost(16, 2, at(0)) - 300.0).abs() < 1.0);
        let mut failing = fast;
        failing.failed(Duration::from_secs(5), at(0));
        // One in five fails, and costs a fifth of five seconds by now.
        assert!((failing.cost(0, 1, at(0)) - 450.0).abs() < 1.0);
        failing.recover();
        assert!((failing.cost(0, 1, at(0)) - 200.0).abs() < 1.0);
    }

    #[test]
    fn what_always_fails_still_has_a_price() {
        let mut pace = paced(200);
        for _ in 0..1_000 {
            pace.failed(Duration::from_secs(1), at(0));
        }
        let cost = pace.cost(0, 1, at(0));
        assert!(cost.is_finite() && cost > 10_000.0, "{cost}");
    }

    #[test]
    fn what_was_observed_fades() {
        let (slow, mut failing) = (paced(2_000), paced(300));
        for _ in 0..50 {
            failing.failed(Duration::from_secs(1), at(0));
        }
        for pace in [slow, failing] {
            let costs = [0, 60, 600, 6_000].map(|secs| pace.cost(0, 1, at(secs)));
            assert!(costs.is_sorted_by(|sooner, later| sooner > later), "{costs:?}");
            assert!(costs[3] < 350.0, "{costs:?}");
        }
    }

    #[test]
    fn a_success_without_a_time_keeps_the_time() {
        let mut pace = paced(2_000);
        pace.served(None, at(0));
        assert!((pace.cost(0, 1, at(0)) - 2_000.0).abs() < 1.0);
    }
}
