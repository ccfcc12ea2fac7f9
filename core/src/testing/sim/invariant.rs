//! The rules, checked from outside after every choice and every report.

use super::ledger::{DAY, HOUR, Ledger, PROBE_EXPIRY, eligible, ways};
use super::policy::{Choice, Loss, Report, Scene};
use super::scenario::{Scenario, Setup};
use super::{Breach, Change, Check};
use crate::config::{Breaker, Channel, Limits, Protocol, Status};
use crate::schedule::{BreakerState, Class, KeyHealth, Lease, Refusal, Rule, State};
use crate::time::Timestamp;

/// The pace of a last resort.
const LAST_RESORT_PACE: std::time::Duration = std::time::Duration::from_secs(1);
/// So many shares of a tier's traffic in a row never pass the best by chance: e to the power of -40.
const SHARES: u64 = 40_000;

/// Watches one scheduler.
pub struct Watch {
    ledger: Ledger,
    breaker: Breaker,
    last_lease: u64,
    /// Requests of a conversation whose channel and key were healthy, and those that were sent elsewhere.
    pub bonded: u64,
    pub strayed: u64,
}

impl Watch {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let breaker = scenario.breaker;
        let ledger = Ledger::new(scenario.plans.len(), &breaker);
        Self { ledger, breaker, last_lease: 0, bonded: 0, strayed: 0 }
    }

    pub(super) fn of_many(scenario: &Scenario) -> Self {
        let mut watch = Self::new(scenario);
        watch.ledger.many = true;
        watch
    }

    pub(super) fn reported(&mut self, report: &Report<'_>) {
        self.ledger.report(report, true);
    }

    pub(super) fn overheard(&mut self, report: &Report<'_>) {
        self.ledger.report(report, false);
    }

    pub(super) fn changed(&mut self, change: Change) {
        self.ledger.changed(change);
    }

    /// A lease was granted.
    pub(super) fn granted(
        &mut self,
        state: &State,
        scene: &Scene<'_>,
        choice: &Choice,
    ) -> Result<(), Breach> {
        let Some(lease) = &choice.lease else { return Ok(()) };
        let plan = scene.setup.plan(choice.channel);
        let pointed = fits(scene, choice, lease).ok_or("what it points to cannot serve the request");
        self.check(Check::Position, pointed.map_err(Into::into))?;
        let anew = lease.id > self.last_lease;
        self.last_lease = lease.id;
        self.check(Check::LeaseReused, if anew { Ok(()) } else { Err(format!("lease {}", lease.id)) })?;
        let over = !self.ledger.many && self.ledger.is_full(plan, lease, scene.ask.needs.input, scene.now);
        let place = || format!("channel {plan} key {}", lease.key);
        self.check(Check::OverLimit, if over { Err(place()) } else { Ok(()) })?;
        self.pace(scene, plan, lease)?;
        if lease.rule == Rule::LastResort {
            self.beside_healthy(state, scene, "a last resort")?;
        }
        if scene.ask.tried.is_empty() && scene.ask.pin.is_none() {
            self.affinity(scene, plan, lease);
            if lease.rule == Rule::Priority {
                self.priority(scene, choice, lease)?;
                self.share(scene, plan, lease)?;
            }
        }
        self.ledger.lend(plan, lease, scene.ask.needs.input, scene.now);
        Ok(())
    }

    /// Nobody was found.
    pub(super) fn refused(
        &mut self,
        state: &State,
        scene: &Scene<'_>,
        refusal: &Refusal,
    ) -> Result<(), Breach> {
        if let Some(session) = scene.ask.session.filter(|_| scene.ask.pin.is_none()) {
            self.ledger.bond(session, scene.now);
        }
        let ahead = refusal.retry_at.is_none_or(|at| scene.now < at && scene.now.until(at) <= DAY);
        let told = || format!("{:?} at {:?}", refusal.retry_at, scene.now);
        self.check(Check::RetryAt, if ahead { Ok(()) } else { Err(told()) })?;
        self.beside_healthy(state, scene, "a refusal")
    }

    /// A request failed.
    pub(super) fn lost(&mut self, state: &State, scene: &Scene<'_>, loss: Loss) -> Result<(), Breach> {
        if matches!(loss, Loss::Refused(_)) || scene.request.risked < 2 {
            return Ok(());
        }
        let health = state.health(&scene.setup.config, scene.now);
        let (arrived, model) = (scene.request.arrived, scene.request.visit.model);
        let sound = eligible(scene.setup, scene.ask).find(|(position, plan, channel)| {
            let Some(upstream) = scene.upstreams.get(*plan) else { return false };
            let known = health.get(*position).map(|one| one.keys.as_slice()).unwrap_or_default();
            untried(scene, channel)
                && !has_limits(channel)
                && active_keys(channel).any(|key| {
                    let free = self.ledger.of_key(*plan, key).all(|lane| {
                        lane.fault_since.is_none() && super::scenario::moment(arrived) >= lane.free_at
                    });
                    let sound =
                        upstream.sound_since(key, model, scene.at).is_some_and(|since| since <= arrived);
                    free && sound
                        && holds_nothing(known.iter().find(|one| is_key(channel, key, one)), channel, scene)
                })
        });
        let found = sound.map(|(_, plan, _)| {
            format!(
                "request {} spent {} attempts on probes beside channel {plan}",
                scene.request.number, scene.request.risked
            )
        });
        self.check(Check::Starved, found.map_or(Ok(()), Err))
    }

    /// Looks at the waits and at what is in flight after a report that may have changed them.
    pub(super) fn bounds(&mut self, state: &State, report: &Report<'_>) -> Result<(), Breach> {
        if matches!(report.outcome.class, Class::Success | Class::ClientGone)
            && !report.number.is_multiple_of(16)
        {
            return Ok(());
        }
        self.health(state, report.setup, report.now)
    }

    fn health(&mut self, state: &State, setup: &Setup, now: Timestamp) -> Result<(), Breach> {
        let channels = setup.config.channels.iter();
        for (position, (health, channel)) in state.health(&setup.config, now).iter().zip(channels).enumerate()
        {
            let plan = setup.plan(position);
            for (key, known) in health.keys.iter().enumerate() {
                let told = self.ledger.of_key(plan, key).any(|lane| lane.told);
                let longest = if told { DAY } else { HOUR };
                let cools = known.cooldown.filter(|cooling| now.until(cooling.until) > longest);
                let wait = || format!("channel {plan} key {key} cools down: {:?}", known.cooldown);
                self.check(Check::Unbounded, if cools.is_some() { Err(wait()) } else { Ok(()) })?;
                for lane in &known.protocols {
                    let longest = self.breaker.open_max;
                    let bounded = lane.open_until.is_none_or(|until| now.until(until) <= longest);
                    let wait = || format!("channel {plan} key {key} is open: {:?}", lane.open_until);
                    self.check(Check::Unbounded, if bounded { Ok(()) } else { Err(wait()) })?;
                    let lent = self.ledger.lane(plan, key, lane.protocol).map_or(0, |lane| lane.in_flight);
                    if lent != lane.in_flight && !self.ledger.many && is_key(channel, key, known) {
                        let shown = lane.in_flight;
                        let what = format!("channel {plan} key {key}: {shown} shown, {lent} lent");
                        self.check(Check::InFlight, Err(what))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// All is over.
    pub(super) fn ended(&mut self, state: &State, setup: &Setup, now: Timestamp) -> Result<(), Breach> {
        self.health(state, setup, now)?;
        let held = self.ledger.all().map(|lane| lane.in_flight).sum::<u32>();
        let none = if held == 0 { Ok(()) } else { Err(format!("{held} leases were never reported")) };
        self.check(Check::InFlight, none)?;
        let strayed = self.strayed * 100 > self.bonded.max(100);
        let count = || format!("{} of {} strayed", self.strayed, self.bonded);
        self.check(Check::Affinity, if strayed { Err(count()) } else { Ok(()) })
    }

    /// How often what is bad is tried.
    fn pace(&mut self, scene: &Scene<'_>, plan: usize, lease: &Lease) -> Result<(), Breach> {
        let Some(protocol) = lease.endpoint().map(|endpoint| endpoint.protocol) else { return Ok(()) };
        let Some(lane) = self.ledger.lane(plan, lease.key, protocol) else { return Ok(()) };
        let now = scene.now;
        let test = self.ledger.test(plan, protocol);
        let pinned = scene.ask.pin.is_some();
        let shared =
            test.and_then(|test| test.under_way).is_some_and(|(_, since)| now.since(since) < PROBE_EXPIRY);
        let stormed = lease.probe && (lane.in_probe(now) || shared);
        let barred = self.ledger.bars(plan, lease, now).filter(|_| !lease.probe);
        // What a client asks for by name is not tested.
        let (stormed, barred) = (stormed && !pinned, barred.filter(|_| !pinned));
        let shortest = self.breaker.open_min.min(self.breaker.open_max);
        let hasty = if lease.rule == Rule::LastResort {
            test.is_some() && lane.probed_at + LAST_RESORT_PACE > now
        } else {
            test.and_then(|test| test.failed_at).is_some_and(|failed| failed + shortest > now && !pinned)
        };
        let place = |why: &str| format!("channel {plan} key {}: {why}", lease.key);
        for (check, broken) in [
            (Check::ProbeStorm, stormed.then_some("under test")),
            (Check::Flood, barred),
            (Check::ProbePace, hasty.then_some("too soon")),
        ] {
            self.check(check, broken.map_or(Ok(()), |why| Err(place(why))))?;
        }
        Ok(())
    }

    fn beside_healthy(&mut self, state: &State, scene: &Scene<'_>, what: &str) -> Result<(), Breach> {
        let mut could =
            eligible(scene.setup, scene.ask).filter(|(_, _, channel)| untried(scene, channel)).peekable();
        if could.peek().is_none() {
            return Ok(());
        }
        let health = state.health(&scene.setup.config, scene.now);
        let healthy = could.find(|(position, plan, channel)| {
            let known = health.get(*position).map(|one| one.keys.as_slice()).unwrap_or_default();
            self.is_free(scene, *plan, channel)
                || active_keys(channel).any(|key| {
                    !self.ledger.may_be_full(*plan, channel, key, scene.now)
                        && holds_nothing(known.iter().find(|one| is_key(channel, key, one)), channel, scene)
                })
        });
        let found = healthy.map(|(_, plan, _)| format!("{what} beside channel {plan}"));
        self.check(Check::BesideHealthy, found.map_or(Ok(()), Err))
    }

    fn affinity(&mut self, scene: &Scene<'_>, plan: usize, lease: &Lease) {
        let Some(bond) = scene.ask.session.and_then(|session| self.ledger.bond(session, scene.now)) else {
            return;
        };
        let mut could = eligible(scene.setup, scene.ask).filter(|(_, plan, _)| *plan == bond.plan);
        let Some((.., channel)) =
            could.find(|(_, _, channel)| active_keys(channel).any(|key| key == bond.key))
        else {
            return;
        };
        if lease.rule == Rule::Promotion
            || self.ledger.of_key(bond.plan, bond.key).any(|lane| lane.fault_since.is_some())
            || self.ledger.may_be_full(bond.plan, channel, bond.key, scene.now)
            || !ways(channel, scene.ask).all(|way| self.is_well(scene, bond.plan, bond.key, way))
        {
            return;
        }
        self.bonded += 1;
        self.strayed += u64::from((bond.plan, bond.key) != (plan, lease.key));
    }

    /// Whether a channel of a higher priority should have got the request.
    fn priority(&mut self, scene: &Scene<'_>, choice: &Choice, lease: &Lease) -> Result<(), Breach> {
        let higher = scene.setup.config.channels.get(..choice.channel).unwrap_or_default();
        if higher.first().is_none_or(|first| first.priority >= lease.channel.priority) {
            return Ok(());
        }
        let passed = eligible(scene.setup, scene.ask)
            .take_while(|(_, _, channel)| channel.priority < lease.channel.priority)
            .find(|(_, plan, channel)| self.is_free(scene, *plan, channel));
        let found = passed.map(|(_, plan, _)| format!("channel {plan}, free of everything, was passed over"));
        self.check(Check::PassedOver, found.map_or(Ok(()), Err))
    }

    /// Whether the best of the tier has got nothing for too long.
    fn share(&mut self, scene: &Scene<'_>, chosen: usize, lease: &Lease) -> Result<(), Breach> {
        let way = lease.endpoint().map(|endpoint| endpoint.protocol);
        let tier = || {
            let same = |channel: &Channel| {
                channel.priority == lease.channel.priority && ways(channel, scene.ask).next() == way
            };
            eligible(scene.setup, scene.ask).filter(move |(_, _, channel)| same(channel))
        };
        let pace = |plan: usize| scene.upstreams.get(plan).map(super::upstream::Upstream::pace);
        let Some((_, best, channel)) = tier().min_by_key(|(_, plan, _)| pace(*plan)) else { return Ok(()) };
        if best == chosen {
            return Ok(());
        }
        let model = scene.request.visit.model;
        let well = |upstream: &super::upstream::Upstream| {
            active_keys(channel).all(|key| upstream.sound_since(key, model, scene.at).is_some())
        };
        let sound = scene.upstreams.get(best).is_some_and(well) && self.is_free(scene, best, channel);
        let total: u64 = tier().map(|(_, _, channel)| u64::from(channel.weight)).sum();
        let share = sound.then(|| u64::from(channel.weight) * 1_000 / total.max(1));
        let missed = self.ledger.pass(best, chosen, share, scene.now);
        let what = || format!("channel {best} missed {} shares of its tier", missed / 1_000);
        self.check(Check::Forgotten, if missed > SHARES { Err(what()) } else { Ok(()) })
    }

    /// Whether some key of it has nothing against it.
    fn is_free(&self, scene: &Scene<'_>, plan: usize, channel: &Channel) -> bool {
        active_keys(channel).any(|key| {
            !self.ledger.may_be_full(plan, channel, key, scene.now)
                && ways(channel, scene.ask).any(|way| self.ledger.free(plan, key, way, scene.now))
        })
    }

    /// Whether a key has nothing against it that would have to be tested first.
    fn is_well(&self, scene: &Scene<'_>, plan: usize, key: usize, way: Protocol) -> bool {
        self.ledger.free(plan, key, way, scene.now)
            && !self.ledger.bars_key(plan, key, way, scene.request.visit.model, scene.now)
    }

    fn check(&self, check: Check, result: Result<(), String>) -> Result<(), Breach> {
        result.map_err(|detail| Breach { check, detail })
    }
}

/// Whether the lease's place exists, may serve the request, and was not tried by it.
fn fits(scene: &Scene<'_>, choice: &Choice, lease: &Lease) -> Option<()> {
    let (key, endpoint) = (lease.key()?, lease.endpoint()?);
    let eligible = eligible(scene.setup, scene.ask).any(|(position, ..)| position == choice.channel);
    let speaks = ways(&lease.channel, scene.ask).any(|way| way == endpoint.protocol);
    let tried = scene.ask.tried.iter().any(|tried| {
        tried.channel == lease.channel.id && tried.key == key.id && tried.endpoint == lease.endpoint
    });
    let promoted = lease.channel.promoted_until.is_some_and(|until| scene.now < until);
    let ruled = lease.rule != Rule::Promotion || promoted;
    (eligible && speaks && !tried && ruled && key.status == Status::Active).then_some(())
}

fn untried(scene: &Scene<'_>, channel: &Channel) -> bool {
    scene.ask.tried.iter().all(|tried| tried.channel != channel.id)
}

fn active_keys(channel: &Channel) -> impl Iterator<Item = usize> {
    channel
        .keys
        .iter()
        .enumerate()
        .filter(|(_, key)| key.status == Status::Active)
        .map(|(position, _)| position)
}

fn has_limits(channel: &Channel) -> bool {
    let mut limits = channel.keys.iter().map(|key| key.limits).chain([channel.limits]);
    limits.any(|limits| limits != Limits::default())
}

fn is_key(channel: &Channel, key: usize, known: &KeyHealth) -> bool {
    channel.keys.get(key).is_some_and(|key| key.id == known.id)
}

/// Whether nothing is held against a key; one that is unknown is blameless.
fn holds_nothing(known: Option<&KeyHealth>, channel: &Channel, scene: &Scene<'_>) -> bool {
    let Some(known) = known else { return true };
    let closed = |way| {
        let mut lanes = known.protocols.iter().filter(|lane| lane.protocol == way);
        lanes.all(|lane| lane.breaker == BreakerState::Closed)
    };
    let rests = known.cooldown.is_some() || known.unproven || known.excluded_models > 0;
    !rests && ways(channel, scene.ask).any(closed)
}
