//! Requests added up by the session they belong to.

use super::NO_FAILURES;
use super::query::{Cursor, Filter};
use crate::database::{Statement, Value};

/// So many requests are added up at most, the newest: each may have to be read.
pub(crate) const READ: u64 = 10_000;
/// So many of a session's models, and of its channels, are told, those used last: clients name models as they like.
const TOLD: u64 = 8;

/// What is added up of a session's requests, in the order of the columns that tell it.
const SUMS: [(&str, &str); 10] = [
    ("requests", "count(*)"),
    ("failed", "sum(class NOT IN (?, ?))"),
    ("input", "total(input)"),
    ("cache_read", "total(cache_read)"),
    ("cache_write", "total(cache_write)"),
    ("output", "total(output)"),
    ("reasoning", "total(reasoning)"),
    ("estimated", "sum(estimated)"),
    ("cost", "total(cost)"),
    ("unpriced", "sum(cost IS NULL AND ifnull(input, output) IS NOT NULL)"),
];

impl Filter {
    /// A row for each of the `limit` sessions used last among the [`READ`] newest requests of this filter, which is one
    /// of those [`in_session`](Self::in_session): its id, client key and protocol, when its first and its last request
    /// came, [`SUMS`], its models and its channels as JSON, and how many requests were looked through for all sessions.
    /// Nothing before [`end`](Self::end) is.
    pub(crate) fn sessions(&self, end: Option<Cursor>, limit: u64) -> Statement {
        let mut newest = self.wanted(None, end).select("seq, session", "LIMIT ?", READ);
        let parts = SUMS.map(|(name, sum)| format!("{sum} AS {name}")).join(", ");
        let sums = SUMS.map(|(name, _)| format!("sum({name})")).join(", ");
        // Only requests of sessions that are told are read as a whole.
        let sql = format!(
            "WITH \
            newest AS MATERIALIZED ({}), \
            told AS (SELECT session FROM newest GROUP BY session ORDER BY max(seq) DESC, session LIMIT ?), \
            part AS (SELECT session, model, channel, max(client_key) AS client_key, max(protocol) AS protocol, \
                    min(at) AS began, max(at) AS ended, {parts} \
                FROM request WHERE seq IN (SELECT seq FROM newest WHERE session IN (SELECT session FROM told)) \
                GROUP BY session, model, channel), \
            placed AS (SELECT *, row_number() OVER (PARTITION BY session ORDER BY ended DESC) AS place FROM part) \
            SELECT session, max(client_key), max(protocol) FILTER (WHERE place = 1), min(began), max(ended), {sums}, \
                json_group_array(DISTINCT model) FILTER (WHERE place <= {TOLD}), \
                json_group_array(DISTINCT channel) FILTER (WHERE place <= {TOLD} AND channel IS NOT NULL), \
                (SELECT count(*) FROM newest) \
            FROM placed GROUP BY session ORDER BY max(ended) DESC, session",
            newest.sql
        );
        newest.params.push(limit.into());
        newest.params.extend(NO_FAILURES.map(|class| Value::from(class.as_str())));
        Statement { sql: sql.into(), params: newest.params }
    }
}
