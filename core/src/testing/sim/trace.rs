//! The last things that happened, for who looks into a breach.

use std::collections::VecDeque;
use std::fmt;

use super::Change;
use super::policy::{Choice, Loss};
use crate::schedule::{Class, Outcome, Rule};

/// The last events of a run; a silent one keeps none.
#[derive(Clone, Debug)]
pub struct Trace {
    kept: VecDeque<(u64, Note)>,
    room: usize,
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub(super) enum Note {
    Leased { request: u32, place: Place, model: usize, rule: Option<Rule>, probe: bool },
    Reported { request: u32, place: Place, class: Class, retry_after: Option<u64> },
    Lost { request: u32, loss: Loss },
    Left { request: u32 },
    Changed(Change),
}

/// A channel by its plan, a key and an endpoint by position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    plan: usize,
    key: usize,
    endpoint: usize,
}

impl Trace {
    pub const fn silent() -> Self {
        Self { kept: VecDeque::new(), room: 0 }
    }

    /// Keeps the last `room` events.
    pub fn of(room: usize) -> Self {
        Self { kept: VecDeque::with_capacity(room), room }
    }

    pub(super) fn note(&mut self, at: u64, note: Note) {
        if self.room == 0 {
            return;
        }
        if self.kept.len() >= self.room {
            self.kept.pop_front();
        }
        self.kept.push_back((at, note));
    }
}

impl Note {
    pub(super) fn leased(request: u32, plan: usize, model: usize, choice: &Choice) -> Self {
        let rule = choice.lease.as_ref().map(|lease| lease.rule);
        let probe = choice.lease.as_ref().is_some_and(|lease| lease.probe);
        Self::Leased { request, place: Place::of(plan, choice), model, rule, probe }
    }

    pub(super) fn reported(request: u32, plan: usize, choice: &Choice, outcome: &Outcome) -> Self {
        let retry_after = outcome.retry_after.map(|wait| wait.as_secs());
        Self::Reported { request, place: Place::of(plan, choice), class: outcome.class, retry_after }
    }
}

impl Place {
    const fn of(plan: usize, choice: &Choice) -> Self {
        Self { plan, key: choice.key, endpoint: choice.endpoint }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "channel {} key {} endpoint {}", self.plan, self.key, self.endpoint)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kept.iter().try_for_each(|(at, note)| {
            write!(f, "{:>10}.{:03} s  ", at / 1_000, at % 1_000)?;
            match note {
                Note::Leased { request, place, model, rule, probe } => {
                    let probe = if *probe { ", a probe" } else { "" };
                    writeln!(f, "request {request} for model {model} goes to {place} by {rule:?}{probe}")
                }
                Note::Reported { request, place, class, retry_after } => {
                    let told = retry_after.map(|secs| format!(", retry after {secs} s")).unwrap_or_default();
                    writeln!(f, "request {request} at {place}: {class:?}{told}")
                }
                Note::Lost { request, loss } => writeln!(f, "request {request} is lost: {loss:?}"),
                Note::Left { request } => writeln!(f, "request {request}: its client leaves"),
                Note::Changed(change) => writeln!(f, "the operator: {change:?}"),
            }
        })
    }
}
