//! How waits grow.

use std::time::Duration;

use super::rng::Rng;

/// `base`, doubled `times` times, at most `cap`.
pub(super) fn doubled(base: Duration, times: u32, cap: Duration) -> Duration {
    let factor = 1_u32.checked_shl(times).unwrap_or(u32::MAX);
    base.saturating_mul(factor).min(cap)
}

/// Evenly between `min` and a ceiling that doubles with each `level`, never over `max`.
pub(super) fn jittered(min: Duration, max: Duration, level: u32, rng: &mut Rng) -> Duration {
    let ceiling = doubled(min, level.saturating_add(1), max);
    let spread = u64::try_from(ceiling.saturating_sub(min).as_millis()).unwrap_or(u64::MAX);
    min.min(max) + Duration::from_millis(rng.below(spread.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubling_stops_at_the_cap() {
        let (base, cap) = (Duration::from_secs(15), Duration::from_secs(300));
        let waits: Vec<u64> = (0..7).map(|n| doubled(base, n, cap).as_secs()).collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 300, 300]);
        assert_eq!(doubled(base, u32::MAX, cap), cap);
    }

    #[test]
    fn jitter_stays_between_the_bounds_at_every_level() {
        let (min, max) = (Duration::from_secs(30), Duration::from_secs(600));
        let mut rng = Rng::new(3);
        for level in (0..40).chain([u32::MAX]) {
            for _ in 0..50 {
                let wait = jittered(min, max, level, &mut rng);
                assert!((min..=max).contains(&wait), "level {level}: {wait:?}");
            }
        }
    }

    #[test]
    fn a_minimum_over_the_maximum_gives_the_maximum() {
        let (min, max) = (Duration::from_secs(30), Duration::from_secs(10));
        assert_eq!(jittered(min, max, 4, &mut Rng::new(1)), max);
    }
}
