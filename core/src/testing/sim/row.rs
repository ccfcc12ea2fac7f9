//! Faults in a row, and what has to be held against something for them, as the documentation counts.

use std::collections::VecDeque;
use std::time::Duration;

use super::scenario::MODELS;
use crate::time::Timestamp;

/// What has to rest is tested until a success, or for an hour. A fault that was under way at an earlier one
/// does not begin the hour anew; none is so late by more than this is short of an hour.
const UNPROVEN_FOR: Duration = Duration::from_secs(45 * 60);
/// What was longer ago says nothing about now.
const RESULTS_COUNT_FOR: Duration = Duration::from_secs(15 * 60);
/// Overloads in a row that trip.
const OVERLOADS: u32 = 2;
/// Failures in a row that trip are so many more for each failure before them.
const FOR_EACH_BEFORE: u32 = 2;

/// How a breaker counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Failures in a row have to have tripped it.
    pub(super) trips_at: u32,
    /// It remembers so many results.
    pub(super) window: u32,
}

/// One attempt's end, as a breaker counts it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Result {
    pub(super) model: usize,
    pub(super) key: usize,
    pub(super) begun: Timestamp,
    pub(super) now: Timestamp,
}

/// A failure's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    /// It is of all that the breaker stands for, not of the key.
    pub(super) whole: bool,
    pub(super) overload: bool,
    pub(super) told: bool,
}

/// What is left alone after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// Whatever is, it is not the model alone.
    Here,
    /// The model alone may be: it failed often enough for that.
    MaybeModel,
    /// The model has to be: others were served since it began to fail.
    Model,
}

/// What one breaker was told.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    length: u32,
    overloads: u32,
    first: First,
    key: Option<usize>,
    whole: bool,
    /// Models that have to be left out, unless a success has closed the breaker since.
    pub(super) models: [Held; MODELS.len()],
    /// Since when it has to be tripped.
    pub(super) bad: Option<Timestamp>,
    failing: [Failing; MODELS.len()],
    /// When failures showed, of which a breaker counts no more than these.
    failures: VecDeque<Timestamp>,
    results: u64,
    /// Results up to this one may be forgotten.
    forgotten: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Failing {
    count: u32,
    /// The same where no breaker was closed, and when the last of them showed.
    most: u32,
    failed_at: Timestamp,
    first: First,
    last: Option<Last>,
    /// The number of a failure that may be the last.
    doubt: u64,
}

/// The first of failures in a row. A breaker that was closed, as far as anyone knows, may have forgotten those
/// before: there is one that is the first at the earliest, and one at the latest.
#[derive(Clone, Copy, Debug, Default)]
struct First {
    earliest: Option<Begin>,
    latest: Option<Begin>,
    /// The next may be the first.
    forgotten: bool,
}

#[derive(Clone, Copy, Debug)]
struct Begin {
    /// When the first of the attempts began.
    begun: Timestamp,
    /// When the first failure showed.
    showed: Timestamp,
}

/// The last result of a model.
#[derive(Clone, Copy, Debug)]
struct Last {
    number: u64,
    begun: Timestamp,
    at: Timestamp,
    failed: bool,
}

/// Something that may be used by tests alone, since a fault and until a success of an attempt that began
/// later than the faulty one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    begun: Timestamp,
    until: Timestamp,
    /// When the last fault showed that no success since has surely answered.
    showed: Option<Timestamp>,
}

impl Row {
    pub(super) fn fail(&mut self, result: &Result, failure: Failure, terms: Terms) -> Blame {
        let Terms { trips_at, window } = terms;
        let Result { model, key, begun, now } = *result;
        self.first.note(begun, now);
        if self.length == 0 {
            (self.key, self.whole) = (None, false);
        }
        self.length += 1;
        self.whole |= failure.whole || self.key.is_some_and(|other| other != key);
        self.key = Some(key);
        self.overloads = if failure.overload { self.overloads + 1 } else { 0 };
        while self.failures.front().is_some_and(|oldest| now.since(*oldest) > RESULTS_COUNT_FOR) {
            self.failures.pop_front();
        }
        self.failures.push_back(now);
        self.results += 1;
        let number = self.results;
        let Some(failing) = self.failing.get_mut(model) else { return Blame::Here };
        failing.count += 1;
        failing.most += 1;
        failing.failed_at = now;
        failing.first.note(begun, now);
        failing.last = Some(Last { number, begun, at: now, failed: true });
        let Failing { count, most, first, .. } = *failing;
        let blame = if most >= trips_at { Blame::MaybeModel } else { Blame::Here };
        if let Some(held) = self.models.get_mut(model).filter(|_| blame == Blame::MaybeModel) {
            held.may_strike(now);
        }
        if failure.told && failure.whole {
            self.bad.get_or_insert(now);
            return blame;
        }
        let others =
            || self.failing.iter().enumerate().filter(|(other, _)| *other != model).map(|(_, other)| other);
        let last = others().filter_map(|other| other.last).max_by_key(|last| last.number);
        let serves = |since: Option<Begin>| {
            last.zip(since).is_some_and(|(last, since)| {
                !last.failed && last.begun >= since.begun && now.since(last.at) <= RESULTS_COUNT_FOR
            })
        };
        let doubted = others().any(|other| other.doubt > last.map_or(0, |last| last.number));
        let remembered =
            last.is_some_and(|last| last.number > self.forgotten && number - last.number < u64::from(window));
        let (may, sure) = (serves(first.earliest), serves(first.latest) && remembered && !doubted);
        if self.bad.is_none() && may {
            if most < trips_at {
                return blame;
            }
            // Where `count` is less: whoever closed no breaker meanwhile has left the model out by now.
            let surely = sure && count >= trips_at;
            (self.length, self.overloads) = (0, 0);
            self.first.forget(surely);
            if let Some(failing) = self.failing.get_mut(model) {
                failing.count = 0;
                failing.first.forget(surely);
                (failing.last, failing.doubt) = (None, if surely { 0 } else { number });
            }
            if !surely {
                return blame;
            }
            if let Some(model) = self.models.get_mut(model) {
                model.strike(begun, now);
            }
            return Blame::Model;
        }
        let failures = u32::try_from(self.failures.len()).unwrap_or(u32::MAX);
        let before = failures.saturating_sub(self.length);
        let row = self.length >= trips_at + before * FOR_EACH_BEFORE;
        if self.whole && (row || self.overloads >= OVERLOADS) {
            self.bad.get_or_insert(now);
        }
        blame
    }

    /// A failure that may have been another's to count.
    pub(super) fn may_fail(&mut self, result: &Result, Terms { trips_at, .. }: Terms) {
        let Result { model, begun, now, .. } = *result;
        self.overloads = 0;
        self.failures.push_back(now);
        self.first.note(begun, now);
        self.first.forget(false);
        let Some(failing) = self.failing.get_mut(model) else { return };
        failing.most += 1;
        failing.failed_at = now;
        failing.first.note(begun, now);
        failing.first.forget(false);
        self.results += 1;
        failing.doubt = self.results;
        if failing.most >= trips_at {
            (self.length, failing.count) = (0, 0);
            self.models.get_mut(model).into_iter().for_each(|held| held.may_strike(now));
        }
    }

    /// Whether a model may be left out for failing alone.
    pub(super) fn may_leave_out(&self, model: usize, Terms { trips_at, .. }: Terms) -> bool {
        self.models.get(model).is_some_and(Held::may_hold)
            || self.failing.get(model).is_some_and(|failing| failing.most >= trips_at)
    }

    /// All of it may be forgotten by now, and may not be.
    pub(super) fn doubt(&mut self) {
        (self.length, self.overloads, self.bad) = (0, 0, None);
        self.forgotten = self.results;
        self.models.iter_mut().for_each(Held::doubt);
        self.first.forget(false);
        for failing in &mut self.failing {
            failing.count = 0;
            failing.first.forget(false);
        }
    }

    /// Something served `content_at`; where that may have closed an open breaker, all is forgotten.
    pub(super) fn succeed(&mut self, result: &Result, content_at: Timestamp, may_close: bool) {
        let Result { model, begun, .. } = *result;
        // What began in the very moment of a failure counts as begun after it.
        let at_once =
            self.failures.iter().rev().take_while(|failed| **failed >= begun).any(|failed| *failed == begun);
        let closes = may_close || at_once || self.bad.is_some_and(|since| begun >= since);
        // A test that failed may have opened it anew, but none later than the last failure.
        if self.bad.and_then(|_| self.failures.back()).is_some_and(|last| begun >= *last) {
            self.failures.clear();
        }
        let (number, at) = (self.results + 1, result.now);
        self.results = number;
        if self.first.end(content_at, closes) {
            (self.length, self.overloads) = (0, 0);
        }
        for (other, failing) in self.failing.iter_mut().enumerate() {
            let own = other == model;
            // What was counted anew since a breaker closed ends with its last failure at the latest.
            if own && content_at >= failing.failed_at {
                failing.most = 0;
            }
            if own {
                failing.last = Some(Last { number, begun, at, failed: false });
            }
            let content_at = if own { content_at } else { Timestamp::default() };
            if failing.first.end(content_at, closes) {
                failing.count = 0;
            }
        }
        self.bad = self.bad.filter(|_| !closes);
        if closes {
            self.models.iter_mut().for_each(Held::doubt);
            self.forgotten = number;
        }
    }
}

impl First {
    fn note(&mut self, begun: Timestamp, now: Timestamp) {
        let from = |known: Option<Begin>| {
            known.map_or(Begin { begun, showed: now }, |known| Begin {
                begun: known.begun.min(begun),
                ..known
            })
        };
        self.earliest = Some(from(self.earliest));
        self.latest = Some(from(self.latest.filter(|_| !self.forgotten)));
        self.forgotten = false;
    }

    fn forget(&mut self, surely: bool) {
        self.forgotten = true;
        if surely {
            (self.earliest, self.latest) = (None, None);
        }
    }

    /// Whether they may be over by what served `content_at`, or by a breaker that it closed.
    fn end(&mut self, content_at: Timestamp, closes: bool) -> bool {
        let Some((earliest, latest)) = self.earliest.zip(self.latest) else { return true };
        let over = content_at >= earliest.showed || closes;
        if over {
            self.forget(content_at >= latest.showed);
        }
        over
    }
}

impl Held {
    pub(super) fn strike(&mut self, begun: Timestamp, now: Timestamp) {
        // One of several may have begun by a clock that is ahead.
        let begun = begun.min(now);
        self.begun = if self.holds(now) { self.begun.min(begun) } else { begun };
        (self.until, self.showed) = (now + UNPROVEN_FOR, Some(now));
    }

    /// A fault that may have been held against something else.
    fn may_strike(&mut self, now: Timestamp) {
        self.showed = Some(now);
    }

    pub(super) fn forgive(&mut self, begun: Timestamp) {
        let showed = self.showed.filter(|showed| begun < *showed);
        if begun >= self.begun {
            *self = Self { showed, ..Self::default() };
        }
    }

    /// What may be forgotten by now.
    pub(super) fn doubt(&mut self) {
        *self = Self { showed: self.showed, ..Self::default() };
    }

    /// Whether it may be tests alone that it is used by.
    pub(super) const fn may_hold(&self) -> bool {
        self.showed.is_some()
    }

    pub(super) fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }
}
