//! Which channel, key and endpoint could serve a request, and which of them is chosen.

mod verdict;

use std::cmp::Ordering;
use std::sync::Arc;

use super::affinity::Bond;
use super::breaker::BreakerState;
use super::fit::{Fit, fit};
use super::hold::Standing;
use super::plan::{Plan, Route};
use super::rests::Rests;
use super::rng::Rng;
use super::slot::{ChannelSlot, KeySlot};
use super::standing::Situation;
use super::{Ask, Class, ModelKey, Needs, Reason, Refusal, Rule, Tried};
use crate::config::{Channel, Config, Key, Rotation, Status};
use crate::time::Timestamp;

/// A tier of more routes is drawn from; a smaller one is looked through.
pub(super) const SMALL: usize = 8;
/// Draws from a large tier before all of it is looked through.
pub(super) const DRAWS: usize = 16;
/// A drawn candidate gives way to one that costs so much less. Among near equals the weights decide.
pub(super) const BAND: f32 = 0.8;

/// A request that spent so many keys of a channel tries other channels before more of them: a request has few
/// attempts, and keys that end together, such as those of one day's quota, would take them all.
pub(super) const SPENT_KEYS: usize = 4;

/// One choice to make; it changes nothing.
pub(super) struct Search<'a> {
    pub(super) config: &'a Config,
    pub(super) plan: &'a Plan,
    pub(super) slots: &'a [ChannelSlot],
    pub(super) accounts: &'a [Rests],
    pub(super) ask: &'a Ask<'a>,
    pub(super) bond: Option<&'a Bond>,
    pub(super) now: Timestamp,
}

/// What was chosen, as positions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pick {
    pub(super) channel: usize,
    pub(super) key: usize,
    pub(super) endpoint: usize,
    pub(super) rule: Rule,
    /// Tests something tripped or cooling.
    pub(super) trial: bool,
}

/// A channel and one way to it.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    route: Route,
    channel: &'a Arc<Channel>,
    slot: &'a ChannelSlot,
    past: Past<'a>,
}

/// A candidate that could serve, and what speaks for it.
#[derive(Clone, Copy)]
struct Contender {
    pick: Pick,
    fit: Fit,
    /// `None`: too little is known to compare.
    cost: Option<f32>,
}

/// Which candidates of a tier may serve.
#[derive(Clone, Copy)]
struct Round {
    /// Those that failed this request already, and of which another endpoint or key is left.
    failed: bool,
    /// Those that cannot do what the request needs, as far as is known.
    misfits: bool,
    /// Also those that are only tested.
    trials: bool,
}

/// A key and an endpoint of a candidate.
#[derive(Clone, Copy)]
struct Offer {
    key: usize,
    endpoint: usize,
    trial: bool,
}

/// How far a candidate gets; the furthest of all is the reason of a refusal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    OtherPrefix,
    OtherModel,
    NotAllowed,
    Paused,
    Tried,
    Waiting,
    Limited,
}

impl<'a> Search<'a> {
    pub(super) fn pick(&self, rng: &mut Rng) -> Result<Pick, Refusal> {
        let Some(pin) = self.ask.pin else {
            return self.healthy(rng).map_or_else(|| self.last_resort(None), Ok);
        };
        let Some(position) = self.plan.named(pin) else {
            return Err(Refusal { reason: Reason::UnknownChannel, retry_at: None });
        };
        let mut candidates = self.candidates(Some(position)).filter(|one| self.stage(one) > Stage::Paused);
        candidates
            .find_map(|one| self.offer(&one, true).map(|offer| one.pick(offer, Rule::Pin)))
            .map_or_else(|| self.last_resort(Some(position)), Ok)
    }

    fn healthy(&self, rng: &mut Rng) -> Option<Pick> {
        let again = !self.ask.tried.is_empty();
        let choosy = self.ask.needs != Needs::default();
        // A request that made one test in vain is served before it makes another.
        let tested = self.ask.tried.iter().any(|tried| tried.probe);
        let mut round = |failed, misfits, trials| self.by_priority(Round { failed, misfits, trials }, rng);
        let preferred =
            |trials| self.next_key(trials).or_else(|| self.promoted(trials)).or_else(|| self.bonded());
        let sound = if tested { preferred(false).or_else(|| round(false, false, false)) } else { None };
        sound
            .or_else(|| preferred(true))
            .or_else(|| round(false, false, true))
            .or_else(|| if again { round(true, false, true) } else { None })
            .or_else(|| if choosy { round(false, true, true) } else { None })
            .or_else(|| if choosy && again { round(true, true, true) } else { None })
    }

    /// After a fault of a key: another key of the same channel.
    fn next_key(&self, trials: bool) -> Option<Pick> {
        let last = self.ask.tried.last().filter(|tried| tried.class.blames_key())?;
        let mut ways = self.fresh(self.plan.position(&last.channel)?);
        let (one, offer) = ways.find_map(|one| Some((one, self.offer(&one, trials)?)))?;
        let rule = if self.is_promoted(&one) {
            Rule::Promotion
        } else if self.bond.is_some_and(|bond| bond.channel == one.channel.id) {
            Rule::Affinity
        } else {
            Rule::Priority
        };
        Some(one.pick(offer, rule))
    }

    fn promoted(&self, trials: bool) -> Option<Pick> {
        self.plan.promoted(self.ask).iter().find_map(|route| {
            let one = self.fresh_on(*route).filter(|one| self.is_promoted(one) && self.fits(one))?;
            self.offer(&one, trials).map(|offer| one.pick(offer, Rule::Promotion))
        })
    }

    /// The session's key, or else a healthy key of the session's channel.
    fn bonded(&self) -> Option<Pick> {
        let bond = self.bond?;
        self.fresh(self.plan.position(&bond.channel)?).filter(|one| self.fits(one)).find_map(|one| {
            let endpoint = one.endpoints(false).next()?;
            let mut keys = one.keys().filter(|(_, key, slot)| {
                one.past.leaves(key, endpoint) && self.standing(&one, key, slot) == Standing::Ready
            });
            let own = keys.clone().find(|(_, key, _)| key.id == bond.key);
            let (key, ..) = own.or_else(|| keys.next())?;
            Some(one.pick(Offer { key, endpoint, trial: false }, Rule::Affinity))
        })
    }

    /// A choice in the first tier that can serve.
    fn by_priority(&self, round: Round, rng: &mut Rng) -> Option<Pick> {
        let mut rest = self.routes(None);
        while let Some(first) = rest.first() {
            let (tier, lower) = rest.split_at(rest.partition_point(|route| route.tier <= first.tier));
            let chosen = if tier.len() > SMALL { self.drawn(tier, round, rng) } else { None };
            if let Some(chosen) = chosen.or_else(|| self.looked_through(tier, round, rng)) {
                return Some(chosen.pick);
            }
            rest = lower;
        }
        None
    }

    /// The better of two that were drawn by their weights. Drawing until one can serve gives the same odds as
    /// a choice among all that can, without looking at each.
    fn drawn(&self, tier: &[Route], round: Round, rng: &mut Rng) -> Option<Contender> {
        let sum = tier.last().map_or(0, |route| route.weight_sum);
        let mut chosen: Option<Contender> = None;
        for _ in 0..DRAWS {
            let ticket = rng.below(sum);
            let route = tier.get(tier.partition_point(|route| route.weight_sum <= ticket));
            let drawn = route.and_then(|route| self.contender(*route, round));
            match (chosen, drawn) {
                (None, _) => chosen = drawn,
                (Some(first), Some(second)) if second.pick.channel != first.pick.channel => {
                    return Some(first.or_better(second));
                }
                _ => {}
            }
        }
        chosen
    }

    /// One that was drawn by the weights among all that can serve, or one that is clearly better.
    fn looked_through(&self, tier: &[Route], round: Round, rng: &mut Rng) -> Option<Contender> {
        let mut chosen: Option<Contender> = None;
        let mut best: Option<Contender> = None;
        let mut total = 0;
        for route in tier {
            let Some(contender) = self.contender(*route, round) else { continue };
            total += route.weight;
            if chosen.is_none() || rng.below(total) < route.weight {
                chosen = Some(contender);
            }
            if !contender.pick.trial && best.is_none_or(|best| contender.beats(&best)) {
                best = Some(contender);
            }
        }
        match (chosen, best) {
            (Some(chosen), Some(best)) => Some(chosen.or_better(best)),
            (chosen, _) => chosen,
        }
    }

    fn contender(&self, route: Route, round: Round) -> Option<Contender> {
        let one = self.candidate(route)?;
        if one.past.failed() != round.failed || self.stage(&one) <= Stage::Paused {
            return None;
        }
        let fit = self.fit(&one);
        if matches!(fit, Fit::Misfit(_)) != round.misfits {
            return None;
        }
        let pick = one.pick(self.offer(&one, round.trials)?, Rule::Priority);
        let lane = one.slot.lane(route.speaks)?;
        let cost = lane.pace.cost(lane.lane.in_flight, route.weight, self.now);
        Some(Contender { pick, fit, cost })
    }

    /// Nothing healthy is left: what may be tested soonest, a refused key only after all others.
    fn last_resort(&self, position: Option<usize>) -> Result<Pick, Refusal> {
        let mut reached = Stage::OtherPrefix;
        let mut retry_at: Option<Timestamp> = None;
        let mut note = |at: Timestamp| retry_at = Some(retry_at.map_or(at, |known| known.min(at)));
        let mut best = None;
        for one in self.candidates(position) {
            reached = reached.max(self.stage(&one));
            if self.stage(&one) <= Stage::Paused {
                continue;
            }
            for (key, configured, slot) in one.keys() {
                let left = one.endpoints(true).find(|endpoint| one.past.leaves(configured, *endpoint));
                let Some(endpoint) = left else { continue };
                match self.standing(&one, configured, slot) {
                    Standing::Ready | Standing::Trial => {}
                    Standing::Limited(until) => {
                        reached = Stage::Limited;
                        until.into_iter().for_each(&mut note);
                    }
                    Standing::Waits(wait) => {
                        reached = reached.max(Stage::Waiting);
                        if wait.from > self.now {
                            note(wait.from);
                            continue;
                        }
                        let rank = (wait.refused, one.past.failed(), wait.until);
                        if best.is_none_or(|(least, _)| rank < least) {
                            let offer = Offer { key, endpoint, trial: true };
                            best = Some((rank, one.pick(offer, Rule::LastResort)));
                        }
                    }
                }
            }
        }
        // What is sound and only at its limits is worth a wait; nothing else is tried for it.
        let best = best.filter(|_| reached != Stage::Limited);
        best.map(|(_, pick)| pick).ok_or_else(|| Refusal { reason: reached.into(), retry_at })
    }

    /// Where the pinned channel stands.
    fn position(&self) -> Option<usize> {
        self.ask.pin.and_then(|pin| self.plan.named(pin))
    }

    /// All in order of their tiers, or those of the channel at `position`.
    fn routes(&self, position: Option<usize>) -> &'a [Route] {
        position.map_or_else(|| self.plan.routes(self.ask), |channel| self.plan.routes_of(self.ask, channel))
    }

    fn candidates(&self, position: Option<usize>) -> impl Iterator<Item = Candidate<'a>> {
        self.routes(position).iter().filter_map(|route| self.candidate(*route))
    }

    fn candidate(&self, route: Route) -> Option<Candidate<'a>> {
        let channel = self.config.channels.get(route.channel)?;
        let slot = self.slots.get(route.channel)?;
        Some(Candidate { route, channel, slot, past: Past { tried: self.ask.tried, channel } })
    }

    /// The ways to the channel at `position`, if it may serve and has not failed this request.
    fn fresh(&self, position: usize) -> impl Iterator<Item = Candidate<'a>> {
        self.routes(Some(position)).iter().filter_map(|route| self.fresh_on(*route))
    }

    fn fresh_on(&self, route: Route) -> Option<Candidate<'a>> {
        self.candidate(route).filter(|one| self.stage(one) > Stage::Paused && !one.past.failed())
    }

    fn is_promoted(&self, one: &Candidate<'_>) -> bool {
        one.channel.promoted_until.is_some_and(|until| self.now < until)
    }

    /// How far it gets by configuration alone: [`Stage::Tried`] at most.
    fn stage(&self, one: &Candidate<'_>) -> Stage {
        let channel = one.channel;
        if channel.route_prefix.as_deref() != self.ask.prefix {
            Stage::OtherPrefix
        } else if !self.ask.model.is_empty() && !channel.models.allows(self.ask.model)
            || self.leaves_space(channel)
        {
            Stage::OtherModel
        } else if self.ask.channels.is_some_and(|allowed| !allowed.holds(one.route.channel)) {
            Stage::NotAllowed
        } else if channel.status == Status::Paused || one.keys().next().is_none() {
            Stage::Paused
        } else {
            Stage::Tried
        }
    }

    /// Whether its vectors would be of no use beside those of the channel that was to serve first.
    fn leaves_space(&self, channel: &Channel) -> bool {
        let Some(first) = self.ask.tried.first().filter(|_| self.ask.embeds) else { return false };
        let space = || {
            let position = self.plan.position(&first.channel)?;
            self.config.channels.get(position)?.embedding_space.as_deref()
        };
        first.channel != channel.id
            && space().is_none_or(|space| channel.embedding_space.as_deref() != Some(space))
    }

    fn standing(&self, one: &Candidate<'_>, key: &Key, slot: &KeySlot) -> Standing {
        let situation = Situation {
            protocol: one.route.speaks,
            channel: one.slot,
            channel_limits: &one.channel.limits,
            key: slot,
            key_limits: &key.limits,
            account: slot.group.and_then(|group| self.accounts.get(group)),
            tokens: self.ask.needs.input,
            ahead: one.slot.line.ahead(self.ask.ticket),
            pinned: self.ask.pin.is_some(),
            now: self.now,
        };
        situation.standing(|| upstream_model(one.channel, self.ask.model))
    }

    fn fit(&self, one: &Candidate<'_>) -> Fit {
        fit(one.channel, one.route.speaks, self.ask.model, &self.ask.needs)
    }

    fn fits(&self, one: &Candidate<'_>) -> bool {
        !matches!(self.fit(one), Fit::Misfit(_))
    }

    /// The channels that an operator lets serve the request, each once or more.
    pub(super) fn open(&self) -> impl Iterator<Item = usize> {
        self.candidates(self.position())
            .filter(|one| self.stage(one) > Stage::Paused)
            .map(|one| one.route.channel)
    }

    /// The endpoint and key it would use now: endpoints in order, those that failed last. Without `trials`, none
    /// that is only tested.
    fn offer(&self, one: &Candidate<'_>, trials: bool) -> Option<Offer> {
        let lane = one.slot.lane(one.route.speaks)?;
        if self.ask.pin.is_none() && lane.lane.breaker.state(self.now) == BreakerState::Open {
            return None;
        }
        let failed = one.past.failed();
        let (sound, failing) = (one.endpoints(false), one.endpoints(true).filter(|_| failed));
        sound.chain(failing).find_map(|endpoint| {
            let usable = one.rotated().filter_map(|(key, configured, slot)| {
                let trial = match self.standing(one, configured, slot) {
                    Standing::Ready => false,
                    Standing::Trial if trials => true,
                    Standing::Trial | Standing::Limited(_) | Standing::Waits(_) => return None,
                };
                let offer = Offer { key, endpoint, trial };
                one.past.leaves(configured, endpoint).then_some((offer, slot))
            });
            one.first(usable)
        })
    }
}

impl<'a> Candidate<'a> {
    /// The keys an operator lets serve.
    fn keys(&self) -> impl Iterator<Item = (usize, &'a Key, &'a KeySlot)> + Clone + use<'a> {
        let keys = self.channel.keys.iter().zip(&self.slot.keys).enumerate();
        keys.filter(|(_, (key, _))| key.status == Status::Active)
            .map(|(index, (key, slot))| (index, key, slot))
    }

    /// The endpoints of its protocol; without `all`, only those that have not failed this request.
    fn endpoints(&self, all: bool) -> impl Iterator<Item = usize> + use<'a> {
        let (speaks, past) = (self.route.speaks, self.past);
        let endpoints = self.channel.endpoints.iter().enumerate();
        let endpoints = endpoints.filter(move |(_, endpoint)| endpoint.protocol == speaks);
        endpoints.map(|(index, _)| index).filter(move |index| all || !past.failed_at(*index))
    }

    /// Its keys, those whose turn it is first.
    fn rotated(&self) -> impl Iterator<Item = (usize, &'a Key, &'a KeySlot)> + use<'a> {
        let start = match self.channel.rotation {
            Rotation::RoundRobin => self.slot.cursor,
            Rotation::Ordered | Rotation::LeastUsed => 0,
        };
        let (turn, past) = (self.keys(), self.keys());
        turn.filter(move |(key, ..)| *key >= start).chain(past.take_while(move |(key, ..)| *key < start))
    }

    fn first(&self, mut usable: impl Iterator<Item = (Offer, &'a KeySlot)>) -> Option<Offer> {
        let chosen = match self.channel.rotation {
            Rotation::Ordered | Rotation::RoundRobin => usable.next(),
            Rotation::LeastUsed => usable.min_by_key(|(_, slot)| (slot.in_flight(), slot.last_used)),
        };
        chosen.map(|(offer, _)| offer)
    }

    const fn pick(&self, offer: Offer, rule: Rule) -> Pick {
        let Offer { key, endpoint, trial } = offer;
        Pick { channel: self.route.channel, key, endpoint, rule, trial }
    }
}

impl Contender {
    /// `other`, if it is clearly better. A trial that was drawn is made: what is never tried never recovers.
    fn or_better(self, other: Self) -> Self {
        let better = match self.fit.cmp(&other.fit) {
            Ordering::Less => false,
            Ordering::Equal => self.cost.zip(other.cost).is_some_and(|(own, other)| other < own * BAND),
            Ordering::Greater => true,
        };
        if better && !self.pick.trial && !other.pick.trial { other } else { self }
    }

    fn beats(&self, other: &Self) -> bool {
        let cost = |one: &Self| one.cost.unwrap_or(f32::INFINITY);
        self.fit.cmp(&other.fit).then(cost(self).total_cmp(&cost(other))).is_lt()
    }
}

/// What a request tried of one channel.
#[derive(Clone, Copy)]
struct Past<'a> {
    tried: &'a [Tried],
    channel: &'a Channel,
}

impl<'a> Past<'a> {
    fn here(&self) -> impl Iterator<Item = &'a Tried> + use<'a> {
        let channel = self.channel;
        self.tried.iter().filter(move |tried| tried.channel == channel.id)
    }

    /// Whether the channel itself failed, or too many of its keys.
    fn failed(&self) -> bool {
        self.here().any(|tried| tried.class.blames_channel())
            || self.here().filter(|tried| tried.class.blames_key()).count() >= SPENT_KEYS
    }

    fn failed_at(&self, endpoint: usize) -> bool {
        self.here().any(|tried| tried.endpoint == endpoint && tried.class.blames_channel())
    }

    /// Whether `key` may still be used at `endpoint`.
    fn leaves(&self, key: &Key, endpoint: usize) -> bool {
        let spent = |tried: &Tried| {
            let here = tried.endpoint == endpoint;
            here && tried.class == Class::Unfit || tried.key == key.id && (here || tried.class.blames_key())
        };
        !self.here().any(spent)
    }
}

impl From<Stage> for Reason {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::OtherPrefix => Self::NoChannel,
            Stage::OtherModel => Self::NoModel,
            Stage::NotAllowed => Self::NotAllowed,
            Stage::Paused => Self::Paused,
            Stage::Tried => Self::Exhausted,
            Stage::Waiting => Self::CoolingDown,
            Stage::Limited => Self::Limited,
        }
    }
}

/// The fingerprint of `model` under the channel's name for it.
pub(super) fn upstream_model(channel: &Channel, model: &str) -> ModelKey {
    channel.model_map.map(model).map_or_else(|| ModelKey::of(model), |mapped| ModelKey::of(&mapped))
}
