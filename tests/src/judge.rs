//! What the log of a lane tells of how its upstream was treated.

use std::time::Duration;

use crate::mock::{Lane, Visit};

/// For what was under way when an upstream began to refuse.
pub const GRACE: Duration = Duration::from_secs(1);

/// As the log counts.
pub const fn micros(time: Duration) -> u64 {
    time.as_secs() * 1_000_000 + time.subsec_micros() as u64
}

/// When `key` was refused first, and until when it was to be let alone.
pub fn refusal(visits: &[Visit], key: &str) -> Option<(u64, u64)> {
    let first = visits.iter().find(|visit| visit.has_key(key) && !visit.ok)?;
    Some((first.at_us, first.until_us?))
}

/// Good answers since the first refusal.
pub fn back(lane: &Lane, key: &str) -> usize {
    lane.log(|visits| {
        let of_key = visits.iter().filter(|visit| visit.has_key(key));
        of_key.skip_while(|visit| visit.ok).filter(|visit| visit.ok).count()
    })
}

/// While `key` was not to be called, only what was under way came: each client may have had one, and they come at
/// once.
pub fn let_alone(lane: &Lane, key: &str, clients: usize) -> Result<(), String> {
    lane.log(|visits| {
        let (from, until) = refusal(visits, key).ok_or("nothing was refused")?;
        let of_key = visits.iter().filter(|visit| visit.has_key(key)).map(|visit| visit.at_us);
        let refused: Vec<u64> = of_key.filter(|at| (from..until).contains(at)).map(|at| at - from).collect();
        if refused.len() > clients || refused.iter().any(|after| *after > micros(GRACE)) {
            return Err(format!("{key} was called before its time, {refused:?} µs after its first refusal"));
        }
        Ok(())
    })
}

/// Calls of `other` while `key` of `lane` was not to be called.
pub fn meanwhile((lane, key): (&Lane, &str), (other, its_key): (&Lane, &str)) -> usize {
    let Some((from, until)) = lane.log(|visits| refusal(visits, key)) else { return 0 };
    other.log(|visits| {
        let during = |visit: &&Visit| visit.has_key(its_key) && (from..until).contains(&visit.at_us);
        visits.iter().filter(during).count()
    })
}

/// After what was under way, `lane` got no more failing calls than one each `pace`.
pub fn tested_at_pace(lane: &Lane, pace: Duration, clients: usize) -> Result<(), String> {
    let failed = |visits: &[Visit]| visits.iter().filter(|it| !it.ok).map(|it| it.at_us).collect::<Vec<_>>();
    let failed = lane.log(failed);
    let (Some(first), Some(last)) = (failed.first(), failed.last()) else {
        return Err("nothing failed".to_owned());
    };
    let begun = first + micros(GRACE);
    let tests = failed.iter().filter(|at| **at > begun).count() as u64;
    // One at the beginning, and one for the way to here, which may be shorter for the last than for the first.
    let due = last.saturating_sub(begun) / micros(pace) + 2;
    let burst = failed.len() as u64 - tests;
    if tests > due || burst > 2 * clients as u64 {
        let at: Vec<_> = failed.iter().map(|at| (at - first) / 1000).collect();
        return Err(format!("called {burst} + {tests} times, {due} tests were its due, at {at:?} ms"));
    }
    Ok(())
}
