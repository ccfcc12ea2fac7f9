//! When all was tried in vain: what is worth another try, and after which pause.

use std::time::Duration;

use crate::schedule::{Class, Rng};
use crate::time::Timestamp;

use super::super::attempt::Miss;

/// An upstream that fails three times will hardly serve a fourth.
pub(in crate::gateway) const MAX_ROUNDS: u32 = 2;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// The rounds of one request after its first.
#[derive(Default)]
pub(super) struct Rounds(u32);

/// How long a request may wait.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// For what an upstream asked for.
    pub(super) told: Timestamp,
    /// At all.
    pub(super) deadline: Timestamp,
}

/// From when the same may be tried again. `None`: a pause mends nothing, or it may be billed twice.
pub(super) fn again(miss: &Miss, now: Timestamp) -> Option<Timestamp> {
    let transient = match miss.class {
        Class::Overload | Class::ServerError | Class::Transport => true,
        Class::Rate => miss.retry_after.is_some(),
        _ => false,
    };
    (transient && !miss.may_bill).then(|| now + miss.retry_after.unwrap_or_default())
}

impl Rounds {
    /// The pause before the next round, if there is one. `again`: from when what was tried may be tried again.
    pub(super) fn pause(
        &mut self,
        again: impl Iterator<Item = Timestamp>,
        patience: Patience,
        now: Timestamp,
        rng: &mut Rng,
    ) -> Option<Duration> {
        if self.0 >= MAX_ROUNDS {
            return None;
        }
        let pause = pause(self.0);
        let soonest = again.min()?;
        let (from, until) = if soonest > now {
            (soonest + jitter(FIRST_PAUSE, rng), patience.told.min(patience.deadline))
        } else {
            (now + pause / 2 + jitter(pause / 2, rng), patience.deadline)
        };
        if from >= until {
            return None;
        }
        self.0 += 1;
        Some(now.until(from))
    }
}

/// The longest pause before a round; the shortest is half of it.
pub(in crate::gateway) fn pause(round: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << round).min(LONGEST_PAUSE)
}

/// So that those who failed together do not come back together.
fn jitter(most: Duration, rng: &mut Rng) -> Duration {
    let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(rng.below(most.saturating_add(1)))
}
