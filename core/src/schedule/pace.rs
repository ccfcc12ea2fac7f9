//! How fast and how surely a channel has answered lately.

use std::time::Duration;

use crate::time::Timestamp;

/// How much the newest observation counts.
const SHARE: f32 = 0.2;
/// What was observed so long ago counts half: a channel that was slow is looked at again.
pub(super) const HALF_LIFE: Duration = Duration::from_secs(300);
/// The same for failures: what lasts longer is the breaker's to remember.
pub(super) const FAILING_HALF_LIFE: Duration = Duration::from_secs(10);
/// So many observations, less what they have faded by, make a channel comparable.
const ENOUGH: f32 = 2.0;
/// More observations are not remembered for longer.
const MOST: f32 = 10.0;
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
    /// How many observations there are, as they fade.
    evidence: f32,
    noted_at: Timestamp,
}

impl Pace {
    pub(super) fn served(&mut self, first_content: Option<Duration>, now: Timestamp) {
        self.note(now);
        if let Some(took) = first_content {
            average(&mut self.first_content, millis(took));
        }
        self.failing -= SHARE * self.failing;
    }

    pub(super) fn failed(&mut self, took: Duration, now: Timestamp) {
        self.note(now);
        average(&mut self.lost, millis(took));
        self.failing += SHARE * (1.0 - self.failing);
    }

    /// It works again: what failed before says nothing.
    pub(super) const fn recover(&mut self) {
        self.failing = 0.0;
    }

    /// What a request can be expected to wait for its first content, failed attempts included; more where
    /// many are under way. `None` where too little is known to compare it with others.
    pub(super) fn cost(&self, in_flight: u32, weight: u64, now: Timestamp) -> Option<f32> {
        let mut pace = *self;
        pace.age(now);
        let first_content = pace.first_content.filter(|_| pace.evidence >= ENOUGH)?.max(NOTICEABLE);
        let failing = pace.failing.min(MAX_FAILING);
        let lost = pace.lost.unwrap_or_default().max(first_content);
        let wait = first_content + failing / (1.0 - failing) * lost;
        Some(wait * (1.0 + float(u64::from(in_flight)) / (CROWD * float(weight.max(1)))))
    }

    fn note(&mut self, now: Timestamp) {
        self.age(now);
        self.evidence = (self.evidence + 1.0).min(MOST);
    }

    /// Lets what was observed fade. Plain arithmetic, so that it is the same on every machine.
    fn age(&mut self, now: Timestamp) {
        let idle = millis(now.since(self.noted_at));
        self.evidence /= 1.0 + idle / millis(HALF_LIFE);
        self.failing /= 1.0 + idle / millis(FAILING_HALF_LIFE);
        self.noted_at = self.noted_at.max(now);
    }
}

fn average(known: &mut Option<f32>, observed: f32) {
    *known = Some(known.map_or(observed, |known| known + SHARE * (observed - known)));
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
        let known = paced(9_000);
        assert!(known.cost(0, 1, at(1_190)).is_some());
        assert_eq!(known.cost(0, 1, at(1_210)), None, "faded");
        let mut failing = Pace::default();
        (0..9).for_each(|_| failing.failed(Duration::from_secs(1), at(0)));
        assert_eq!(failing.cost(0, 1, at(0)), None, "nobody knows how fast it is when it works");
    }

    #[test]
    fn failures_are_forgotten_sooner_than_times() {
        let mut pace = paced(1_000);
        pace.failed(Duration::ZERO, at(0));
        let costs = [0, 10, 30, 100].map(|secs| cost(&pace, 0, 1, secs));
        assert!((costs[0] - 1_250.0).abs() < 1.0 && (costs[1] - 1_111.0).abs() < 1.0, "{costs:?}");
        assert!(costs[3] < 1_020.0, "{costs:?}");
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
