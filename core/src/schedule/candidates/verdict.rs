//! What becomes of each candidate in a decision.

use std::sync::Arc;

use super::{Candidate, Fit, Pick, Search, Stage};
use crate::config::{Key, Status};
use crate::schedule::explain::{self, Chosen, Considered, Explanation, KeyVerdict, Verdict};
use crate::schedule::fit::Lack;
use crate::schedule::hold::{Cause, Standing};
use crate::schedule::slot::KeySlot;
use crate::schedule::{Reason, Refusal};
use crate::time::Timestamp;

/// Candidates that a lease tells of; an explanation tells of all.
const MAX_CONSIDERED: usize = 32;

type Told = (Verdict, Option<Timestamp>);

impl Search<'_> {
    /// What was considered for `chosen`, in the order of tiers.
    pub(in crate::schedule) fn considered(&self, chosen: &Pick) -> Arc<[Considered]> {
        let considered = self.candidates(self.position()).take(MAX_CONSIDERED).map(|one| {
            let (verdict, until) = self.verdict(&one, Some(chosen));
            let (channel, protocol) = (one.channel.id.clone(), one.route.speaks);
            Considered { channel, protocol, verdict, until }
        });
        considered.collect()
    }

    /// The decision with all that led to it.
    pub(in crate::schedule) fn explain(&self, decision: &Result<Pick, Refusal>) -> Explanation {
        let chosen = decision.as_ref().ok();
        let refusal = decision.as_ref().err();
        let known = refusal.is_none_or(|refusal| refusal.reason != Reason::UnknownChannel);
        let candidates = self.candidates(self.position()).filter(|_| known);
        Explanation {
            chosen: chosen.and_then(|pick| self.chosen(pick)),
            refusal: refusal.cloned(),
            candidates: candidates.map(|one| self.told(&one, chosen)).collect(),
        }
    }

    fn chosen(&self, pick: &Pick) -> Option<Chosen> {
        let channel = self.config.channels.get(pick.channel)?;
        Some(Chosen {
            channel: channel.id.clone(),
            name: channel.name.to_string(),
            key: channel.keys.get(pick.key)?.id.clone(),
            endpoint: pick.endpoint,
            protocol: channel.endpoints.get(pick.endpoint)?.protocol,
            rule: pick.rule,
            probe: pick.trial,
        })
    }

    fn told(&self, one: &Candidate<'_>, chosen: Option<&Pick>) -> explain::Candidate {
        let (verdict, until) = self.verdict(one, chosen);
        let keys = one.channel.keys.iter().zip(&one.slot.keys).map(|(key, slot)| {
            let (verdict, until) = self.key_verdict(one, key, slot);
            KeyVerdict { key: key.id.clone(), verdict, until }
        });
        explain::Candidate {
            channel: one.channel.id.clone(),
            name: one.channel.name.to_string(),
            priority: one.channel.priority,
            protocol: one.route.speaks,
            verdict,
            until,
            keys: if self.stage(one) > Stage::Paused { keys.collect() } else { Vec::new() },
        }
    }

    fn verdict(&self, one: &Candidate<'_>, chosen: Option<&Pick>) -> Told {
        let ruled_out = match self.stage(one) {
            Stage::OtherPrefix => Some(Verdict::OtherPrefix),
            Stage::OtherModel => Some(Verdict::OtherModel),
            Stage::NotAllowed => Some(Verdict::NotAllowed),
            Stage::Paused if one.channel.status == Status::Paused => Some(Verdict::Paused),
            Stage::Paused => Some(Verdict::NoKey),
            Stage::Tried | Stage::Waiting | Stage::Limited => None,
        };
        if let Some(verdict) = ruled_out {
            return (verdict, None);
        }
        if chosen.is_some_and(|pick| self.is_at(one, pick)) {
            return (Verdict::Chosen, None);
        }
        match self.fit(one) {
            Fit::Misfit(Lack::Window) => return (Verdict::ContextWindow, None),
            Fit::Misfit(Lack::Capability) => return (Verdict::Capability, None),
            Fit::Full | Fit::Shortened => {}
        }
        if self.offer(one, true).is_some() {
            return (self.passed_over(one, chosen), None);
        }
        let keys = one.keys().map(|(_, key, slot)| self.key_verdict(one, key, slot));
        let soonest = |(verdict, until): &Told| (*verdict == Verdict::Tried, until.is_none(), *until);
        keys.min_by_key(soonest).unwrap_or((Verdict::NoKey, None))
    }

    /// Of one that could serve.
    fn passed_over(&self, one: &Candidate<'_>, chosen: Option<&Pick>) -> Verdict {
        let Some(chosen) = chosen else { return Verdict::Ready };
        let mut taken = self.routes(None).iter().filter_map(|route| self.candidate(*route));
        match taken.find(|other| self.is_at(other, chosen)) {
            Some(taken) if taken.route.tier < one.route.tier => Verdict::LowerTier,
            _ => Verdict::NotDrawn,
        }
    }

    fn is_at(&self, one: &Candidate<'_>, pick: &Pick) -> bool {
        let endpoint = one.channel.endpoints.get(pick.endpoint);
        one.route.channel == pick.channel
            && endpoint.is_some_and(|endpoint| endpoint.protocol == one.route.speaks)
    }

    fn key_verdict(&self, one: &Candidate<'_>, key: &Key, slot: &KeySlot) -> Told {
        if key.status == Status::Paused {
            return (Verdict::Paused, None);
        }
        if !one.endpoints(true).any(|endpoint| one.past.leaves(key, endpoint)) {
            return (Verdict::Tried, None);
        }
        match self.standing(one, key, slot) {
            Standing::Ready | Standing::Trial => (Verdict::Ready, None),
            Standing::Limited(until) => (Verdict::Limited, until),
            Standing::Waits(wait) => {
                let verdict = match wait.cause {
                    _ if wait.refused => Verdict::Refused,
                    Cause::Cooling => Verdict::CoolingDown,
                    Cause::Open => Verdict::Open,
                    Cause::UnderTest => Verdict::UnderTest,
                };
                (verdict, Some(wait.until))
            }
        }
    }
}
