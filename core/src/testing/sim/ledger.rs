//! What anyone outside the scheduler knows of it: who was lent what, and what could be held against whom.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Change;
use super::book::{Book, Spot, Test};
use super::policy::{Choice, Report};
use super::row::{Blame, Terms};
use super::scenario::{MAX_KEYS, MODELS, Setup};
use super::used::Used;
use crate::config::{Breaker, Channel, Protocol};
use crate::schedule::{Class, Lease, ModelKey, Scope, SessionKey};
use crate::time::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(60 * 60);
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A probe that nobody reported for so long is given up.
pub(super) const PROBE_EXPIRY: Duration = Duration::from_secs(5 * 60);
/// One unused for so long is thought to be as fast as it was, after twice as long twice as fast.
const FRESH: Duration = Duration::from_secs(300);
/// Shorter times are all the same.
const NOTICEABLE: Duration = Duration::from_millis(100);
/// A conversation that pauses for so long may go anywhere.
const BOND_EXPIRY: Duration = Duration::from_secs(30 * 60);

/// Of every channel, key and protocol.
pub(super) struct Ledger {
    lanes: Vec<Lane>,
    /// By plan.
    books: Vec<Book>,
    /// By plan: of the channel, and of each key.
    used: Vec<(Used, [Used; MAX_KEYS])>,
    /// The names of the models at upstreams.
    models: Vec<(ModelKey, usize)>,
    bonds: BTreeMap<SessionKey, Bond>,
    /// By plan.
    looks: Vec<Look>,
    terms: Terms,
    open_max: Duration,
    /// The scheduler hears of what others were lent, too.
    pub(super) many: bool,
}

/// A key of a channel over one protocol.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub(super) in_flight: u32,
    probe: Option<(u64, Timestamp)>,
    pub(super) probed_at: Timestamp,
    /// From then on nothing that was reported can be held any more.
    pub(super) free_at: Timestamp,
    /// The first fault, and the last, that no success has answered.
    pub(super) fault_since: Option<Timestamp>,
    faulted_at: Timestamp,
    /// One model failed, and a success of another says nothing of it.
    of_model: bool,
    /// Its upstream once told when a quota returns.
    pub(super) told: bool,
}

/// How fast a channel may be thought to be.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    /// To the first content or the fault, and to the first content alone.
    slowest: Duration,
    quickest: Option<Duration>,
    used_at: Timestamp,
    /// In thousandths of a share: the traffic that went elsewhere while this one was the best.
    passed: u64,
}

/// Where a conversation was served last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bond {
    pub(super) plan: usize,
    pub(super) key: usize,
    begun: Timestamp,
    used: Timestamp,
}

impl Ledger {
    pub(super) fn new(plans: usize, breaker: &Breaker) -> Self {
        let lanes = vec![Lane::default(); plans * MAX_KEYS * 2];
        let named = |(number, name): (usize, &&str)| {
            [(ModelKey::of(name), number), (ModelKey::of(&format!("x-{name}")), number)]
        };
        Self {
            lanes,
            books: vec![Book::default(); plans],
            used: vec![Default::default(); plans],
            models: MODELS.iter().enumerate().flat_map(named).collect(),
            bonds: BTreeMap::new(),
            looks: vec![Look::default(); plans],
            terms: Terms { trips_at: breaker.consecutive_failures.max(1), window: breaker.window },
            open_max: breaker.open_max,
            many: false,
        }
    }

    pub(super) fn lane(&self, plan: usize, key: usize, protocol: Protocol) -> Option<&Lane> {
        self.lanes.get(position(plan, key, protocol))
    }

    /// All of one key.
    pub(super) fn of_key(&self, plan: usize, key: usize) -> impl Iterator<Item = &Lane> {
        let first = position(plan, key, Protocol::Chat);
        self.lanes.get(first..first + 2).unwrap_or_default().iter()
    }

    /// All of one channel.
    fn of_plan(&mut self, plan: usize) -> &mut [Lane] {
        let first = position(plan, 0, Protocol::Chat);
        self.lanes.get_mut(first..first + MAX_KEYS * 2).unwrap_or_default()
    }

    /// Why only tests may go where the lease goes.
    pub(super) fn bars(&self, plan: usize, lease: &Lease, now: Timestamp) -> Option<&'static str> {
        let spot = self.spot(lease, lease.key);
        let (spot, book) = spot.zip(self.books.get(plan))?;
        book.bars(spot, now)
    }

    /// Whether only tests may go to a key.
    pub(super) fn bars_key(
        &self,
        plan: usize,
        key: usize,
        way: Protocol,
        model: usize,
        now: Timestamp,
    ) -> bool {
        let spot = Spot { key, way: number(way), model };
        self.books.get(plan).is_some_and(|book| book.bars(spot, now).is_some())
    }

    /// The test of the channel's breaker, where that has to be tripped.
    pub(super) fn test(&self, plan: usize, way: Protocol) -> Option<&Test> {
        self.books.get(plan)?.test(number(way))
    }

    /// Whether nothing can be held against a key, and nobody tests what could.
    pub(super) fn free(&self, plan: usize, key: usize, way: Protocol, now: Timestamp) -> bool {
        let tested =
            (0..MAX_KEYS).filter_map(|other| self.lane(plan, other, way)).any(|lane| lane.in_probe(now));
        self.lane(plan, key, way).is_some_and(|lane| {
            lane.free_at <= now && !lane.in_probe(now) && (!tested || lane.fault_since.is_none())
        })
    }

    /// Whether a limit of the channel, or of its key, has to be reached.
    pub(super) fn is_full(&self, plan: usize, lease: &Lease, prompt: u32, now: Timestamp) -> bool {
        let used = self.used(plan, lease.key).zip(lease.key());
        used.is_some_and(|((channel, own), key)| {
            channel.is_full(&lease.channel.limits, prompt, now) || own.is_full(&key.limits, prompt, now)
        })
    }

    /// Whether a limit of the channel, or of its key, may be reached.
    pub(super) fn may_be_full(&self, plan: usize, channel: &Channel, key: usize, now: Timestamp) -> bool {
        let used = self.used(plan, key).zip(channel.keys.get(key));
        used.is_some_and(|((of_channel, own), key)| {
            of_channel.may_be_full(&channel.limits, now) || own.may_be_full(&key.limits, now)
        })
    }

    fn used(&self, plan: usize, key: usize) -> Option<(&Used, &Used)> {
        let (channel, keys) = self.used.get(plan)?;
        Some((channel, keys.get(key)?))
    }

    fn used_mut(&mut self, plan: usize, key: usize) -> impl Iterator<Item = &mut Used> {
        let of_plan = self.used.get_mut(plan);
        of_plan
            .into_iter()
            .flat_map(move |(channel, keys)| [Some(channel), keys.get_mut(key)].into_iter().flatten())
    }

    fn spot(&self, lease: &Lease, key: usize) -> Option<Spot> {
        let way = number(lease.endpoint()?.protocol);
        let (_, model) = self.models.iter().find(|(known, _)| *known == lease.model_key)?;
        Some(Spot { key, way, model: *model })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter()
    }

    /// Where a conversation belongs; asking counts as use.
    pub(super) fn bond(&mut self, session: SessionKey, now: Timestamp) -> Option<Bond> {
        let bond = self.bonds.get_mut(&session)?;
        if now.since(bond.used) > BOND_EXPIRY {
            self.bonds.remove(&session);
            return None;
        }
        bond.used = now;
        Some(*bond)
    }

    /// Notes a lease for a request with such a prompt.
    pub(super) fn lend(&mut self, plan: usize, lease: &Lease, prompt: u32, now: Timestamp) {
        if let Some(look) = self.looks.get_mut(plan) {
            (look.passed, look.used_at) = (0, now);
        }
        self.used_mut(plan, lease.key).for_each(|used| used.lend(lease.id, prompt, now));
        let Some(lane) = self.lane_mut(plan, lease) else { return };
        lane.in_flight += 1;
        if lease.probe {
            lane.probed_at = now;
            lane.probe = Some((lease.id, now));
        }
        let way = lease.endpoint().map(|endpoint| number(endpoint.protocol));
        if let Some((way, book)) = way.zip(self.books.get_mut(plan)) {
            book.lend(way, lease, now);
        }
    }

    /// Notes the end of an attempt; `own` if it was lent here.
    pub(super) fn report(&mut self, report: &Report<'_>, own: bool) {
        let Report { plan, choice: Choice { key, lease: Some(lease), .. }, outcome, now, .. } = *report
        else {
            return;
        };
        let (class, terms) = (outcome.class, self.terms);
        if let Some(look) = self.looks.get_mut(plan) {
            look.note(outcome.first_content, now.since(lease.acquired_at), now);
        }
        let spot = self.spot(lease, *key);
        // One of several may have heard from another, since a test began, that it fails.
        let failed_at = if self.many { lease.acquired_at } else { now };
        let blame = match spot.zip(self.books.get_mut(plan)) {
            Some((spot, book)) => book.report(report, spot, own.then_some(failed_at), terms),
            None => None,
        };
        let may_be_model = blame.is_some_and(|blame| blame != Blame::Here);
        let wait = self.longest_wait(class, outcome.retry_after, may_be_model);
        if own {
            let unused = (class != Class::Success).then_some(0);
            let tokens = outcome.tokens.or(unused);
            self.used_mut(plan, *key).for_each(|used| used.end(lease.id, tokens, now));
        } else {
            self.used_mut(plan, *key).for_each(|used| used.hear(now));
        }
        let Some(lane) = self.lane_mut(plan, lease) else { return };
        if own {
            lane.in_flight = lane.in_flight.saturating_sub(1);
            lane.probe = lane.probe.filter(|(id, _)| *id != lease.id);
        }
        if class == Class::Success {
            let begun = lease.acquired_at;
            // What began after the last fault ends whatever is held, but not against another model.
            if begun >= lane.faulted_at && (!lane.of_model || now.since(lane.free_at) > HOUR) {
                (lane.fault_since, lane.free_at, lane.of_model) = (None, now, false);
            }
            self.settle(plan, *key, lease, now);
            let way = lease.endpoint().map(|endpoint| number(endpoint.protocol));
            // The breaker over all keys forgets its last test when it closes.
            for lane in self.of_plan(plan).iter_mut().skip(way.unwrap_or(0)).step_by(2) {
                lane.probed_at = Timestamp::default();
            }
        } else if let Some(wait) = wait {
            let shared = outcome.scope == Scope::Account || class.blames_channel();
            let keys = if shared { 0..MAX_KEYS } else { *key..*key + 1 };
            let told = class == Class::Quota && outcome.retry_after.is_some();
            for lane in keys.flat_map(|key| [(key, Protocol::Chat), (key, Protocol::Messages)]) {
                if let Some(lane) = self.lanes.get_mut(position(plan, lane.0, lane.1)) {
                    lane.of_model |= may_be_model;
                    lane.free_at = lane.free_at.max(now + wait);
                    lane.faulted_at = now;
                    lane.fault_since.get_or_insert(now);
                    lane.told |= told;
                }
            }
        }
    }

    fn settle(&mut self, plan: usize, key: usize, lease: &Lease, now: Timestamp) {
        let Some(session) = lease.session else { return };
        let begun = lease.acquired_at;
        let known = self.bonds.get(&session).filter(|bond| now.since(bond.used) <= BOND_EXPIRY);
        if known.is_none_or(|bond| bond.begun <= begun) {
            self.bonds.insert(session, Bond { plan, key, begun, used: now });
        }
    }

    /// Takes note of what an operator does: what is forgotten by it is expected of nobody.
    pub(super) fn changed(&mut self, change: Change) {
        if !matches!(change, Change::Reset(_) | Change::Remove(..)) {
            return;
        }
        match (change, self.books.get_mut(change.plan())) {
            (Change::Reset(_), Some(book)) => *book = Book::default(),
            (_, Some(book)) => book.doubt(),
            _ => {}
        }
        for lane in self.of_plan(change.plan()).iter_mut().filter(|_| matches!(change, Change::Reset(_))) {
            lane.probe = None;
            (lane.free_at, lane.probed_at) = (Timestamp::default(), Timestamp::default());
        }
    }

    /// Counts a share that passed by the channel of `best`; `None` begins anew. As long as it may look slow beside
    /// `chosen`, nothing is expected.
    pub(super) fn pass(&mut self, best: usize, chosen: usize, share: Option<u64>, now: Timestamp) -> u64 {
        let quickest = self.looks.get(chosen).and_then(|look| look.quickest).unwrap_or_default();
        let Some(look) = self.looks.get_mut(best) else { return 0 };
        let slower = look.slowest.as_millis() / quickest.max(NOTICEABLE).as_millis();
        let looks_slow =
            now.since(look.used_at) <= FRESH * u32::try_from(2 * (slower + 1)).unwrap_or(u32::MAX);
        look.passed = share.map_or(0, |share| look.passed + if looks_slow { 0 } else { share });
        look.passed
    }

    /// The longest that a fault of `class` may keep anyone out.
    fn longest_wait(&self, class: Class, told: Option<Duration>, may_be_model: bool) -> Option<Duration> {
        let told = told.unwrap_or_default();
        match class {
            Class::Rate => Some(told.min(HOUR).max(5 * MINUTE)),
            Class::Quota => Some(told.min(DAY).max(HOUR)),
            Class::Auth | Class::ModelUnavailable => Some(HOUR),
            _ if may_be_model && class.blames_channel() => Some(self.open_max.max(10 * MINUTE)),
            _ if class.blames_channel() => Some(self.open_max),
            _ => None,
        }
    }

    fn lane_mut(&mut self, plan: usize, lease: &Lease) -> Option<&mut Lane> {
        let protocol = lease.endpoint()?.protocol;
        self.lanes.get_mut(position(plan, lease.key, protocol))
    }
}

impl Look {
    fn note(&mut self, first_content: Option<Duration>, took: Duration, now: Timestamp) {
        self.slowest = self.slowest.max(first_content.unwrap_or(took));
        self.quickest =
            first_content.map(|one| self.quickest.map_or(one, |known| known.min(one))).or(self.quickest);
        self.used_at = now;
    }
}

impl Lane {
    /// Whether a probe is under way.
    pub(super) fn in_probe(&self, now: Timestamp) -> bool {
        self.probe.is_some_and(|(_, since)| now.since(since) < PROBE_EXPIRY)
    }
}

/// The channels, with their plans, that a request could go to by configuration alone.
pub(super) fn eligible<'a>(
    setup: &'a Setup,
    ask: &'a crate::schedule::Ask<'_>,
) -> impl Iterator<Item = (usize, usize, &'a Channel)> {
    let channels = setup.config.channels.iter().enumerate();
    let could = channels.filter(|(_, one)| {
        one.status == crate::config::Status::Active
            && ask.pin.is_none_or(|pin| *one.name == *pin)
            && one.models.allows(ask.model)
            && ways(one, ask).next().is_some()
    });
    could.map(|(position, one)| (position, setup.plan(position), one.as_ref()))
}

/// The protocols over which `channel` could serve.
pub(super) fn ways<'a>(
    channel: &'a Channel,
    ask: &'a crate::schedule::Ask<'_>,
) -> impl Iterator<Item = Protocol> + use<'a> {
    let (own, convertible) = (ask.protocol, ask.convertible);
    channel.ways(own).filter(move |way| convertible || *way == own)
}

/// Of a protocol, among the two of a lane.
fn number(way: Protocol) -> usize {
    usize::from(way == Protocol::Messages)
}

fn position(plan: usize, key: usize, protocol: Protocol) -> usize {
    plan.saturating_mul(MAX_KEYS).saturating_add(key).saturating_mul(2) + number(protocol)
}
