//! An attempt as it is kept, and read.

use serde::Serialize;
use utoipa::ToSchema;

use super::excerpt::excerpt;
use super::{Attempt, clipped, millis};
use crate::schedule::Considered;
use crate::time::Timestamp;

/// Of so many candidates a record tells what became of them.
const CANDIDATES: usize = 32;

/// One try of a request. Times that end in `Ms` count from its beginning.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttemptView<'a> {
    at: Timestamp,
    channel: &'a str,
    key: &'a str,
    /// The endpoint's base URL.
    endpoint: &'a str,
    protocol: &'a str,
    /// As the upstream was asked for it.
    model: &'a str,
    /// Why the channel was chosen.
    rule: &'a str,
    /// What it came to.
    class: &'a str,
    /// The upstream's, where it answered with an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Until the answer's headers came.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_byte_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_content_ms: Option<u64>,
    duration_ms: u64,
    /// An excerpt of what the upstream said of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Who was considered, and what kept or dropped each.
    considered: &'a [Considered],
}

impl<'a> AttemptView<'a> {
    pub(super) fn of(attempt: &'a Attempt) -> Self {
        let since = |at: Option<Timestamp>| at.map(|at| millis(at.since(attempt.at)));
        Self {
            at: attempt.at,
            channel: attempt.channel.as_str(),
            key: attempt.key.as_str(),
            endpoint: &attempt.endpoint,
            protocol: attempt.protocol.as_str(),
            model: clipped(&attempt.model),
            rule: attempt.rule.as_str(),
            class: attempt.class.as_str(),
            status: attempt.status.map(|status| status.as_u16()),
            first_byte_ms: since(attempt.first_byte),
            first_content_ms: since(attempt.first_content),
            duration_ms: millis(attempt.duration),
            message: attempt.message.as_deref().map(excerpt),
            considered: first(&attempt.considered),
        }
    }
}

/// As many of them as are kept.
pub(super) fn first(candidates: &[Considered]) -> &[Considered] {
    candidates.get(..CANDIDATES).unwrap_or(candidates)
}
