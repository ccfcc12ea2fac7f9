//! What client keys have used, in the database that all instances share.
//!
//! Each adds what it counted, and reads the sums that this makes with what the others added.

use std::time::Duration;

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

const CLAIM: &str = "INSERT INTO claim (client_key, holder, tokens, cost, until) VALUES (?1, ?2, ?3, ?4, ?5) \
    ON CONFLICT (client_key, holder) DO UPDATE SET \
    tokens = excluded.tokens, cost = excluded.cost, until = excluded.until";
const GIVE_UP: &str = "DELETE FROM claim WHERE client_key = ?1 AND (holder = ?2 OR until <= ?3)";
const OTHERS: &str = "SELECT ifnull(sum(tokens), 0), ifnull(sum(cost), 0), 0 FROM claim \
    WHERE client_key = ?1 AND holder <> ?2 AND until > ?3";

/// A process that ends without a word gives its claims up so late.
const CLAIM_LASTS: Duration = Duration::from_secs(300);
/// How long the database's sums are taken for true.
const FRESH: Duration = Duration::from_secs(5);
/// Between two writes.
const PACE: Duration = Duration::from_secs(1);
/// A database that failed is left alone for so long.
const REST: Duration = Duration::from_secs(5);
/// Keys of one write; the others have to wait for the next.
pub const MOST: usize = 100;

/// What is on its way to the database.
#[derive(Debug)]
#[must_use]
pub struct Sync(Vec<Sent>);

/// Of one key.
#[derive(Debug)]
struct Sent {
    key: ClientKeyId,
    periods: [(u64, Amount); Period::ALL.len()],
    /// Whether it was claimed too.
    claims: bool,
}

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
        let fresh = synced_at.is_some_and(|at| now.since(at) < FRESH);
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
        let wanted = |(id, allowance): &(&ClientKeyId, &mut Allowance)| {
            if keys.is_empty() {
                allowance.spending.has_unsent() || allowance.claimed
            } else {
                keys.contains(id)
            }
        };
        let mut statements = Vec::new();
        let mut sent = Vec::new();
        for (key, allowance) in self.keys.iter_mut().filter(wanted).take(MOST) {
            let periods = allowance.spending.send(now);
            let last_used = allowance.spending.last_used().unwrap_or_default();
            statements.extend(periods.iter().zip(Period::ALL).map(|((first_day, amount), period)| {
                let statement = Statement::new(ADD).bind(key.as_str()).bind(period.as_str()).bind(*first_day);
                statement.bind(amount.tokens).bind(amount.micros).bind(last_used.as_millis())
            }));
            // Claims matter where others are asked, and until they are given up.
            let claims = !keys.is_empty() || allowance.claimed;
            if claims {
                statements.extend(claim(key, &self.holder, allowance.reserved, now));
                allowance.claimed = allowance.reserved != Amount::default();
            }
            sent.push(Sent { key: key.clone(), periods, claims });
        }
        if sent.is_empty() {
            return None;
        }
        if keys.is_empty() {
            self.pace.next = now + PACE;
        }
        Some((Sync(sent), statements))
    }

    /// The transaction's answers; `None`: it did not come about, and is to be tried again.
    pub fn end_sync(&mut self, sync: Sync, answers: Option<Vec<Vec<Row>>>, now: Timestamp) {
        let failed = answers.is_none();
        if failed {
            self.pace.rests_until = now + REST;
        }
        let mut answers = answers.unwrap_or_default().into_iter();
        let mut next = || read(answers.next()?.into_iter().next()?);
        for Sent { key, periods, claims } in sync.0 {
            let Some(allowance) = self.keys.get_mut(&key) else { continue };
            for (sent, period) in periods.into_iter().zip(Period::ALL) {
                let (known, last_used) = next().unwrap_or_default();
                allowance.spending.settle(period, sent, (!failed).then_some(known));
                if last_used > Timestamp::default() {
                    allowance.spending.used_at(last_used);
                }
            }
            if !failed {
                allowance.synced_at = Some(now);
            }
            if claims {
                let _written = next();
                allowance.others = next().map(|(others, _)| others).unwrap_or_default();
            }
        }
    }
}

/// Makes this process's claim to a key what it reserves now, and asks for those of others.
fn claim(key: &ClientKeyId, holder: &str, reserved: Amount, now: Timestamp) -> [Statement; 2] {
    let of_key = |sql: &'static str| Statement::new(sql).bind(key.as_str()).bind(holder);
    let claim = if reserved == Amount::default() {
        of_key(GIVE_UP).bind(now.as_millis())
    } else {
        let until = now + CLAIM_LASTS;
        of_key(CLAIM).bind(reserved.tokens).bind(reserved.micros).bind(until.as_millis())
    };
    [claim, of_key(OTHERS).bind(now.as_millis())]
}

fn read(row: Row) -> Option<(Amount, Timestamp)> {
    let mut columns = row.columns();
    let amount = Amount { tokens: columns.next().ok()?, micros: columns.next().ok()? };
    Some((amount, columns.next().ok()?))
}
