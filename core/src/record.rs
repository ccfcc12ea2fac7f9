//! What is kept about a finished request.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::config::{ChannelId, ClientKeyId, KeyId, Protocol};
use crate::ir::{Losses, Usage};
use crate::schedule::{Class, Considered, Rule};
use crate::time::Timestamp;

/// One request, whatever its attempts.
#[derive(Clone, Debug)]
pub struct Record {
    /// `req_…`, what `x-causeway-request-id` showed.
    pub id: String,
    pub at: Timestamp,
    pub protocol: Protocol,
    pub client_key: ClientKeyId,
    /// As the client asked for it.
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
    pub usage: Option<Usage>,
    /// What conversions could not carry, each way.
    pub lost: Losses,
}

/// One try of a request.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub channel: ChannelId,
    pub key: KeyId,
    /// The endpoint's; another one than the client's where the request was converted.
    pub protocol: Protocol,
    pub class: Class,
    /// Why it was chosen.
    pub rule: Rule,
    /// Who was considered, and what kept or dropped each.
    pub considered: Arc<[Considered]>,
    /// The upstream's, where it answered.
    pub status: Option<StatusCode>,
    /// For people; holds no secret and nothing of a prompt.
    pub message: Option<String>,
}
