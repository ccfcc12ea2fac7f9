//! Finished requests on their way into the database.

use serde::{Deserialize, Serialize};

use super::attempt;
use super::excerpt::excerpt;
use super::rollup::{self, Rollups};
use super::{Record, clipped, clipped_to, millis};
use crate::database::{Row, Statement, Value};
use crate::error::FailureKind;
use crate::ir::FinishReason;
use crate::price::Cost;
use crate::time::Timestamp;

/// Clients name fields as they like; so many bytes tell of those that were lost.
const LONGEST_LOSS: usize = 1024;

/// A request comes after all others of its millisecond.
const INSERT_REQUEST: &str = "INSERT INTO request (id, seq, client_key, session, protocol, model, stream, status, class, finish, \
    attempts, channel, key, upstream_protocol, upstream_model, queued, first_byte, first_content, duration, \
    input, cache_read, cache_write, cache_write_1h, output, reasoning, input_audio, output_audio, web_searches, \
    estimated, cost, request_bytes, response_bytes, lost, code, error, attempt_log, left_out) \
    VALUES (?1, ifnull((SELECT max(seq) + 1 FROM request WHERE seq >= ?2 << 21 AND seq < (?2 + 1) << 21), ?2 << 21), \
    ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Gathers records.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    requests: Vec<Row>,
    captured: Vec<String>,
    rollups: Rollups<'a>,
}

impl<'a> FromIterator<&'a Record> for Batch<'a> {
    fn from_iter<I: IntoIterator<Item = &'a Record>>(records: I) -> Self {
        let mut batch = Self::default();
        records.into_iter().for_each(|record| batch.add(record));
        batch
    }
}

impl<'a> Batch<'a> {
    pub fn add(&mut self, record: &'a Record) {
        self.requests.push(request(record));
        self.captured.extend(record.captured.then(|| record.id.clone()));
        self.rollups.add(record);
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    pub fn into_rows(self) -> Rows {
        Rows { requests: self.requests, captured: self.captured, rollups: self.rollups.into_rows() }
    }
}

/// A batch as it can be sent, without the text of its statements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    requests: Vec<Row>,
    /// The ids of those of which bodies are kept.
    captured: Vec<String>,
    rollups: Vec<Row>,
}

impl Rows {
    /// How many records they are.
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Each with whether its bodies are kept.
    pub(crate) fn requests(&self) -> impl Iterator<Item = (&Row, bool)> {
        let captured = |row: &Row| match row.0.first() {
            Some(Value::Text(id)) => self.captured.iter().any(|captured| captured == id),
            _ => false,
        };
        self.requests.iter().map(move |row| (row, captured(row)))
    }

    /// To be run in one transaction.
    pub fn into_statements(self) -> Vec<Statement> {
        let insert = |row: Row| Statement { sql: INSERT_REQUEST.into(), params: row.0 };
        self.requests.into_iter().map(insert).chain(rollup::upserts(self.rollups)).collect()
    }
}

/// The columns of [`query::COLUMNS`](super::query::COLUMNS) after the first, and who was left out.
pub(crate) fn request(record: &Record) -> Row {
    let usage = record.usage.unwrap_or_default();
    let last = record.attempts.last();
    let since = |at: Option<Timestamp>| at.map(|at| millis(at.since(record.at)));
    Row(vec![
        record.id.as_str().into(),
        record.at.into(),
        record.client_key.as_str().into(),
        record.session.map(|session| session.to_string()).into(),
        record.protocol.as_str().into(),
        clipped(&record.model).into(),
        record.stream.into(),
        record.status.as_u16().into(),
        record.class().into(),
        record.finish.map(FinishReason::as_str).into(),
        (record.attempts.len() as u64).into(),
        last.map(|last| last.channel.as_str()).into(),
        last.map(|last| last.key.as_str()).into(),
        last.map(|last| last.protocol.as_str()).into(),
        last.map(|last| clipped(&last.model)).into(),
        since(record.attempts.first().map(|first| first.at)).into(),
        since(last.and_then(|last| last.first_byte)).into(),
        record.first_content.map(millis).into(),
        millis(record.duration).into(),
        usage.input.into(),
        usage.cache_read.into(),
        usage.cache_write.into(),
        usage.cache_write_1h.into(),
        usage.output.into(),
        usage.reasoning.into(),
        usage.input_audio.into(),
        usage.output_audio.into(),
        usage.web_searches.into(),
        usage.estimated.into(),
        record.cost.and_then(Cost::priced).map(|cost| cost.micros).into(),
        record.request_bytes.into(),
        record.response_bytes.into(),
        lost(record),
        record.code.map(FailureKind::as_str).into(),
        record.failure().map(excerpt).into(),
        json(&attempt::log(record)),
        (!record.left_out.is_empty()).then(|| json(attempt::first(&record.left_out))).into(),
    ])
}

/// As much of what was lost as the client was told.
fn lost(record: &Record) -> Value {
    let text = record.lost.to_string();
    if text.is_empty() { Value::Null } else { clipped_to(&text, LONGEST_LOSS).into() }
}

/// A list as it is kept, and given out again.
fn json(list: &(impl Serialize + ?Sized)) -> Value {
    serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned()).into()
}
