//! Sums over a range of time, read from the rollups.

use std::time::Duration;

use super::histogram::{Histogram, SLOTS};
use super::retention::MINUTES_ASKED;
use super::rollup::{DAY, Dimension, EVER, FRESH, HOUR, MINUTE, Tally, sums};
use crate::database::{Columns, DatabaseError, Statement};
use crate::time::Timestamp;

/// The widths of buckets there are, in minutes.
const WIDTHS: [u64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2 * 1440, 7 * 1440];
/// A series has at most so many buckets.
const BUCKETS: u64 = 200;
/// A series of each value has so many at most, and is added up from so many periods of a value.
const VALUE_BUCKETS: u64 = 48;
const VALUE_PERIODS: u64 = 360;

/// Whole buckets of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    /// Width of a bucket in milliseconds.
    pub(crate) width: u64,
}

impl Range {
    /// The buckets that hold `length` up to `until`. Of days that passed only hours are known.
    pub(crate) fn of(length: Duration, until: Timestamp, now: Timestamp) -> Self {
        Self::cut(length, until, now, BUCKETS, MINUTE)
    }

    /// The same in fewer buckets, so that a series of each of many values can be read.
    pub(crate) fn for_values(length: Duration, until: Timestamp, now: Timestamp) -> Self {
        let few = |span: &u64| super::millis(length).div_ceil(*span) <= VALUE_PERIODS;
        let finest = [MINUTE, HOUR].into_iter().find(few).unwrap_or(DAY);
        Self::cut(length, until, now, VALUE_BUCKETS, finest)
    }

    /// In at most `buckets`, none narrower than `finest`.
    fn cut(length: Duration, until: Timestamp, now: Timestamp, buckets: u64, finest: u64) -> Self {
        let length = super::millis(length).max(MINUTE);
        let until = until.as_millis();
        let by_minute =
            until.saturating_sub(length) >= now.as_millis().saturating_sub(super::millis(MINUTES_ASKED));
        let finest = if by_minute { finest } else { finest.max(HOUR) };
        // One more than fit: the first and the last bucket may be cut.
        let fits = |width: &u64| *width >= finest && length.div_ceil(*width) < buckets;
        let width = WIDTHS.into_iter().map(|minutes| minutes * MINUTE).find(fits);
        let width = width.unwrap_or_else(|| length.div_ceil(buckets - 1).div_ceil(DAY) * DAY);
        let since = until.saturating_sub(length) / width * width;
        let until = until.div_ceil(width) * width;
        Self { since: Timestamp::from_millis(since), until: Timestamp::from_millis(until), width }
    }

    /// The longest periods that no bucket cuts.
    const fn span(self) -> u64 {
        match self.width {
            width if width.is_multiple_of(DAY) => DAY,
            width if width.is_multiple_of(HOUR) => HOUR,
            _ => MINUTE,
        }
    }

    /// A row of the bucket's start and the sums for each bucket that has any, the oldest first. A Durable Object binds
    /// numbers as reals, whose quotient keeps its fraction.
    pub(crate) fn series(self) -> Statement {
        let Self { since, until, width } = self;
        let from =
            format!("FROM rollup WHERE span IN (?1, {FRESH}) AND dimension = ?2 AND at >= ?3 AND at < ?4");
        let sql = format!(
            "SELECT CAST(at / ?5 AS INTEGER) * ?5 AS bucket, {} {from} GROUP BY bucket ORDER BY bucket",
            sums()
        );
        let all = Statement::new(sql).bind(self.span()).bind(Dimension::All.name());
        all.bind(since).bind(until).bind(width)
    }

    /// A row of the value, the number of a bucket, its requests and how many of them failed: for each of the `limit`
    /// values with the most requests, which come first, and each of its buckets that has any, the oldest first.
    pub(crate) fn series_of_values(self, dimension: Dimension, limit: u64) -> Statement {
        let Self { since, until, width } = self;
        let sql = format!(
            "WITH \
            part AS (SELECT value, CAST((at - ?3) / ?5 AS INTEGER) AS bucket, sum(requests) AS requests, sum(failed) AS failed \
                FROM rollup WHERE span IN (?1, {FRESH}) AND dimension = ?2 AND at >= ?3 AND at < ?4 GROUP BY value, bucket), \
            most AS (SELECT value, sum(requests) AS total FROM part GROUP BY value ORDER BY total DESC, value LIMIT ?6) \
            SELECT value, bucket, requests, failed FROM most JOIN part USING (value) ORDER BY total DESC, value, bucket"
        );
        let all = Statement::new(sql).bind(self.span()).bind(dimension.name());
        all.bind(since).bind(until).bind(width).bind(limit)
    }

    /// A row of the value and the sums for each of the `limit` values with the most requests.
    pub(crate) fn table(self, dimension: Dimension, limit: u64) -> Statement {
        let mut pieces = Vec::new();
        let spans: Vec<u64> = [DAY, HOUR, MINUTE].into_iter().filter(|span| *span >= self.span()).collect();
        cover(self.since.as_millis(), self.until.as_millis(), &spans, &mut pieces);
        let piece = format!(
            "SELECT * FROM rollup WHERE span IN (?, {FRESH}) AND dimension = ? AND at >= ? AND at < ?"
        );
        let rows = vec![piece; pieces.len()].join(" UNION ALL ");
        let order = "GROUP BY value ORDER BY sum(requests) DESC, value LIMIT ?";
        let table = Statement::new(format!("SELECT value, {} FROM ({rows}) {order}", sums()));
        let bound = pieces.into_iter().fold(table, |table, (span, since, until)| {
            table.bind(span).bind(dimension.name()).bind(since).bind(until)
        });
        bound.bind(limit)
    }
}

/// A row of the dimension, the value and the sums for whatever was recorded ever, the most used first.
pub(crate) fn ever(limit: u64) -> Statement {
    let sql = format!(
        "SELECT dimension, value, {} FROM rollup WHERE span IN (?1, {FRESH}) \
         GROUP BY dimension, value ORDER BY sum(requests) DESC LIMIT ?2",
        sums()
    );
    Statement::new(sql).bind(EVER).bind(limit)
}

/// The fewest whole periods between `since` and `until`, from the longest of `spans` to the shortest, as the span and
/// where they begin and end.
fn cover(since: u64, until: u64, spans: &[u64], pieces: &mut Vec<(u64, u64, u64)>) {
    let Some((span, shorter)) = spans.split_first().filter(|_| since < until) else { return };
    let (first, last) = (since.div_ceil(*span) * span, until / span * span);
    if first < last {
        cover(since, first, shorter, pieces);
        pieces.push((*span, first, last));
        cover(last, until, shorter, pieces);
    } else {
        cover(since, until, shorter, pieces);
    }
}

impl Tally {
    /// What is left of a row of [`Range::series`] or [`Range::table`].
    pub(crate) fn read(columns: &mut Columns) -> Result<Self, DatabaseError> {
        let mut tally = Self::default();
        for sum in &mut tally.sums {
            *sum = columns.next()?;
        }
        tally.first_content = histogram(columns)?;
        tally.duration = histogram(columns)?;
        Ok(tally)
    }
}

fn histogram(columns: &mut Columns) -> Result<Histogram, DatabaseError> {
    let mut slots = [0; SLOTS];
    for slot in &mut slots {
        *slot = columns.next()?;
    }
    Ok(Histogram(slots))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_periods_cover_a_range_without_a_gap() {
        let (hour, minute) = (HOUR, MINUTE);
        for (since, until, expected) in [
            (DAY, 3 * DAY, vec![(DAY, DAY, 3 * DAY)]),
            (hour, 5 * hour, vec![(hour, hour, 5 * hour)]),
            (
                DAY - hour - minute,
                2 * DAY + hour,
                vec![
                    (minute, DAY - hour - minute, DAY - hour),
                    (hour, DAY - hour, DAY),
                    (DAY, DAY, 2 * DAY),
                    (hour, 2 * DAY, 2 * DAY + hour),
                ],
            ),
            (minute, 3 * minute, vec![(minute, minute, 3 * minute)]),
            (hour, hour, vec![]),
        ] {
            let mut pieces = Vec::new();
            cover(since, until, &[DAY, HOUR, MINUTE], &mut pieces);
            assert_eq!(pieces, expected);
        }
    }

    #[test]
    fn a_range_has_at_most_two_hundred_whole_buckets() {
        let now = Timestamp::from_millis(1_800_000_123_456);
        for (hours, ago, minutes) in [
            (1, 0, 1),
            (6, 0, 2),
            (24, 0, 10),
            (7 * 24, 0, 60),
            (30 * 24, 0, 360),
            (90 * 24, 0, 720),
            (365 * 24, 0, 2 * 1440),
            (10 * 365 * 24, 0, 0),
            (1, 100 * 24, 60),
        ] {
            let until = Timestamp::from_millis(now.as_millis() - ago * HOUR);
            let range = Range::of(Duration::from_secs(hours * 3600), until, now);
            if minutes > 0 {
                assert_eq!(range.width, minutes * MINUTE, "{hours} h");
            }
            let length = range.until.since(range.since).as_millis() as u64;
            assert_eq!(length % range.width, 0);
            assert!(length / range.width <= BUCKETS, "{hours} h: {} buckets", length / range.width);
            assert!(range.until >= until && until.since(range.since) >= Duration::from_secs(hours * 3600));
        }
    }

    #[test]
    fn a_series_of_each_value_is_added_up_from_few_periods() {
        let now = Timestamp::from_millis(1_800_000_123_456);
        for (hours, minutes) in
            [(1, 2), (6, 10), (7, 60), (24, 60), (7 * 24, 360), (30 * 24, 1440), (350 * 24, 8 * 1440)]
        {
            let length = Duration::from_secs(hours * 3600);
            let range = Range::for_values(length, now, now);
            assert_eq!(range.width, minutes * MINUTE, "{hours} h");
            let whole = super::super::millis(range.until.since(range.since));
            assert!(whole / range.width <= VALUE_BUCKETS, "{hours} h: {} buckets", whole / range.width);
            assert!(whole / range.span() <= VALUE_PERIODS + 2 * range.width / range.span(), "{hours} h");
            assert!(range.until >= now && now.since(range.since) >= length);
        }
    }
}
