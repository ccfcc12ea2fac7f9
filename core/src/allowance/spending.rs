//! What one client key has used, by period: as the database knows it, and what it does not know yet.

use super::Amount;
use crate::config::budget::Period;
use crate::time::Timestamp;

/// What was used in the current period of each kind.
#[derive(Clone, Debug, Default)]
pub struct Spending {
    /// In the order of [`Period::ALL`].
    pub(super) counters: [Counter; Period::ALL.len()],
    last_used: Option<Timestamp>,
}

/// A sum that begins anew with its period.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counter {
    pub(super) first_day: u64,
    /// The most that the database told of; others may have added to it.
    known: Amount,
    /// On its way there.
    sent: Amount,
    unsent: Amount,
}

impl Spending {
    /// In the period that `now` is in.
    pub fn of(&self, period: Period, now: Timestamp) -> Amount {
        let first_day = period.first_day(now);
        let counter = self.counters.get(period as usize).filter(|counter| counter.first_day == first_day);
        counter.map_or_else(Amount::default, |counter| counter.known + counter.sent + counter.unsent)
    }

    /// When a request began last.
    pub const fn last_used(&self) -> Option<Timestamp> {
        self.last_used
    }

    pub(super) fn used_at(&mut self, now: Timestamp) {
        self.last_used = self.last_used.max(Some(now));
    }

    pub(super) fn add(&mut self, amount: Amount, now: Timestamp) {
        for counter in self.current(now) {
            counter.unsent += amount;
        }
    }

    /// Whether the database lacks something.
    pub(super) fn has_unsent(&self) -> bool {
        self.counters.iter().any(|counter| counter.unsent != Amount::default())
    }

    /// The counters of the periods that `now` is in.
    fn current(&mut self, now: Timestamp) -> impl Iterator<Item = &mut Counter> {
        self.counters.iter_mut().zip(Period::ALL).map(move |(counter, period)| {
            let first_day = period.first_day(now);
            if counter.first_day != first_day {
                *counter = Counter { first_day, ..Counter::default() };
            }
            counter
        })
    }

    /// What goes to the database now, by period: its first day and the amount.
    pub(super) fn send(&mut self, now: Timestamp) -> [(u64, Amount); Period::ALL.len()] {
        let mut sent = [(0, Amount::default()); Period::ALL.len()];
        for (place, counter) in sent.iter_mut().zip(self.current(now)) {
            *place = (counter.first_day, counter.unsent);
            counter.sent += counter.unsent;
            counter.unsent = Amount::default();
        }
        sent
    }

    /// What was sent of a period either arrived, and made the sum that is `known` now, or did not.
    pub(super) fn settle(&mut self, period: Period, sent: (u64, Amount), known: Option<Amount>) {
        let (first_day, amount) = sent;
        let counter = self.counters.get_mut(period as usize).filter(|counter| counter.first_day == first_day);
        let Some(counter) = counter else { return };
        counter.sent -= amount;
        match known {
            // Answers may overtake each other, and sums only grow.
            Some(known) => counter.known = counter.known.max(known),
            None => counter.unsent += amount,
        }
    }
}
