//! Times counted by magnitude, so that percentiles of any sums of them can be told.
//!
//! A slot's bound is about 1.4 times the one before it, and a percentile is told as the middle of its slot: it is right
//! within a fifth.

/// How many slots there are, the last one without an upper bound.
pub(crate) const SLOTS: usize = 32;

/// The longest time of each slot, in milliseconds: 10 times every half power of two.
const BOUNDS: [u64; SLOTS - 1] = [
    10, 14, 20, 28, 40, 57, 80, 113, 160, 226, 320, 453, 640, 905, 1_280, 1_810, 2_560, 3_620, 5_120, 7_241,
    10_240, 14_482, 20_480, 28_963, 40_960, 57_926, 81_920, 115_852, 163_840, 231_705, 327_680,
];

/// How many times fell into each slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Histogram(pub(crate) [u64; SLOTS]);

impl Default for Histogram {
    fn default() -> Self {
        Self([0; SLOTS])
    }
}

impl Histogram {
    pub(crate) fn add(&mut self, millis: u64) {
        let slot = BOUNDS.partition_point(|bound| *bound < millis);
        if let Some(count) = self.0.get_mut(slot) {
            *count += 1;
        }
    }

    /// The longest time of each slot in milliseconds, where it has one, and how many times fell into it.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        BOUNDS.into_iter().map(Some).chain([None]).zip(self.0)
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The time, in milliseconds, that `percent` of a hundred do not exceed. `None` where fewer than two lie beyond
    /// it: such a percentile would be one request's time.
    pub(crate) fn percentile(&self, percent: u64) -> Option<u64> {
        let count = self.count();
        let beyond = count.saturating_mul(100_u64.saturating_sub(percent)) / 100;
        if beyond < 2 {
            return None;
        }
        let rank = count.saturating_mul(percent).div_ceil(100);
        let mut seen = 0;
        let mut lower = 0;
        for (bound, slot) in self.slots() {
            seen += slot;
            match bound {
                Some(bound) if seen < rank => lower = bound,
                Some(bound) if lower > 0 => return Some((lower * bound).isqrt()),
                Some(bound) => return Some(bound),
                None => return Some(lower),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        times.into_iter().for_each(|time| histogram.add(time));
        histogram
    }

    #[test]
    fn bounds_are_ten_times_the_half_powers_of_two() {
        for (slot, bound) in (0..).zip(BOUNDS) {
            let exact = 10.0 * f64::from(slot).mul_add(0.5, 0.0).exp2();
            assert!((exact - bound as f64).abs() <= 0.5, "{bound} for {exact}");
        }
    }

    #[test]
    fn percentiles_are_right_within_a_fifth() {
        for scale in [1, 7, 90, 250] {
            let histogram = of((1..=1000).map(|step| step * scale));
            for percent in [50, 90, 95, 99] {
                let told = histogram.percentile(percent).unwrap() as f64;
                let right = (percent * 10 * scale).max(10) as f64;
                assert!((told - right).abs() / right <= 0.2, "p{percent} x{scale}: {told} for {right}");
            }
        }
    }

    #[test]
    fn few_samples_tell_no_percentile() {
        for (count, percent, told) in [
            (0, 50, false),
            (3, 50, false),
            (4, 50, true),
            (39, 95, false),
            (40, 95, true),
            (199, 99, false),
            (200, 99, true),
        ] {
            let histogram = of((0..count).map(|_| 100));
            assert_eq!(histogram.percentile(percent).is_some(), told, "p{percent} of {count}");
        }
    }

    #[test]
    fn what_is_longer_than_all_bounds_is_told_as_the_last_of_them() {
        assert_eq!(of([3_600_000; 10]).percentile(50), Some(327_680));
    }
}
