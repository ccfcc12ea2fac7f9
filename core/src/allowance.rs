//! What client keys have used, and what they may still: limits per minute and at once, budgets per period.
//!
//! Pure: the time is an argument. What a request may come to use is reserved while it is under way, so that requests
//! side by side cannot use up one budget twice. A budget is passed by no more than what its last request uses
//! beyond its reservation.

mod amount;
mod spending;
mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::config::budget::{Budget, Period};
use crate::config::client_key::ClientKey;
use crate::config::{ClientKeyId, Limits};
use crate::schedule::meter::{Meter, Room};
use crate::time::Timestamp;

pub use self::amount::Amount;
pub use self::spending::Spending;
pub use self::store::{MOST, Sync};

/// Below this part of a budget, others have to agree to each request.
const MARGIN: u64 = 8;

/// Of all client keys that have asked for something.
#[derive(Debug, Default)]
pub struct Allowances {
    /// Tells the claims of this process from those of others.
    holder: String,
    keys: BTreeMap<ClientKeyId, Allowance>,
    pace: store::Pace,
}

/// What a request may come to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Tokens of the prompt, rather too few than too many.
    pub prompt: u32,
    /// Prompt and answer at most, as far as that is known.
    pub most: Amount,
}

/// A request under way. It is settled exactly once.
#[derive(Debug)]
#[must_use]
pub struct Admission {
    key: ClientKeyId,
    at: Timestamp,
    /// Of every budget; `None` where the request is free.
    reserved: Option<Amount>,
    /// Of the limit on tokens per minute.
    counted: u32,
}

/// Why a key may not ask now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A limit on requests or tokens is reached: until then, where that is known.
    Limit(Option<Timestamp>),
    /// The budget of this period is used up; the next period begins then, if one does.
    Spent(Period, Option<Timestamp>),
    /// What is left of the budget of this period may go to requests under way.
    Reserved(Period),
}

#[derive(Debug)]
struct Allowance {
    meter: Meter,
    in_flight: u32,
    reserved: Amount,
    /// What other processes reserve, as they claimed it.
    others: Amount,
    /// Whether the others know of a claim of this process.
    claimed: bool,
    /// The most that a request has used lately; `None` before the first has told.
    usual: Option<Amount>,
    spending: Spending,
    /// When the database told what others have used.
    synced_at: Option<Timestamp>,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            meter: Meter::told(),
            in_flight: 0,
            reserved: Amount::default(),
            others: Amount::default(),
            claimed: false,
            usual: None,
            spending: Spending::default(),
            synced_at: None,
        }
    }
}

impl Allowances {
    /// Of a process that no other is named like.
    pub fn of(holder: String) -> Self {
        Self { holder, ..Self::default() }
    }

    /// Lets a request of `key` begin. `expected` is `None` for what no vendor bills.
    ///
    /// # Errors
    /// Why it may not begin now.
    pub fn admit(
        &mut self,
        key: &ClientKey,
        expected: Option<Expected>,
        now: Timestamp,
    ) -> Result<Admission, Refused> {
        let allowance = self.keys.entry(key.id.clone()).or_default();
        let prompt = expected.map_or(0, |expected| expected.prompt);
        allowance.check_limits(&key.limits, prompt, now)?;
        let reserved = expected.map(|expected| allowance.reservation(expected));
        if let Some(reserved) = reserved {
            let none = Amount::default();
            key.budgets.iter().try_for_each(|budget| allowance.check_budget(budget, reserved, none, now))?;
        }
        allowance.in_flight += 1;
        allowance.reserved += reserved.unwrap_or_default();
        allowance.spending.used_at(now);
        let counted = allowance.meter.start(prompt, now);
        Ok(Admission { key: key.id.clone(), at: now, reserved, counted })
    }

    /// Whether so little is left of a budget that others have to agree: `admission` is to be claimed, and
    /// [confirmed](Self::confirm) then.
    pub fn is_tight(&self, key: &ClientKey, admission: &Admission, now: Timestamp) -> bool {
        let Some(allowance) = self.keys.get(&key.id).filter(|_| admission.reserved.is_some()) else {
            return false;
        };
        key.budgets.iter().any(|budget| {
            let most = most(budget);
            let spent = allowance.spending.of(budget.period, now);
            !(spent + allowance.reserved + margin(most)).is_within(most)
        })
    }

    /// Whether `admission` still holds beside what others have claimed and used. It is to be settled either way.
    ///
    /// # Errors
    /// Why it does not.
    pub fn confirm(&mut self, key: &ClientKey, admission: &Admission, now: Timestamp) -> Result<(), Refused> {
        let Some(allowance) = self.keys.get_mut(&key.id) else { return Ok(()) };
        let (reserved, others) = (admission.reserved.unwrap_or_default(), allowance.others);
        allowance.in_flight = allowance.in_flight.saturating_sub(1);
        allowance.reserved -= reserved;
        let mut budgets = key.budgets.iter();
        let confirmed = budgets.try_for_each(|budget| allowance.check_budget(budget, reserved, others, now));
        allowance.in_flight += 1;
        allowance.reserved += reserved;
        confirmed
    }

    /// Learns what an admitted request used; `None`: nobody told. One that `served` then counts as it was expected
    /// to, any other nothing.
    pub fn settle(&mut self, admission: &Admission, served: bool, used: Option<Amount>, now: Timestamp) {
        let Some(allowance) = self.keys.get_mut(&admission.key) else { return };
        let Admission { at, reserved, counted, .. } = *admission;
        allowance.in_flight = allowance.in_flight.saturating_sub(1);
        allowance.reserved -= reserved.unwrap_or_default();
        allowance.meter.settle(counted, at, served, used.map(|used| used.tokens), now);
        if let Some(used) = used {
            let usual = allowance.usual.unwrap_or_default();
            allowance.usual = Some((usual - usual / 8).max(used));
        }
        let counts = used.or_else(|| reserved.filter(|_| served)).unwrap_or_default();
        allowance.spending.add(counts, now);
    }

    /// What a key has used; `None`: nothing that anybody remembers.
    pub fn spending(&self, key: &ClientKeyId) -> Option<&Spending> {
        self.keys.get(key).map(|allowance| &allowance.spending)
    }
}

/// Of what is limited.
fn margin(most: Amount) -> Amount {
    let part = |most: u64| if most == u64::MAX { 0 } else { most / MARGIN };
    Amount { tokens: part(most.tokens), micros: part(most.micros) }
}

fn most(budget: &Budget) -> Amount {
    let Budget { tokens, cost_micros, .. } = *budget;
    Amount { tokens: tokens.unwrap_or(u64::MAX), micros: cost_micros.unwrap_or(u64::MAX) }
}

impl Allowance {
    fn check_limits(&self, limits: &Limits, prompt: u32, now: Timestamp) -> Result<(), Refused> {
        match self.meter.room(limits, self.in_flight, prompt, now) {
            Room::Places(_) => Ok(()),
            Room::Full(until) => Err(Refused::Limit(until)),
        }
    }

    fn check_budget(
        &self,
        budget: &Budget,
        reserved: Amount,
        others: Amount,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let (period, most) = (budget.period, most(budget));
        let spent = self.spending.of(period, now);
        if spent.tokens >= most.tokens || spent.micros >= most.micros {
            return Err(Refused::Spent(period, period.ends(now)));
        }
        // Alone, a request goes that may need more than is left; else the rest would never be used.
        let fits = (spent + others + self.reserved + reserved).is_within(most);
        let alone = self.in_flight == 0 && others == Amount::default();
        if fits || alone { Ok(()) } else { Err(Refused::Reserved(period)) }
    }

    /// What requests of this key use as a rule, and at least the prompt.
    fn reservation(&self, expected: Expected) -> Amount {
        let Expected { prompt, most } = expected;
        let usual = |usual: Amount| usual.max(Amount { tokens: prompt.into(), micros: 0 });
        self.usual.map_or(most, usual)
    }
}
