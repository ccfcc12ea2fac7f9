//! Why a request would be served as it would: the same decision, told and not taken.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Ask, BreakerState, ChannelHealth, KeyHealth, Reason, Refusal, Rule, State};
use crate::config::{Channel, ChannelId, Config, Key, KeyId, Protocol, Status};
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
    /// It failed too often; its breaker is open.
    Open,
    /// It could serve, and one of a better tier does.
    LowerTier,
    /// It could serve, and another of its tier was drawn.
    NotDrawn,
    /// It could serve.
    Ready,
}

impl State {
    /// What [`State::acquire`] would answer, without answering it.
    pub fn explain(&self, config: &Config, ask: &Ask<'_>, now: Timestamp) -> Explanation {
        let pinned =
            |channel: &Channel| ask.pin.is_none_or(|pin| *channel.name == *pin || channel.id.as_str() == pin);
        let health = self.health(config, now);
        let candidates: Vec<Candidate> = config
            .channels
            .iter()
            .zip(&health)
            .filter(|(channel, _)| pinned(channel))
            .flat_map(|(channel, health)| {
                let ways = channel.ways(ask.protocol);
                let ways = ways.filter(|speaks| ask.convertible || *speaks == ask.protocol);
                ways.map(|speaks| Candidate::of(channel, speaks, health, ask, now))
            })
            .collect();
        let unknown = ask.pin.is_some() && !config.channels.iter().any(|channel| pinned(channel));
        let refusal = unknown.then_some(Refusal { reason: Reason::UnknownChannel, retry_at: None });
        Explanation { chosen: None, refusal, candidates }
    }
}

impl Candidate {
    fn of(
        channel: &Channel,
        speaks: Protocol,
        health: &ChannelHealth,
        ask: &Ask<'_>,
        now: Timestamp,
    ) -> Self {
        let mut candidate = Self {
            channel: channel.id.clone(),
            name: channel.name.to_string(),
            priority: channel.priority,
            protocol: speaks,
            verdict: Verdict::Ready,
            until: None,
            keys: Vec::new(),
        };
        if let Some(verdict) = refused(channel, speaks, ask) {
            candidate.verdict = verdict;
            return candidate;
        }
        let verdict = |key: &Key| {
            let health = health.keys.iter().find(|health| health.id == key.id);
            let (verdict, until) = standing(key, health, speaks, now);
            KeyVerdict { key: key.id.clone(), verdict, until }
        };
        candidate.keys = channel.keys.iter().map(verdict).collect();
        let able = candidate.keys.iter().filter(|key| key.verdict != Verdict::Paused);
        let best = able.min_by_key(|key| (key.verdict != Verdict::Ready, key.until));
        (candidate.verdict, candidate.until) =
            best.map_or((Verdict::NoKey, None), |best| (best.verdict, best.until));
        candidate
    }
}

/// Why the configuration alone keeps the request away.
fn refused(channel: &Channel, speaks: Protocol, ask: &Ask<'_>) -> Option<Verdict> {
    let mapped = channel.model_map.map(ask.model);
    let window = channel.context_windows.get(mapped.as_deref().unwrap_or(ask.model));
    let lacks = |sheet: &crate::config::compat::Compat| {
        ask.needs.vision && sheet.vision == Some(false) || ask.needs.tools && sheet.tools == Some(false)
    };
    let mut endpoints = channel.endpoints.iter().filter(|endpoint| endpoint.protocol == speaks);
    if channel.route_prefix.as_deref() != ask.prefix {
        Some(Verdict::OtherPrefix)
    } else if !channel.models.allows(ask.model) {
        Some(Verdict::OtherModel)
    } else if channel.status == Status::Paused {
        Some(Verdict::Paused)
    } else if window.is_some_and(|window| ask.needs.input.saturating_add(ask.needs.output) > *window) {
        Some(Verdict::ContextWindow)
    } else if endpoints.all(|endpoint| lacks(&endpoint.compat)) {
        Some(Verdict::Capability)
    } else {
        None
    }
}

fn standing(
    key: &Key,
    health: Option<&KeyHealth>,
    speaks: Protocol,
    now: Timestamp,
) -> (Verdict, Option<Timestamp>) {
    if key.status == Status::Paused {
        return (Verdict::Paused, None);
    }
    if let Some(cooling) = health.and_then(|health| health.cooldown).filter(|cooling| cooling.until > now) {
        return (Verdict::CoolingDown, Some(cooling.until));
    }
    let mut lanes = health.into_iter().flat_map(|health| &health.protocols);
    match lanes.find(|lane| lane.protocol == speaks) {
        Some(lane) if lane.breaker == BreakerState::Open => (Verdict::Open, lane.open_until),
        _ => (Verdict::Ready, None),
    }
}
