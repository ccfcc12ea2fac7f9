//! Draws of a scenario, in whole numbers: the same on every machine.

use crate::schedule::Rng;

/// A seeded source of the scenario's accidents.
#[derive(Clone, Debug)]
pub struct Draw(Rng);

impl Draw {
    pub const fn new(seed: u64) -> Self {
        Self(Rng::new(seed))
    }

    /// 64 random bits.
    pub const fn word(&mut self) -> u64 {
        self.0.word()
    }

    /// Evenly from `0..bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    /// A position in a list of `len`.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(u64::try_from(len).unwrap_or(0))).unwrap_or(0)
    }

    /// From `low..=high`, every order of magnitude as likely as another.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        let (low, high) = (low.min(high), high.max(low));
        let octaves = (high + 1).ilog2() - (low + 1).ilog2();
        let octave = self.below(u64::from(octaves) + 1);
        let from = ((low + 1) << octave) - 1;
        let to = (from * 2 + 1).min(high);
        from.min(high) + self.below(to.saturating_sub(from) + 1)
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// About `mean`: half to one and a half of it, seldom up to four times as much.
    pub fn around(&mut self, mean: u64) -> u64 {
        let usual = mean / 2 + self.below(mean + 1);
        if self.one_in(20) { usual + self.below(mean * 3 + 1) } else { usual }
    }

    /// The gap to the next of events that come by chance, on average about `mean`.
    pub fn gap(&mut self, mean: u64) -> u64 {
        let halvings = u64::from(self.word().leading_zeros());
        (halvings * 1_000 + self.below(1_000)) * mean * 2 / 3_000
    }
}
