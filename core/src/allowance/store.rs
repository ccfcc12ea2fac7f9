//! What client keys have used, in the database that all instances share.
//!
//! Each adds what it counted, and reads the sums that this makes with what the others added.

use super::{Allowance, Allowances, Amount};
use crate::config::ClientKeyId;
use crate::config::budget::Period;
use crate::database::{Row, Statement};
use crate::time::Timestamp;

const ADD: &str = "INSERT INTO spending (client_key, period, first_day, tokens, cost, last_used) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
    ON CONFLICT (client_key, period) DO UPDATE SET \
    tokens = CASE WHEN first_day = excluded.first_day THEN tokens ELSE 0 END + excluded.tokens, \
    cost = CASE WHEN first_day = excluded.first_day THEN cost ELSE 0 END + excluded.cost, \
    last_used = max(last_used, excluded.last_used), first_day = excluded.first_day \
    WHERE first_day <= excluded.first_day RETURNING tokens, cost, last_used";

/// How long the database's sums are taken for true.
const FRESH_MS: u64 = 5_000;
/// Between two writes.
const PACE_MS: u64 = 1_000;
/// A database that failed is left alone for so long.
const REST_MS: u64 = 5_000;
/// Keys of one write; the others have to wait for the next.
pub const MOST: usize = 100;

/// What is on its way to the database.
#[derive(Debug)]
#[must_use]
pub struct Sync(Vec<(ClientKeyId, [(u64, Amount); Period::ALL.len()])>);

/// When the database is asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    next: Timestamp,
    rests_until: Timestamp,
}

impl Allowances {
    /// Whether the sums of `key` are too old, or were never read.
    pub fn is_stale(&self, key: &ClientKeyId, now: Timestamp) -> bool {
        let synced_at = self.keys.get(key).and_then(|allowance| allowance.synced_at);
        let fresh = synced_at.is_some_and(|at| now.since(at).as_millis() < u128::from(FRESH_MS));
        !fresh && now >= self.pace.rests_until
    }

    /// Whether it is time to write what was counted.
    pub fn is_due(&self, now: Timestamp) -> bool {
        now >= self.pace.next.max(self.pace.rests_until)
    }

    /// What to run in one transaction, for `keys`, or for all that have something to add where none is named;
    /// `None`: nothing.
    pub fn begin_sync(&mut self, keys: &[ClientKeyId], now: Timestamp) -> Option<(Sync, Vec<Statement>)> {
        for key in keys {
            self.keys.entry(key.clone()).or_default();
        }
        self.pace.next = now + std::time::Duration::from_millis(PACE_MS);
        let wanted = |(id, allowance): &(&ClientKeyId, &mut Allowance)| {
            if keys.is_empty() { allowance.spending.has_unsent() } else { keys.contains(id) }
        };
        let wanted = self.keys.iter_mut().filter(wanted).take(MOST);
        let sent: Vec<_> = wanted.map(|(id, allowance)| (id.clone(), allowance.spending.send(now))).collect();
        let statements = sent.iter().flat_map(|(id, periods)| {
            let last_used = self.keys.get(id).and_then(|one| one.spending.last_used());
            let last_used = last_used.unwrap_or_default().as_millis();
            periods.iter().zip(Period::ALL).map(move |((first_day, amount), period)| {
                let statement = Statement::new(ADD).bind(id.as_str()).bind(period.as_str()).bind(*first_day);
                statement.bind(amount.tokens).bind(amount.micros).bind(last_used)
            })
        });
        let statements: Vec<_> = statements.collect();
        (!statements.is_empty()).then_some((Sync(sent), statements))
    }

    /// The transaction's answers; `None`: it did not come about, and is to be tried again.
    pub fn end_sync(&mut self, sync: Sync, answers: Option<Vec<Vec<Row>>>, now: Timestamp) {
        let failed = answers.is_none();
        if failed {
            self.pace.rests_until = now + std::time::Duration::from_millis(REST_MS);
        }
        let mut answers = answers.unwrap_or_default().into_iter();
        for (id, periods) in sync.0 {
            let Some(allowance) = self.keys.get_mut(&id) else { continue };
            if !failed {
                allowance.synced_at = Some(now);
            }
            for (sent, period) in periods.into_iter().zip(Period::ALL) {
                let told = answers.next().and_then(|rows| read(rows.into_iter().next()?));
                let (known, last_used) = told.unwrap_or_default();
                allowance.spending.settle(period, sent, (!failed).then_some(known));
                if last_used > Timestamp::default() {
                    allowance.spending.used_at(last_used);
                }
            }
        }
    }
}

fn read(row: Row) -> Option<(Amount, Timestamp)> {
    let mut columns = row.columns();
    let amount = Amount { tokens: columns.next().ok()?, micros: columns.next().ok()? };
    Some((amount, columns.next().ok()?))
}
