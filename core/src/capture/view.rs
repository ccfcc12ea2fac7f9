//! What was captured, as it is kept and read.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::time::Timestamp;

/// What went to and fro for one request. Credentials are left out; what looks like one is masked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CapturedRequest<'a> {
    pub(super) id: &'a str,
    /// When the request arrived.
    pub(super) at: Timestamp,
    /// What the client sent.
    pub(super) request: SentView,
    /// What upstreams were sent and answered, in this order. Of more than sixteen the last sixteen.
    pub(super) attempts: Vec<CapturedAttempt>,
    /// What the client got, as far as it got it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<AnswerView>,
}

/// One exchange with an upstream.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CapturedAttempt {
    /// The id of the channel.
    pub(super) channel: String,
    /// The id of the channel's key.
    pub(super) key: String,
    /// Without `body` where that is the client's.
    pub(super) request: SentView,
    /// As far as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<AnswerView>,
}

/// A request, the client's or that to an upstream.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct SentView {
    pub(super) method: String,
    /// The path of the client's; the whole of an upstream's. Without credentials.
    pub(super) url: String,
    /// By name, in lower case: those that pass the gateway.
    pub(super) headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<BodyView>,
}

/// An answer, an upstream's or that to the client.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct AnswerView {
    pub(super) status: u16,
    /// By name, in lower case: those that pass the gateway.
    pub(super) headers: BTreeMap<String, String>,
    /// Left out of the client's answer where it is that of the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<BodyView>,
}

/// A body. Long runs of base64 stand in it as `[image/png, 123456 bytes]`, bytes that are no text likewise.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BodyView {
    /// How long it was, decompressed.
    pub(super) bytes: u64,
    /// Whether something is left out: of the whole what lies between `text` and `end`.
    pub(super) cut: bool,
    /// All of it, or its first 32 KiB.
    pub(super) text: String,
    /// Of one that is cut: its last 32 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<String>,
}
