//! The scheduler under watch: every choice and every report is checked against the rules.

use super::Breach;
use super::invariant::Watch;
use super::policy::{Choice, Loss, Policy, Report, Scene, Stop};
use super::scenario::{Scenario, Setup, channel_id};
use super::{Change, Check};
use crate::config::{Protocol, Version};
use crate::schedule::{Ask, Rng, State};
use crate::time::Timestamp;

/// One scheduler's state, and what was seen of it from outside.
pub struct Guarded {
    state: State,
    rng: Rng,
    pub watch: Watch,
    /// Which configuration it acquired with last.
    version: Option<Version>,
}

/// A request for no model in particular.
const NOTHING: Ask<'static> = Ask::of(Protocol::Chat, "");

impl Guarded {
    pub fn new(scenario: &Scenario) -> Self {
        let rng = Rng::new(scenario.seed ^ 0x0c05_e1ee);
        Self { state: State::new(), rng, watch: Watch::new(scenario), version: None }
    }

    /// The same with other luck, as one of several that hear of each other's attempts late.
    pub fn member(scenario: &Scenario, number: u64) -> Self {
        let rng = Rng::new(scenario.seed ^ (number + 1) << 32);
        Self { state: State::new(), rng, watch: Watch::of_many(scenario), version: None }
    }

    /// Hears of an attempt that another scheduler granted.
    ///
    /// # Errors
    /// When a rule is broken by then.
    pub fn overhear(&mut self, report: &Report<'_>) -> Result<(), Breach> {
        let Some(lease) = &report.choice.lease else { return Ok(()) };
        // A state learns of a configuration by an acquisition alone, and ignores channels that it does not know.
        if self.version.as_ref() != Some(&report.setup.config.version) {
            let nobody = Ask { prefix: Some("nobody"), ..NOTHING };
            self.version = Some(report.setup.config.version.clone());
            if self.state.acquire(&report.setup.config, &nobody, report.now, &mut self.rng).is_ok() {
                return Err(Breach::new(Check::Position, "a channel of another prefix"));
            }
        }
        let breaker = report.setup.config.settings.breaker;
        self.state.report(lease, report.outcome, &breaker, report.now, &mut self.rng);
        self.watch.overheard(report);
        self.watch.bounds(&self.state, report)
    }
}

impl Policy for Guarded {
    fn choose(&mut self, scene: &Scene<'_>) -> Result<Choice, Stop> {
        if self.version.as_ref() != Some(&scene.setup.config.version) {
            self.version = Some(scene.setup.config.version.clone());
        }
        match self.state.acquire(&scene.setup.config, scene.ask, scene.now, &mut self.rng) {
            Ok(lease) => {
                let Some(channel) = scene.setup.position(&lease.channel) else {
                    return Err(Stop::Breach(Breach::new(
                        Check::Position,
                        "a channel of another configuration",
                    )));
                };
                let (key, endpoint) = (lease.key, lease.endpoint);
                let choice = Choice { channel, key, endpoint, lease: Some(lease) };
                match self.watch.granted(&self.state, scene, &choice) {
                    Ok(()) => Ok(choice),
                    Err(breach) => Err(Stop::Breach(breach)),
                }
            }
            Err(refusal) => match self.watch.refused(&self.state, scene, &refusal) {
                Ok(()) => Err(Stop::Refused(refusal.reason)),
                Err(breach) => Err(Stop::Breach(breach)),
            },
        }
    }

    fn learn(&mut self, report: &Report<'_>) -> Result<(), Breach> {
        let Some(lease) = &report.choice.lease else { return Ok(()) };
        let breaker = report.setup.config.settings.breaker;
        self.state.report(lease, report.outcome, &breaker, report.now, &mut self.rng);
        self.watch.reported(report);
        self.watch.bounds(&self.state, report)
    }

    fn lost(&mut self, scene: &Scene<'_>, loss: Loss) -> Result<(), Breach> {
        self.watch.lost(&self.state, scene, loss)
    }

    fn change(&mut self, change: Change, now: Timestamp) {
        if let Change::Reset(plan) = change {
            self.state.reset(&channel_id(plan), None, now);
        }
        self.watch.changed(change);
    }

    fn end(&mut self, setup: &Setup, now: Timestamp) -> Result<(), Breach> {
        self.watch.ended(&self.state, setup, now)
    }
}
