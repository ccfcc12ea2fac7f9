//! Sums over requests, kept by the minute, the hour and the day for every value of every dimension.

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

/// What one request adds to a tally, without its attempts.
struct Addend {
    sums: [u64; SUMS.len()],
    /// In milliseconds, of one that was served.
    first_content: Option<u64>,
    duration: Option<u64>,
}

impl Addend {
    fn of(record: &Record) -> Self {
        let usage = record.usage.unwrap_or_default();
        let served = !record.failed() && !record.gone();
        let count = |holds: bool| u64::from(holds);
        let of_usage = |tokens: Option<u64>| tokens.unwrap_or(0);
        let of_served = |time: Option<Duration>| time.filter(|_| served).map(super::millis);
        let first_content = of_served(record.first_content);
        let duration = of_served(Some(record.duration));
        let sums = [
            1,
            count(record.failed()),
            count(record.gone()),
            0,
            0,
            of_usage(usage.input),
            of_usage(usage.cache_read),
            of_usage(usage.cache_write),
            of_usage(usage.output),
            of_usage(usage.reasoning),
            count(usage.estimated),
            record.cost.map_or(0, |cost| cost.micros),
            count(record.cost.is_some_and(|cost| cost.unpriced)),
            first_content.unwrap_or(0),
            duration.unwrap_or(0),
        ];
        Self { sums, first_content, duration }
    }
}

impl Tally {
    fn add(&mut self, addend: &Addend) {
        self.sums.iter_mut().zip(addend.sums).for_each(|(sum, added)| *sum = sum.saturating_add(added));
        addend.first_content.into_iter().for_each(|time| self.first_content.add(time));
        addend.duration.into_iter().for_each(|time| self.duration.add(time));
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
}

/// What some requests add to the table, by the minute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rollups(BTreeMap<(Dimension, u64), BTreeMap<String, Tally>>);

impl Rollups {
    pub(crate) fn add(&mut self, record: &Record) {
        // Of those who have no key only some are recorded: their sums would say nothing.
        if record.client_key.as_str().is_empty() {
            return;
        }
        let at = record.at.as_millis() / MINUTE * MINUTE;
        let mut tally = |dimension, value: &str, add: &mut dyn FnMut(&mut Tally)| {
            let values = self.0.entry((dimension, at)).or_default();
            match values.get_mut(value) {
                Some(tally) => add(tally),
                None => add(values.entry(value.to_owned()).or_default()),
            }
        };
        let addend = Addend::of(record);
        let last = record.attempts.last();
        // Of what nobody serves, clients may make up any number of names.
        let model = if last.is_some() { super::clipped(&record.model) } else { "" };
        for (dimension, value) in [
            (Dimension::All, ""),
            (Dimension::Model, model),
            (Dimension::ClientKey, record.client_key.as_str()),
            (Dimension::Protocol, record.protocol.as_str()),
        ] {
            tally(dimension, value, &mut |tally| {
                tally.add(&addend);
                record.attempts.iter().for_each(|attempt| tally.add_attempt(attempt));
            });
        }
        if let Some(last) = last {
            tally(Dimension::Channel, last.channel.as_str(), &mut |tally| tally.add(&addend));
            tally(Dimension::Key, last.key.as_str(), &mut |tally| tally.add(&addend));
        }
        for attempt in &record.attempts {
            tally(Dimension::Channel, attempt.channel.as_str(), &mut |tally| tally.add_attempt(attempt));
            tally(Dimension::Key, attempt.key.as_str(), &mut |tally| tally.add_attempt(attempt));
        }
    }

    /// A row for each minute, hour and day, and one for ever.
    pub(crate) fn into_rows(self) -> Vec<Row> {
        let mut periods: BTreeMap<(u64, Dimension, u64, String), Tally> = BTreeMap::new();
        for ((dimension, minute), values) in self.0 {
            for (value, tally) in values {
                for span in [MINUTE, HOUR, DAY, EVER] {
                    let begins = minute.checked_div(span).map_or(0, |periods| periods * span);
                    let period = (span, dimension, begins, value.clone());
                    periods.entry(period).or_default().merge(&tally);
                }
            }
        }
        let row = |((span, dimension, at, value), tally)| row(span, dimension, at, value, &tally);
        periods.into_iter().map(row).collect()
    }
}

fn row(span: u64, dimension: Dimension, at: u64, value: String, tally: &Tally) -> Row {
    let Tally { sums, first_content, duration } = tally;
    let keys = [span.into(), dimension.name().into(), at.into(), value.into()];
    let counts = sums.iter().chain(&first_content.0).chain(&duration.0);
    Row(keys.into_iter().chain(counts.map(|count| Value::from(*count))).collect())
}

/// Adds a row to what its period holds already.
static UPSERT: LazyLock<String> = LazyLock::new(|| {
    let columns: Vec<String> = columns().collect();
    let names = columns.join(", ");
    let marks = vec!["?"; columns.len() + 4].join(", ");
    let sums: Vec<String> = columns.iter().map(|name| format!("{name} = {name} + excluded.{name}")).collect();
    format!(
        "INSERT INTO rollup (span, dimension, at, value, {names}) VALUES ({marks}) \
         ON CONFLICT (span, dimension, at, value) DO UPDATE SET {}",
        sums.join(", ")
    )
});

/// Statements that add rows to what their periods hold already.
pub(crate) fn upserts(rows: Vec<Row>) -> impl Iterator<Item = Statement> {
    rows.into_iter().map(|row| Statement { sql: UPSERT.as_str().into(), params: row.0 })
}

/// The columns that add up.
pub(crate) fn columns() -> impl Iterator<Item = String> {
    let slots = |letter: char| (0..super::histogram::SLOTS).map(move |slot| format!("{letter}{slot:02}"));
    SUMS.into_iter().map(str::to_owned).chain(slots('f')).chain(slots('d'))
}
