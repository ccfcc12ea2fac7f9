//! What one client key has used, by period.

use std::ops::{Add, AddAssign, Div, Sub, SubAssign};

use crate::config::budget::Period;
use crate::time::Timestamp;

/// Of tokens and of money. Sums do not overflow and differences do not go below nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    pub tokens: u64,
    /// Millionths of a US dollar.
    pub micros: u64,
}

impl Amount {
    /// The larger of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { tokens: self.tokens.max(other.tokens), micros: self.micros.max(other.micros) }
    }

    pub const fn is_within(self, most: Self) -> bool {
        self.tokens <= most.tokens && self.micros <= most.micros
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            micros: self.micros.saturating_add(other.micros),
        }
    }
}

impl Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(other.tokens),
            micros: self.micros.saturating_sub(other.micros),
        }
    }
}

impl Div<u64> for Amount {
    type Output = Self;

    fn div(self, by: u64) -> Self {
        let part = |whole: u64| whole.checked_div(by).unwrap_or(whole);
        Self { tokens: part(self.tokens), micros: part(self.micros) }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// What was used in the current period of each kind.
#[derive(Clone, Debug, Default)]
pub struct Spending {
    /// In the order of [`Period::ALL`].
    counters: [Counter; Period::ALL.len()],
    last_used: Option<Timestamp>,
}

/// A sum that begins anew with its period.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    first_day: u64,
    sum: Amount,
}

impl Spending {
    /// In the period that `now` is in.
    pub fn of(&self, period: Period, now: Timestamp) -> Amount {
        let first_day = period.first_day(now);
        let counter = self.counters.get(period as usize).filter(|counter| counter.first_day == first_day);
        counter.map_or_else(Amount::default, |counter| counter.sum)
    }

    /// When a request began last.
    pub const fn last_used(&self) -> Option<Timestamp> {
        self.last_used
    }

    pub(super) fn used_at(&mut self, now: Timestamp) {
        self.last_used = self.last_used.max(Some(now));
    }

    pub(super) fn add(&mut self, amount: Amount, now: Timestamp) {
        for (counter, period) in self.counters.iter_mut().zip(Period::ALL) {
            let first_day = period.first_day(now);
            if counter.first_day != first_day {
                *counter = Counter { first_day, sum: Amount::default() };
            }
            counter.sum += amount;
        }
    }
}
