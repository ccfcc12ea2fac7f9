//! What watchers are told.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::filter::Seen;
use crate::admin::{ErrorDetail, RequestView};
use crate::config::{Protocol, Version};
use crate::record::batch::Rows;
use crate::record::{Record, clipped, millis};
use crate::schedule::{ChannelHealth, Lease};
use crate::time::Timestamp;

/// A message of the live feed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum LiveMessage<'a> {
    /// All requests under way that fit the filter, at the beginning and whenever what was told before no longer holds.
    Snapshot {
        at: Timestamp,
        #[schema(value_type = Vec<UnderWay>)]
        requests: &'a [Arc<UnderWay>],
    },
    /// A request that has begun, or gone on: an attempt began, or its first content came.
    UnderWay {
        #[schema(value_type = UnderWay)]
        request: &'a UnderWay,
    },
    /// A request that has ended.
    Finished {
        #[schema(value_type = RequestView)]
        request: &'a RequestView,
    },
    /// A request that was under way and no longer fits the filter.
    Left {
        #[schema(value_type = String)]
        id: &'a str,
    },
    /// The health of channels where it changed; of all, after somebody began to watch.
    Channels {
        #[schema(value_type = Vec<ChannelHealth>)]
        channels: &'a [&'a ChannelHealth],
    },
    /// The configuration in force.
    Config {
        #[schema(value_type = String)]
        version: &'a Version,
    },
    /// So many messages were left out because this connection is too slow. A snapshot follows.
    Lagged { dropped: u64 },
    /// What this connection sent cannot be; the filter is as it was.
    Refused {
        #[schema(value_type = ErrorDetail)]
        error: &'a ErrorDetail,
    },
}

impl LiveMessage<'_> {
    /// As JSON, for [`numbered`].
    pub(super) fn to_text(&self) -> Arc<str> {
        // Nothing in it can fail to be written.
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

/// A message as it goes to one watcher.
pub(super) fn numbered(seq: u64, message: &str) -> String {
    let rest = message.strip_prefix('{').unwrap_or_default();
    format!("{{\"seq\":{seq},{rest}")
}

/// What was missed.
pub(super) fn lagged(dropped: u64) -> Arc<str> {
    LiveMessage::Lagged { dropped }.to_text()
}

/// A beginning where nothing is known of requests under way, for [`Seat::tell`](super::Seat::tell).
pub fn snapshot(at: Timestamp) -> Arc<str> {
    LiveMessage::Snapshot { at, requests: &[] }.to_text()
}

/// A request under way. What is not known is left out; times that end in `Ms` count from its arrival.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnderWay {
    id: String,
    /// When it arrived.
    at: Timestamp,
    client_key: String,
    /// The conversation, by a fingerprint of what the client calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// The client's.
    protocol: Protocol,
    /// As the client asked for it.
    model: String,
    stream: bool,
    /// Attempts that have begun.
    attempt_count: u64,
    /// Where the attempt that goes on was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_protocol: Option<Protocol>,
    /// As that was asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_model: Option<String>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_content_ms: Option<u64>,
}

impl UnderWay {
    /// `record` is what is known of it so far, `lease` what its present attempt holds.
    pub(crate) fn of(record: &Record, lease: Option<&Lease>) -> Self {
        let model = |lease: &Lease| clipped(lease.model.as_deref().unwrap_or(&record.model)).to_owned();
        Self {
            id: record.id.clone(),
            at: record.at,
            client_key: record.client_key.to_string(),
            session: record.session.map(|session| session.to_string()),
            protocol: record.protocol,
            model: clipped(&record.model).to_owned(),
            stream: record.stream,
            attempt_count: record.attempts.len() as u64 + u64::from(lease.is_some()),
            channel: lease.map(|lease| lease.channel.id.to_string()),
            key: lease.and_then(Lease::key).map(|key| key.id.to_string()),
            upstream_protocol: lease.and_then(Lease::endpoint).map(|endpoint| endpoint.protocol),
            upstream_model: lease.map(model),
            attempt_at: lease.map(|lease| lease.acquired_at),
            first_content_ms: record.first_content.map(millis),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn seen(&self) -> Seen<'_> {
        Seen {
            protocol: self.protocol.as_str(),
            channel: self.channel.as_deref(),
            model: &self.model,
            client_key: &self.client_key,
            session: self.session.as_deref(),
            end: None,
        }
    }
}

/// A finished request, and the message that tells of it.
#[derive(Debug)]
pub struct Finished {
    request: RequestView,
    message: Arc<str>,
}

impl Finished {
    pub(super) fn of(record: &Record) -> Option<Self> {
        Self::told(RequestView::of(record))
    }

    /// All of a batch, in its order.
    pub fn all(rows: &Rows) -> Vec<Self> {
        rows.requests()
            .filter_map(|(row, captured)| Self::told(RequestView::written(row, captured)))
            .collect()
    }

    fn told(request: Option<RequestView>) -> Option<Self> {
        let request = request?;
        let message = LiveMessage::Finished { request: &request }.to_text();
        Some(Self { request, message })
    }

    pub(super) fn seen(&self) -> Seen<'_> {
        self.request.seen()
    }

    pub(super) const fn message(&self) -> &Arc<str> {
        &self.message
    }
}
