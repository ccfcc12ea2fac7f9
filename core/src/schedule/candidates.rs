//! Which channel, key and endpoint could serve a request, and which of them is chosen.

use std::sync::Arc;

use super::affinity::Bond;
use super::plan::{Plan, Route};
use super::rng::Rng;
use super::slot::{ChannelSlot, KeySlot, Standing};
use super::{Ask, Class, ModelKey, Reason, Refusal, Rule, Tried};
use crate::config::{Channel, Config, Key, Rotation, Status};
use crate::time::Timestamp;

/// Draws from a tier before all of it is looked through.
const DRAWS: usize = 4;

/// One choice to make; it changes nothing.
pub(super) struct Search<'a> {
    pub(super) config: &'a Config,
    pub(super) plan: &'a Plan,
    pub(super) slots: &'a [ChannelSlot],
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
    Paused,
    Tried,
    Waiting,
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
            .find_map(|one| self.offer(&one).map(|offer| one.pick(offer, Rule::Pin)))
            .map_or_else(|| self.last_resort(Some(position)), Ok)
    }

    fn healthy(&self, rng: &mut Rng) -> Option<Pick> {
        self.next_key()
            .or_else(|| self.promoted())
            .or_else(|| self.bonded())
            .or_else(|| self.by_priority(false, rng))
            .or_else(|| if self.ask.tried.is_empty() { None } else { self.by_priority(true, rng) })
    }

    /// After a fault of a key: another key of the same channel.
    fn next_key(&self) -> Option<Pick> {
        let last = self.ask.tried.last().filter(|tried| tried.class.blames_key())?;
        let mut ways = self.fresh(self.plan.position(&last.channel)?);
        let (one, offer) = ways.find_map(|one| Some((one, self.offer(&one)?)))?;
        let rule = if self.is_promoted(&one) {
            Rule::Promotion
        } else if self.bond.is_some_and(|bond| bond.channel == one.channel.id) {
            Rule::Affinity
        } else {
            Rule::Priority
        };
        Some(one.pick(offer, rule))
    }

    fn promoted(&self) -> Option<Pick> {
        self.plan.promoted(self.ask).iter().find_map(|route| {
            let one = self.fresh_on(*route).filter(|one| self.is_promoted(one))?;
            self.offer(&one).map(|offer| one.pick(offer, Rule::Promotion))
        })
    }

    /// The session's key, or else a healthy key of the session's channel.
    fn bonded(&self) -> Option<Pick> {
        let bond = self.bond?;
        self.fresh(self.plan.position(&bond.channel)?).find_map(|one| {
            let endpoint = one.endpoints(false).next()?;
            let mut keys = one.keys().filter(|(_, key, slot)| {
                one.past.leaves(key, endpoint) && self.standing(&one, slot) == Standing::Ready
            });
            let own = keys.clone().find(|(_, key, _)| key.id == bond.key);
            let (key, ..) = own.or_else(|| keys.next())?;
            Some(one.pick(Offer { key, endpoint, trial: false }, Rule::Affinity))
        })
    }

    /// A weighted choice in the first tier that can serve. `failed`: among the channels that failed this
    /// request already, and of which another endpoint or key is left.
    fn by_priority(&self, failed: bool, rng: &mut Rng) -> Option<Pick> {
        let mut rest = self.routes(None);
        while let Some(first) = rest.first() {
            let (tier, lower) = rest.split_at(rest.partition_point(|route| route.tier <= first.tier));
            if let Some(pick) = self.in_tier(tier, failed, rng) {
                return Some(pick);
            }
            rest = lower;
        }
        None
    }

    /// Drawing until one can serve gives the same odds as a choice among all that can, without looking at
    /// each; a large tier in which that does not soon succeed is looked through.
    fn in_tier(&self, tier: &[Route], failed: bool, rng: &mut Rng) -> Option<Pick> {
        let serve = |route: &Route| {
            let one = self.candidate(*route)?;
            let open = one.past.failed() == failed && self.stage(&one) > Stage::Paused;
            let offer = if open { self.offer(&one) } else { None }?;
            Some(one.pick(offer, Rule::Priority))
        };
        let sum = tier.last().map_or(0, |route| route.weight_sum);
        for _ in 0..if tier.len() > DRAWS { DRAWS } else { 0 } {
            let ticket = rng.below(sum);
            let drawn = tier.get(tier.partition_point(|route| route.weight_sum <= ticket));
            if let Some(pick) = drawn.and_then(serve) {
                return Some(pick);
            }
        }
        let mut chosen = None;
        let mut total = 0;
        for route in tier {
            let Some(pick) = serve(route) else { continue };
            total += route.weight;
            if chosen.is_none() || rng.below(total) < route.weight {
                chosen = Some(pick);
            }
        }
        chosen
    }

    /// Nothing healthy is left: what may be tested soonest, a refused key only after all others.
    fn last_resort(&self, position: Option<usize>) -> Result<Pick, Refusal> {
        let mut reached = Stage::OtherPrefix;
        let mut retry_at: Option<Timestamp> = None;
        let mut best = None;
        for one in self.candidates(position) {
            reached = reached.max(self.stage(&one));
            if self.stage(&one) <= Stage::Paused {
                continue;
            }
            for (key, configured, slot) in one.keys() {
                let Standing::Waits(wait) = self.standing(&one, slot) else { continue };
                let endpoint = one.endpoints(true).find(|endpoint| one.past.leaves(configured, *endpoint));
                reached = if endpoint.is_some() { Stage::Waiting } else { reached };
                if wait.from > self.now {
                    retry_at = Some(retry_at.map_or(wait.from, |at| at.min(wait.from)));
                } else if let Some(endpoint) = endpoint {
                    let rank = (wait.refused, one.past.failed(), wait.until);
                    if best.is_none_or(|(least, _)| rank < least) {
                        let offer = Offer { key, endpoint, trial: true };
                        best = Some((rank, one.pick(offer, Rule::LastResort)));
                    }
                }
            }
        }
        best.map(|(_, pick)| pick).ok_or_else(|| Refusal { reason: reached.into(), retry_at })
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

    fn standing(&self, one: &Candidate<'_>, slot: &KeySlot) -> Standing {
        let model = || upstream_model(one.channel, self.ask.model);
        slot.standing(one.route.speaks, model, self.ask.pin.is_some(), self.now)
    }

    /// The endpoint and key it would use now: endpoints in order, those that failed last.
    fn offer(&self, one: &Candidate<'_>) -> Option<Offer> {
        let failed = one.past.failed();
        let (sound, failing) = (one.endpoints(false), one.endpoints(true).filter(|_| failed));
        sound.chain(failing).find_map(|endpoint| {
            let usable = one.keys().filter_map(|(key, configured, slot)| {
                let trial = match self.standing(one, slot) {
                    Standing::Ready => false,
                    Standing::Trial => true,
                    Standing::Waits(_) => return None,
                };
                let offer = Offer { key, endpoint, trial };
                one.past.leaves(configured, endpoint).then_some((offer, slot))
            });
            one.rotate(usable)
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

    fn rotate(&self, mut usable: impl Iterator<Item = (Offer, &'a KeySlot)>) -> Option<Offer> {
        let chosen = match self.channel.rotation {
            Rotation::Ordered => usable.next(),
            Rotation::LeastUsed => usable.min_by_key(|(_, slot)| (slot.in_flight(), slot.last_used)),
            Rotation::RoundRobin => {
                let cursor = self.slot.cursor;
                let mut first = None;
                let mut next = None;
                for one in usable {
                    if one.0.key >= cursor {
                        next = Some(one);
                        break;
                    }
                    first = first.or(Some(one));
                }
                next.or(first)
            }
        };
        chosen.map(|(offer, _)| offer)
    }

    const fn pick(&self, offer: Offer, rule: Rule) -> Pick {
        let Offer { key, endpoint, trial } = offer;
        Pick { channel: self.route.channel, key, endpoint, rule, trial }
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

    /// Whether the channel itself failed.
    fn failed(&self) -> bool {
        self.here().any(|tried| tried.class.blames_channel())
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
            Stage::Paused => Self::Paused,
            Stage::Tried => Self::Exhausted,
            Stage::Waiting => Self::CoolingDown,
        }
    }
}

/// The fingerprint of `model` under the channel's name for it.
pub(super) fn upstream_model(channel: &Channel, model: &str) -> ModelKey {
    channel.model_map.map(model).map_or_else(|| ModelKey::of(model), |mapped| ModelKey::of(&mapped))
}
