//! How long records are kept.

use std::time::Duration;

use super::query::{BEFORE, instant};
use super::rollup::{self, HOUR, MINUTE};
use crate::capture::store;
use crate::database::Statement;
use crate::time::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Sums by the minute are for looking at the last days: so far back they are asked, and a day more they are kept.
pub(crate) const MINUTES_ASKED: Duration = Duration::from_secs(3 * 24 * 3600);
const MINUTES_KEPT: Duration = Duration::from_secs(4 * 24 * 3600);
/// So many requests are removed at once, so that nobody waits long.
const CHUNK: u64 = 500;

/// For how many days what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Requests and their attempts; 0: nothing is recorded.
    pub request_days: u32,
    /// Sums by the hour and by the day.
    pub stats_days: u32,
    /// Hours that what was captured is kept for.
    pub capture_hours: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { request_days: 30, stats_days: 400, capture_hours: 24 }
    }
}

impl Retention {
    /// Removes some of the requests that are too old. The last answer has a row for each: when it is empty, all are
    /// gone.
    pub fn requests(self, now: Timestamp) -> Vec<Statement> {
        let oldest = before(now, DAY * self.request_days);
        let some = format!("SELECT seq FROM request WHERE {BEFORE} ORDER BY seq LIMIT ?");
        let sql = format!("DELETE FROM request WHERE seq IN ({some}) RETURNING 1");
        vec![Statement::new(sql).bind(instant(oldest)).bind(CHUNK)]
    }

    /// Removes what was captured too long ago.
    pub fn captures(self, now: Timestamp) -> Statement {
        store::forget(Duration::from_secs(3600) * self.capture_hours, now)
    }

    /// Removes the sums that are too old.
    pub fn stats(self, now: Timestamp) -> Vec<Statement> {
        let sql = "DELETE FROM rollup WHERE span = ?1 AND at < ?2 \
                   AND dimension IN ('all', 'model', 'channel', 'key', 'client_key', 'protocol')";
        let kept = DAY * self.stats_days;
        let spans = [(MINUTE, MINUTES_KEPT), (HOUR, kept), (rollup::DAY, kept)];
        let statement = |(span, kept)| Statement::new(sql).bind(span).bind(before(now, kept));
        spans.into_iter().map(statement).collect()
    }
}

fn before(now: Timestamp, kept: Duration) -> Timestamp {
    let millis = u64::try_from(kept.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_millis(now.as_millis().saturating_sub(millis))
}
