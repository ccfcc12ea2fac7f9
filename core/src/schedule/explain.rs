//! Why a request is served as it is, for people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Refusal, Rule};
use crate::config::{ChannelId, KeyId, Protocol};
use crate::time::Timestamp;

/// What would become of a request now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    pub chosen: Option<Chosen>,
    /// Why nothing is chosen.
    pub refusal: Option<Refusal>,
    /// Every way to a channel that speaks the client's protocol or can be converted to it, in the order of
    /// tiers.
    pub candidates: Vec<Candidate>,
}

/// Who would serve the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Chosen {
    pub channel: ChannelId,
    /// Of the channel.
    pub name: String,
    pub key: KeyId,
    /// Position in the channel's endpoints.
    pub endpoint: usize,
    /// Of that endpoint.
    pub protocol: Protocol,
    pub rule: Rule,
    /// Whether the request would test something that failed before.
    pub probe: bool,
}

/// A channel, reached over its endpoints of one protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    pub channel: ChannelId,
    /// Of the channel.
    pub name: String,
    pub priority: u32,
    /// Of the endpoints used.
    pub protocol: Protocol,
    pub verdict: Verdict,
    /// When the verdict ends, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Empty where the keys do not matter.
    pub keys: Vec<KeyVerdict>,
}

/// A candidate of a decision that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Considered {
    pub channel: ChannelId,
    /// Of the endpoints used.
    pub protocol: Protocol,
    pub verdict: Verdict,
    /// When the verdict ends, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl From<Candidate> for Considered {
    fn from(candidate: Candidate) -> Self {
        let Candidate { channel, protocol, verdict, until, .. } = candidate;
        Self { channel, protocol, verdict, until }
    }
}

/// One key of a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyVerdict {
    pub key: KeyId,
    pub verdict: Verdict,
    /// When the verdict ends, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// How far a candidate, or a key of it, gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It would serve.
    Chosen,
    /// It has another route prefix, or one where none is asked for.
    OtherPrefix,
    /// It does not serve this model.
    OtherModel,
    /// The client's key may not use it.
    NotAllowed,
    /// Its operator paused it.
    Paused,
    /// It has no key, or none that is not paused.
    NoKey,
    /// It failed this request before.
    Tried,
    /// The request is too long for the model there.
    ContextWindow,
    /// It does not take images or tools.
    Capability,
    /// It is at a limit its operator set.
    Limited,
    /// The upstream asked to come back later.
    CoolingDown,
    /// The upstream refuses its key.
    Refused,
    /// It failed too often; its breaker is open.
    Open,
    /// It comes back from a fault, and another request tests it.
    UnderTest,
    /// It could serve, and one of a better tier does.
    LowerTier,
    /// It could serve, and another of its tier, or one that a rule prefers, was taken.
    NotDrawn,
    /// It could serve.
    Ready,
}
