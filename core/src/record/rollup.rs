//! Sums over requests, kept by the minute, the hour and the day for every value of every dimension.
//!
//! A batch adds to its minutes only, and these are read beside all other sums; once in a while they are added to those.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use super::histogram::Histogram;
use super::{Attempt, Record};
use crate::database::{Row, Statement, Value};

/// Lengths of the periods that are summed up, in milliseconds.
pub(crate) const MINUTE: u64 = 60_000;
pub(crate) const HOUR: u64 = 3_600_000;
pub(crate) const DAY: u64 = 24 * HOUR;
/// Stands for the one period that begins in 1970 and is never removed.
pub(crate) const EVER: u64 = 0;
/// Stands for minutes that are not yet part of any other sum, until the next [`fold`].
pub(crate) const FRESH: u64 = 1;

/// The columns that are plain sums, in the order of [`Tally::sums`].
pub(crate) const SUMS: [&str; 15] = [
    "requests",
    "failed",
    "gone",
    "attempts",
    "failed_attempts",
    "input",
    "cache_read",
    "cache_write",
    "output",
    "reasoning",
    "estimated",
    "cost",
    "unpriced",
    "first_content_ms",
    "duration_ms",
];

/// What requests are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dimension {
    All,
    Model,
    Channel,
    Key,
    ClientKey,
    Protocol,
}

impl Dimension {
    /// Its name in the database.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Model => "model",
            Self::Channel => "channel",
            Self::Key => "key",
            Self::ClientKey => "client_key",
            Self::Protocol => "protocol",
        }
    }
}

/// What some requests add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) sums: [u64; SUMS.len()],
    /// Of requests that were served.
    pub(crate) first_content: Histogram,
    pub(crate) duration: Histogram,
}

impl Tally {
    fn add(&mut self, record: &Record) {
        let usage = record.usage.unwrap_or_default();
        let (failed, gone) = (record.failed(), record.gone());
        let of_served = |time: Option<Duration>| time.filter(|_| !failed && !gone).map(super::millis);
        let (first_content, duration) = (of_served(record.first_content), of_served(Some(record.duration)));
        let added = [
            1,
            failed.into(),
            gone.into(),
            0,
            0,
            usage.input.unwrap_or(0),
            usage.cache_read.unwrap_or(0),
            usage.cache_write.unwrap_or(0),
            usage.output.unwrap_or(0),
            usage.reasoning.unwrap_or(0),
            usage.estimated.into(),
            record.cost.map_or(0, |cost| cost.micros),
            record.cost.is_some_and(|cost| cost.unpriced).into(),
            first_content.unwrap_or(0),
            duration.unwrap_or(0),
        ];
        self.sums.iter_mut().zip(added).for_each(|(sum, added)| *sum = sum.saturating_add(added));
        first_content.into_iter().for_each(|time| self.first_content.add(time));
        duration.into_iter().for_each(|time| self.duration.add(time));
        record.attempts.iter().for_each(|attempt| self.add_attempt(attempt));
    }

    /// Adds all of `other`.
    pub(crate) fn merge(&mut self, other: &Self) {
        let own = self.sums.iter_mut().chain(&mut self.first_content.0).chain(&mut self.duration.0);
        let others = other.sums.iter().chain(&other.first_content.0).chain(&other.duration.0);
        own.zip(others).for_each(|(own, other)| *own = own.saturating_add(*other));
    }

    fn add_attempt(&mut self, attempt: &Attempt) {
        let [_, _, _, attempts, failed, ..] = &mut self.sums;
        *attempts += 1;
        *failed += u64::from(attempt.class.tries_next());
    }

    fn forget_attempts(&mut self) {
        let [_, _, _, attempts, failed, ..] = &mut self.sums;
        (*attempts, *failed) = (0, 0);
    }
}

/// What some requests add to the table, by the minute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rollups<'a> {
    requests: BTreeMap<Combination<'a>, Tally>,
    /// By the channel and the key that made them.
    attempts: BTreeMap<(u64, &'a str, &'a str), Tally>,
}

/// The values that a request counts for: many are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Combination<'a> {
    minute: u64,
    model: &'a str,
    client_key: &'a str,
    protocol: &'a str,
    /// The channel and the key of the last attempt.
    served_by: Option<(&'a str, &'a str)>,
}

impl<'a> Rollups<'a> {
    pub(crate) fn add(&mut self, record: &'a Record) {
        // Of those who have no key only some are recorded: their sums would say nothing.
        if record.client_key.as_str().is_empty() {
            return;
        }
        let minute = record.at.as_millis() / MINUTE * MINUTE;
        let last = record.attempts.last();
        let combination = Combination {
            minute,
            // Of what nobody serves, clients may make up any number of names.
            model: if last.is_some() { super::clipped(&record.model) } else { "" },
            client_key: record.client_key.as_str(),
            protocol: record.protocol.as_str(),
            served_by: last.map(|last| (last.channel.as_str(), last.key.as_str())),
        };
        self.requests.entry(combination).or_default().add(record);
        for attempt in &record.attempts {
            let maker = (minute, attempt.channel.as_str(), attempt.key.as_str());
            self.attempts.entry(maker).or_default().add_attempt(attempt);
        }
    }

    /// A row for each minute and value, for [`upserts`].
    pub(crate) fn into_rows(self) -> Vec<Row> {
        let mut sums: BTreeMap<(Dimension, u64, &str), Tally> = BTreeMap::new();
        let mut add = |dimension, minute, value, tally: &Tally| {
            sums.entry((dimension, minute, value)).or_default().merge(tally);
        };
        for ((minute, channel, key), tally) in &self.attempts {
            add(Dimension::Channel, *minute, channel, tally);
            add(Dimension::Key, *minute, key, tally);
        }
        for (Combination { minute, model, client_key, protocol, served_by }, mut tally) in self.requests {
            add(Dimension::All, minute, "", &tally);
            add(Dimension::Model, minute, model, &tally);
            add(Dimension::ClientKey, minute, client_key, &tally);
            add(Dimension::Protocol, minute, protocol, &tally);
            if let Some((channel, key)) = served_by {
                tally.forget_attempts();
                add(Dimension::Channel, minute, channel, &tally);
                add(Dimension::Key, minute, key, &tally);
            }
        }
        sums.into_iter()
            .map(|((dimension, minute, value), tally)| row(dimension, minute, value, &tally))
            .collect()
    }
}

fn row(dimension: Dimension, minute: u64, value: &str, tally: &Tally) -> Row {
    let Tally { sums, first_content, duration } = tally;
    let keys = [FRESH.into(), dimension.name().into(), minute.into(), value.into()];
    let counts = sums.iter().chain(&first_content.0).chain(&duration.0);
    Row(keys.into_iter().chain(counts.map(|count| Value::from(*count))).collect())
}

/// What a statement that inserts sums begins and ends with: they are added to what their period holds already.
static INSERT: LazyLock<String> = LazyLock::new(|| {
    let names: Vec<String> = columns().collect();
    format!("INSERT INTO rollup (span, dimension, at, value, {})", names.join(", "))
});
static ON_CONFLICT: LazyLock<String> = LazyLock::new(|| {
    let sums: Vec<String> = columns().map(|name| format!("{name} = {name} + excluded.{name}")).collect();
    format!("ON CONFLICT (span, dimension, at, value) DO UPDATE SET {}", sums.join(", "))
});
static UPSERT: LazyLock<String> = LazyLock::new(|| {
    let marks = vec!["?"; columns().count() + 4].join(", ");
    format!("{} VALUES ({marks}) {}", *INSERT, *ON_CONFLICT)
});

/// Statements that add rows to what their periods hold already.
pub(crate) fn upserts(rows: Vec<Row>) -> impl Iterator<Item = Statement> {
    rows.into_iter().map(|row| Statement { sql: UPSERT.as_str().into(), params: row.0 })
}

/// Statements that add what is [`FRESH`] to the minutes, hours and days and to what holds for ever, in one transaction.
pub fn fold() -> Vec<Statement> {
    let sums = sums();
    let add = |span: u64| {
        let begins = if span == EVER { "0".to_owned() } else { format!("at / {span} * {span}") };
        let fresh = format!(
            "SELECT {span}, dimension, {begins}, value, {sums} FROM rollup WHERE span = {FRESH} GROUP BY 2, 3, 4"
        );
        Statement::new(format!("{} {fresh} {}", *INSERT, *ON_CONFLICT))
    };
    let forget = Statement::new(format!("DELETE FROM rollup WHERE span = {FRESH}"));
    [MINUTE, HOUR, DAY, EVER].map(add).into_iter().chain([forget]).collect()
}

pub(crate) fn sums() -> String {
    let sums: Vec<String> = columns().map(|column| format!("sum({column})")).collect();
    sums.join(", ")
}

/// The columns that add up.
pub(crate) fn columns() -> impl Iterator<Item = String> {
    let slots = |letter: char| (0..super::histogram::SLOTS).map(move |slot| format!("{letter}{slot:02}"));
    SUMS.into_iter().map(str::to_owned).chain(slots('f')).chain(slots('d'))
}
