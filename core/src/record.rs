//! What is kept about a finished request.

pub(crate) mod attempt;
pub mod batch;
mod excerpt;
pub(crate) mod histogram;
pub mod otlp;
pub mod outbox;
pub(crate) mod query;
pub mod retention;
pub(crate) mod rollup;
pub(crate) mod sessions;
pub(crate) mod stats;
#[cfg(test)]
mod tests;
pub mod verdicts;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

pub use self::rollup::fold;

use crate::config::{ChannelId, ClientKeyId, KeyId, Protocol};
use crate::error::FailureKind;
use crate::ir::{FinishReason, Losses, Usage};
use crate::price::Cost;
use crate::schedule::{Class, Considered, Rule, SessionKey};
use crate::time::Timestamp;

/// What a request ends with that did not fail.
const NO_FAILURES: [Class; 2] = [Class::Success, Class::ClientGone];
/// nginx's "client closed request": no client sees it, the record does.
pub(crate) const CLIENT_CLOSED_REQUEST: u16 = 499;
/// Clients name models as they like; so many bytes of it are kept.
const LONGEST_NAME: usize = 200;

/// One request, whatever its attempts.
#[derive(Clone, Debug)]
pub struct Record {
    /// `req_…`, what `x-causeway-request-id` showed.
    pub id: String,
    pub at: Timestamp,
    pub protocol: Protocol,
    /// Empty where none came that is known.
    pub client_key: ClientKeyId,
    /// The conversation, where the client says that there is one.
    pub session: Option<SessionKey>,
    /// As the client asked for it; empty where the request was refused before it was read.
    pub model: String,
    pub stream: bool,
    /// What the client saw.
    pub status: StatusCode,
    pub attempts: Vec<Attempt>,
    /// What stood in the way of each candidate when none was left to try.
    pub left_out: Vec<Considered>,
    /// From arrival to the first content sent on.
    pub first_content: Option<Duration>,
    /// From arrival to the end of the answer.
    pub duration: Duration,
    /// Why the model stopped, where the answer came so far.
    pub finish: Option<FinishReason>,
    pub usage: Option<Usage>,
    /// Of the usage, at the prices that held when the request came; `None` where nothing is known of it.
    pub cost: Option<Cost>,
    /// Of the bodies, decompressed.
    pub request_bytes: u64,
    pub response_bytes: u64,
    /// What conversions could not carry, each way.
    pub lost: Losses,
    /// What the client was told of a failure of the gateway's own; holds no secret.
    pub error: Option<String>,
    /// What kind of failure that was.
    pub code: Option<FailureKind>,
    /// Whether its bodies are kept.
    pub captured: bool,
}

/// One try of a request.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When the scheduler gave the lease.
    pub at: Timestamp,
    pub channel: ChannelId,
    pub key: KeyId,
    /// The endpoint's base URL.
    pub endpoint: Arc<str>,
    /// The endpoint's; another one than the client's where the request was converted.
    pub protocol: Protocol,
    /// As the upstream was asked for it.
    pub model: String,
    pub class: Class,
    /// Why it was chosen.
    pub rule: Rule,
    /// Who was considered, and what kept or dropped each.
    pub considered: Arc<[Considered]>,
    /// The upstream's, where it answered with an error.
    pub status: Option<StatusCode>,
    /// When the answer's headers came, and its first content.
    pub first_byte: Option<Timestamp>,
    pub first_content: Option<Timestamp>,
    pub duration: Duration,
    /// What the upstream said of a failure, key removed; what is kept of it is an excerpt.
    pub message: Option<String>,
}

impl Record {
    /// Of a request that has just come.
    pub fn new(id: &str, at: Timestamp, protocol: Protocol, client_key: ClientKeyId, model: &str) -> Self {
        Self {
            id: id.to_owned(),
            at,
            protocol,
            client_key,
            session: None,
            model: model.to_owned(),
            stream: false,
            status: StatusCode::OK,
            attempts: Vec::new(),
            left_out: Vec::new(),
            first_content: None,
            duration: Duration::ZERO,
            finish: None,
            usage: None,
            cost: None,
            request_bytes: 0,
            response_bytes: 0,
            lost: Losses::default(),
            error: None,
            code: None,
            captured: false,
        }
    }

    /// The client left before its answer was whole.
    pub fn gone(&self) -> bool {
        self.status.as_u16() == CLIENT_CLOSED_REQUEST
            || self.attempts.last().is_some_and(|last| last.class == Class::ClientGone)
    }

    /// The client got an error, be it within an answer that began well.
    pub fn failed(&self) -> bool {
        is_failure(self.class())
    }

    /// What the last attempt came to; `refused` where there was none.
    fn class(&self) -> &'static str {
        match self.attempts.last() {
            _ if self.gone() => Class::ClientGone.as_str(),
            Some(last) => last.class.as_str(),
            None => "refused",
        }
    }

    /// Why it failed.
    fn failure(&self) -> Option<&str> {
        let upstream = || self.attempts.last()?.message.as_deref();
        self.error.as_deref().or_else(upstream).filter(|_| self.failed())
    }
}

/// Whether a request of this class counts as failed.
pub(crate) fn is_failure(class: &str) -> bool {
    NO_FAILURES.iter().all(|other| other.as_str() != class)
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn clipped(name: &str) -> &str {
    clipped_to(name, LONGEST_NAME)
}

/// At most `longest` bytes of `text`.
fn clipped_to(text: &str, longest: usize) -> &str {
    text.get(..text.floor_char_boundary(longest)).unwrap_or(text)
}
