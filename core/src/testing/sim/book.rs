//! What has to be held against a channel: where nothing but tests may go.

use super::policy::Report;
use super::row::{Blame, Failure, Held, Result, Row, Terms};
use super::scenario::{MAX_KEYS, MODELS};
use crate::schedule::{Class, Lease, Rule, Scope};
use crate::time::Timestamp;

/// Of one channel; rows and tests are of its two protocols.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    rows: [Row; 2],
    models: [Held; MODELS.len()],
    account: Held,
    keys: [KeyBook; MAX_KEYS],
    /// The test of each tripped breaker, when it began, and when the last one failed.
    tests: [Test; 2],
}

#[derive(Clone, Debug, Default)]
struct KeyBook {
    rows: [Row; 2],
    models: [Held; MODELS.len()],
    rests: Held,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Test {
    pub(super) under_way: Option<(u64, Timestamp)>,
    pub(super) failed_at: Option<Timestamp>,
}

/// Where an attempt was, as positions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub(super) key: usize,
    pub(super) way: usize,
    pub(super) model: usize,
}

impl Book {
    /// Why only tests may go there.
    pub(super) fn bars(&self, spot: Spot, now: Timestamp) -> Option<&'static str> {
        let key = self.keys.get(spot.key)?;
        let holds = |models: &[Held]| models.get(spot.model).is_some_and(|model| model.holds(now));
        let tripped = |rows: &[Row]| rows.get(spot.way).is_some_and(|row| row.bad.is_some());
        // Over this protocol alone: another breaker may have been open by the rate of its failures.
        let fails_alone = |rows: &[Row]| rows.get(spot.way).is_some_and(|row| holds(&row.models));
        [
            (tripped(&self.rows), "the channel is tripped"),
            (tripped(&key.rows), "the key is tripped"),
            (fails_alone(&self.rows), "the model fails alone"),
            (fails_alone(&key.rows), "the key's model fails alone"),
            (holds(&self.models), "the model is refused"),
            (holds(&key.models), "the key's model is refused"),
            (key.rests.holds(now), "the key rests"),
            (self.account.holds(now), "the account rests"),
        ]
        .into_iter()
        .find_map(|(barred, why)| barred.then_some(why))
    }

    /// The test of the tripped breaker over all keys.
    pub(super) fn test(&self, way: usize) -> Option<&Test> {
        let tripped = self.rows.get(way).is_some_and(|row| row.bad.is_some());
        self.tests.get(way).filter(|_| tripped)
    }

    /// What was held against it may be forgotten by now, and may not be.
    pub(super) fn doubt(&mut self) {
        self.rows.iter_mut().for_each(Row::doubt);
        self.models.iter_mut().for_each(Held::doubt);
        for key in &mut self.keys {
            key.rows.iter_mut().for_each(Row::doubt);
            key.models.iter_mut().for_each(Held::doubt);
            key.rests = Held::default();
        }
        (self.account, self.tests) = (Held::default(), <[Test; 2]>::default());
    }

    pub(super) fn lend(&mut self, way: usize, lease: &Lease, now: Timestamp) {
        let tripped = self.rows.get(way).is_some_and(|row| row.bad.is_some());
        if let Some(test) = self.tests.get_mut(way).filter(|_| tripped && lease.probe) {
            test.under_way = Some((lease.id, now));
        }
    }

    /// Takes in the end of an attempt; what is left alone for it. `own`: it was lent here, and as a test
    /// would have failed then.
    pub(super) fn report(
        &mut self,
        report: &Report<'_>,
        spot: Spot,
        own: Option<Timestamp>,
        terms: Terms,
    ) -> Option<Blame> {
        let lease = report.choice.lease.as_ref()?;
        let (outcome, now, begun) = (report.outcome, report.now, lease.acquired_at);
        let result = Result { model: spot.model, key: spot.key, begun, now };
        let test = self.tests.get_mut(spot.way)?;
        let tested = own.is_some() && test.under_way.is_some_and(|(id, _)| id == lease.id);
        // What a pinned attempt comes to may open it anew: what was tested before says nothing then.
        test.under_way = test.under_way.filter(|_| !tested && lease.rule != Rule::Pin);
        let key = self.keys.get_mut(spot.key)?;
        let class = outcome.class;
        if class == Class::Success {
            let content_at = outcome.first_content.map_or(now, |took| begun + took);
            let may_close = lease.probe || lease.rule == Rule::Pin || own.is_none();
            for row in [self.rows.get_mut(spot.way)?, key.rows.get_mut(spot.way)?] {
                row.succeed(&result, content_at, may_close);
            }
            let rows = self.rows.iter_mut().chain(&mut key.rows).map(|row| &mut row.models);
            for models in rows.chain([&mut self.models, &mut key.models]) {
                models.get_mut(spot.model)?.forgive(begun);
            }
            key.rests.forgive(begun);
            self.account.forgive(begun);
            if self.rows.get(spot.way)?.bad.is_none() {
                self.tests = self.tests.map(|_| Test::default());
            }
            return None;
        }
        if class.blames_key() {
            let grouped = lease.key().is_some_and(|key| key.quota_group.is_some());
            let held = match outcome.scope {
                Scope::Model => key.models.get_mut(spot.model)?,
                Scope::Account if grouped => &mut self.account,
                _ => &mut key.rests,
            };
            held.strike(begun, now);
            return Some(if outcome.scope == Scope::Model { Blame::Model } else { Blame::Here });
        }
        if !class.blames_channel() {
            return None;
        }
        let whole = outcome.scope == Scope::Channel;
        let told = outcome.retry_after.is_some();
        // The test of a model that is left out says nothing of the others.
        let mut rows = self.rows.iter().chain(&key.rows);
        let retested = lease.probe
            && (rows.any(|row| row.may_leave_out(spot.model, terms))
                || self.models.get(spot.model)?.may_hold()
                || key.models.get(spot.model)?.may_hold());
        let failure = Failure { whole, overload: class == Class::Overload, told };
        let mut blame = if outcome.scope == Scope::Model {
            Blame::Model
        } else if retested && !told {
            self.rows.get_mut(spot.way)?.may_fail(&result, terms);
            Blame::MaybeModel
        } else {
            self.rows.get_mut(spot.way)?.fail(&result, failure, terms)
        };
        if outcome.scope == Scope::Model {
            self.models.get_mut(spot.model)?.strike(begun, now);
        } else if !whole {
            let row = key.rows.get_mut(spot.way)?;
            match blame {
                Blame::Here => blame = row.fail(&result, Failure { whole: true, ..failure }, terms),
                Blame::MaybeModel => row.may_fail(&result, terms),
                Blame::Model => {}
            }
        }
        if tested && whole && lease.rule != Rule::LastResort {
            // Of a model that is left out, what was seen since the test began may count for more than its end.
            let failed_at = if blame == Blame::Here { own } else { Some(begun) };
            self.tests.get_mut(spot.way)?.failed_at = failed_at;
        }
        Some(blame)
    }
}
