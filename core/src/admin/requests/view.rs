//! How a request reads.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::config::{ChannelId, KeyId, Protocol};
use crate::database::{Columns, DatabaseError, Row};
use crate::live::Seen;
use crate::record::attempt::{self, AttemptView, Told};
use crate::record::{Record, batch};
use crate::schedule::Considered;
use crate::time::Timestamp;

/// A finished request. What is not known is left out; times that end in `Ms` count from its arrival.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestView {
    id: String,
    /// When it arrived.
    at: Timestamp,
    /// Empty where none came that is known.
    client_key: String,
    /// The conversation, by a fingerprint of what the client calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// The client's.
    protocol: String,
    /// As the client asked for it; empty where the request was refused before it was read.
    model: String,
    stream: bool,
    /// What the client saw; 499: it left.
    status: u16,
    /// What the last attempt came to; `refused` where there was none.
    class: String,
    /// Why the model stopped, in the same words for all protocols: `stop`, `stop_sequence`, `length`, `tool_calls`, `refusal`,
    /// `content_filter`, `pause`, `malformed_call`, `context_exceeded` or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    finish: Option<String>,
    attempt_count: u64,
    /// Who served, or was tried last.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_protocol: Option<String>,
    /// As that was asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_model: Option<String>,
    /// Until the first attempt began.
    #[serde(skip_serializing_if = "Option::is_none")]
    queued_ms: Option<u64>,
    /// Until the last attempt's headers came.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_byte_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_content_ms: Option<u64>,
    duration_ms: u64,
    usage: UsageView,
    /// In micro-dollars, fixed when the request ended; left out where no price was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<u64>,
    request_bytes: u64,
    response_bytes: u64,
    /// What conversions could not carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<String>,
    /// What kind of failure the gateway answered with, such as `authentication`, `too_large` or `overloaded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// An excerpt of why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Whether its bodies are kept, for `GET /api/requests/{id}/capture`.
    captured: bool,
}

/// What was used, in counts that do not overlap.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UsageView {
    /// Neither read from a cache nor written to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write: Option<u64>,
    /// How much of `cacheWrite` is kept for an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_1h: Option<u64>,
    /// Without reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<u64>,
    /// How much of all input is audio.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_audio: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_audio: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_searches: Option<u64>,
    /// The gateway's own estimate: no upstream said so.
    estimated: bool,
}

/// A finished request with its attempts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestDetail {
    #[serde(flatten)]
    request: RequestView,
    /// In their order.
    attempts: Vec<AttemptView<'static>>,
    /// What stood in the way of each candidate when none was left to try.
    #[schema(value_type = Vec<Considered>)]
    left_out: Box<RawValue>,
}

impl RequestView {
    /// Of a row of [`COLUMNS`](crate::record::query::COLUMNS), and whether its bodies are kept.
    pub(super) fn read(columns: &mut Columns) -> Result<Self, DatabaseError> {
        let _seq: u64 = columns.next()?;
        let mut request = Self::without_seq(columns)?;
        request.captured = columns.next()?;
        Ok(request)
    }

    /// As it will be read once it is recorded.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        Self::written(&batch::request(record), record.captured)
    }

    /// Of a row as a [batch](batch::Rows) has it.
    pub(crate) fn written(row: &Row, captured: bool) -> Option<Self> {
        let request = Self::without_seq(&mut row.clone().columns()).ok()?;
        Some(Self { captured, ..request })
    }

    fn without_seq(columns: &mut Columns) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: columns.next()?,
            at: columns.next()?,
            client_key: columns.next()?,
            session: columns.next()?,
            protocol: columns.next()?,
            model: columns.next()?,
            stream: columns.next()?,
            status: columns.next()?,
            class: columns.next()?,
            finish: columns.next()?,
            attempt_count: columns.next()?,
            channel: columns.next()?,
            key: columns.next()?,
            upstream_protocol: columns.next()?,
            upstream_model: columns.next()?,
            queued_ms: columns.next()?,
            first_byte_ms: columns.next()?,
            first_content_ms: columns.next()?,
            duration_ms: columns.next()?,
            usage: UsageView {
                input: columns.next()?,
                cache_read: columns.next()?,
                cache_write: columns.next()?,
                cache_write_1h: columns.next()?,
                output: columns.next()?,
                reasoning: columns.next()?,
                input_audio: columns.next()?,
                output_audio: columns.next()?,
                web_searches: columns.next()?,
                estimated: columns.next()?,
            },
            cost: columns.next()?,
            request_bytes: columns.next()?,
            response_bytes: columns.next()?,
            lost: columns.next()?,
            code: columns.next()?,
            error: columns.next()?,
            captured: false,
        })
    }
}

impl RequestView {
    fn told(&self) -> Told {
        Told {
            at: self.at,
            queued: self.queued_ms.unwrap_or_default(),
            first_byte: self.first_byte_ms,
            duration: self.duration_ms,
            class: self.class.clone(),
            channel: self.channel.as_deref().map(ChannelId::new),
            key: self.key.as_deref().map(KeyId::new),
            protocol: self.upstream_protocol.as_deref().and_then(Protocol::named),
            model: self.upstream_model.clone(),
        }
    }

    /// What a watcher's filter looks at.
    pub(crate) fn seen(&self) -> Seen<'_> {
        Seen {
            protocol: &self.protocol,
            channel: self.channel.as_deref(),
            model: &self.model,
            client_key: &self.client_key,
            session: self.session.as_deref(),
            end: Some((self.status, &self.class)),
        }
    }
}

impl RequestDetail {
    /// Of a row of [`request`](crate::record::query::request).
    pub(super) fn read(columns: &mut Columns) -> Result<Self, DatabaseError> {
        let request = RequestView::read(columns)?;
        let log: String = columns.next()?;
        let attempts =
            attempt::read(&log, request.told()).map_err(|error| DatabaseError::Broken(error.to_string()))?;
        let left_out: Option<String> = columns.next()?;
        Ok(Self { request, attempts, left_out: list(left_out.unwrap_or_else(|| "[]".to_owned()))? })
    }
}

/// A list as it was written.
pub(super) fn list(json: String) -> Result<Box<RawValue>, DatabaseError> {
    RawValue::from_string(json).map_err(|error| DatabaseError::Broken(error.to_string()))
}
