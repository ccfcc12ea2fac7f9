//! What goes wrong with an upstream, and what its owner limits.

use std::time::Duration;

use super::draw::Draw;
use super::upstream::{Answer, Call};
use crate::schedule::{Class, Scope};

/// A time of failure; with a period it comes back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trouble {
    pub(super) reach: Reach,
    pub(super) from: u64,
    pub(super) until: u64,
    pub(super) every: u64,
    pub(super) fault: Fault,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Reach {
    All,
    Key(usize),
    Model(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) class: Class,
    pub(super) scope: Scope,
    pub(super) takes: u64,
    /// Whether it says when to come back.
    pub(super) tells: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub(super) class: Class,
    pub(super) scope: Scope,
    pub(super) tells: bool,
    pub(super) budget: u64,
    /// A budget is back after so long: a whole one at once, or a part for each part of the time.
    pub(super) period: u64,
    pub(super) steady: bool,
    /// Of each key; one alone where all keys draw on one account.
    pub(super) spent: Vec<Spent>,
}

/// A budget's use, in calls times the period.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    pub(super) used: u64,
    pub(super) at: u64,
}

pub(super) const FOREVER: u64 = u64::MAX;
/// Longer than any gateway waits.
pub(super) const SILENCE: u64 = 1_000_000;

impl Trouble {
    pub(super) const fn reaches(&self, key: usize, model: usize) -> bool {
        match self.reach {
            Reach::All => true,
            Reach::Key(bad) => bad == key,
            Reach::Model(bad) => bad == model,
        }
    }

    /// Until when, while it lasts.
    pub(super) const fn active(&self, at: u64) -> Option<u64> {
        let Some(into) = at.checked_sub(self.from) else { return None };
        let turn = at - into % self.every;
        let until = turn.saturating_add(self.until - self.from);
        if at < until { Some(until) } else { None }
    }

    pub(super) const fn last_end(&self, at: u64) -> Option<u64> {
        let Some(into) = at.checked_sub(self.from) else { return None };
        Some((at - into % self.every).saturating_add(self.until - self.from))
    }
}

impl Fault {
    pub(super) const fn at_channel(class: Class, takes: u64, tells: bool) -> Self {
        Self { class, scope: Scope::Channel, takes, tells }
    }

    pub(super) fn timeout(draw: &mut Draw) -> Self {
        Self::at_channel(Class::Transport, draw.between(2_000, 10_000), false)
    }

    pub(super) fn refused(draw: &mut Draw) -> Self {
        Self::at_channel(Class::Transport, draw.between(1, 50), false)
    }

    pub(super) fn overload(draw: &mut Draw) -> Self {
        let tells = draw.one_in(3);
        Self::at_channel(Class::Overload, draw.between(20, 3_000), tells)
    }

    pub(super) const fn silence() -> Self {
        Self::at_channel(Class::Transport, SILENCE, false)
    }

    pub(super) fn auth(draw: &mut Draw) -> Self {
        Self { class: Class::Auth, scope: Scope::Key, takes: draw.between(50, 400), tells: false }
    }

    pub(super) fn hard(draw: &mut Draw) -> Self {
        match draw.below(4) {
            0 => Self::timeout(draw),
            1 => Self::refused(draw),
            2 => Self::overload(draw),
            _ => Self::at_channel(Class::ServerError, draw.between(20, 2_000), false),
        }
    }

    pub(super) fn of_model(draw: &mut Draw) -> Self {
        let class = match draw.below(3) {
            0 => Class::ModelUnavailable,
            1 => Class::ServerError,
            _ => Class::BadAnswer,
        };
        Self { class, scope: Scope::Model, takes: draw.between(20, 2_000), tells: false }
    }

    /// Where nothing says how far it reaches, a server's error may be one of a key; and a bad key's a server's.
    pub(super) fn blame_key(&mut self) {
        match (self.class, self.scope) {
            (Class::ServerError | Class::BadAnswer, Scope::Channel) => self.scope = Scope::Key,
            (Class::Auth, _) => self.class = Class::ServerError,
            _ => {}
        }
    }

    pub(super) fn answer(&self, luck: &mut Draw, left: u64) -> Answer {
        let takes = if self.takes >= SILENCE { SILENCE } else { luck.around(self.takes) };
        let retry_after = self.tells.then(|| Duration::from_millis(left.saturating_sub(takes)));
        Answer { class: self.class, scope: self.scope, takes, retry_after, end: self.class }
    }
}

impl Limit {
    pub(super) fn bucket(budget: u64, period: u64, keys: usize, draw: &mut Draw) -> Self {
        let (class, scope, spent) = (Class::Rate, Scope::Key, vec![Spent::default(); keys]);
        Self { class, scope, tells: draw.one_in(2), budget, period, steady: true, spent }
    }

    pub(super) fn quota(budget: u64, period: u64, keys: usize, draw: &mut Draw) -> Self {
        let shared = draw.one_in(2);
        let scope = if shared { Scope::Account } else { Scope::Key };
        let spent = vec![Spent::default(); if shared { 1 } else { keys }];
        Self { class: Class::Quota, scope, tells: draw.one_in(2), budget, period, steady: false, spent }
    }

    /// Used at `at`, and when the next call is free.
    pub(super) fn used(&self, key: usize, at: u64) -> (u64, u64) {
        let spent = self.spent.get(key).or_else(|| self.spent.last()).copied().unwrap_or_default();
        let full = self.budget * self.period;
        if self.steady {
            let used = spent.used.saturating_sub((at - spent.at.min(at)) * self.budget);
            let over = (used + self.period).saturating_sub(full);
            (used, at + over.div_ceil(self.budget.max(1)))
        } else {
            let turn = at - at % self.period;
            let used = if spent.at < turn { 0 } else { spent.used };
            (used, if used < full { at } else { turn + self.period })
        }
    }

    pub(super) fn refusal(&self, call: &Call) -> Option<Answer> {
        let (_, free) = self.used(call.key, call.at);
        let retry_after = self.tells.then(|| Duration::from_millis(free.saturating_sub(call.at)));
        let Self { class, scope, .. } = *self;
        (free > call.at).then_some(Answer { class, scope, takes: 150, retry_after, end: class })
    }

    pub(super) fn spend(&mut self, call: &Call) {
        let (used, _) = self.used(call.key, call.at);
        let position = call.key.min(self.spent.len().saturating_sub(1));
        if let Some(spent) = self.spent.get_mut(position) {
            *spent = Spent { used: used + self.period, at: call.at };
        }
    }
}

pub(super) const HOUR: u64 = 3_600_000;
