//! Who decides where an attempt goes.

use std::cmp::Reverse;

use super::draw::Draw;
use super::scenario::Setup;
use super::upstream::{Call, Upstream};
use super::world::Request;
use super::{Breach, Change};
use crate::config::Status;
use crate::schedule::{Ask, Lease, Outcome, Reason};
use crate::time::Timestamp;

/// One decision to make.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub setup: &'a Setup,
    pub ask: &'a Ask<'a>,
    pub request: &'a Request,
    /// For those who may know the truth.
    pub upstreams: &'a [Upstream],
    /// Since the scenario's start, and on the clock.
    pub at: u64,
    pub now: Timestamp,
}

/// Where an attempt goes, as positions in the configuration.
#[derive(Clone, Debug)]
pub struct Choice {
    pub channel: usize,
    pub key: usize,
    pub endpoint: usize,
    /// Of the scheduler alone.
    pub lease: Option<Lease>,
}

/// Why there is no choice.
#[derive(Debug)]
pub enum Stop {
    Refused(Reason),
    Breach(Breach),
}

/// How a request that nobody served ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    Refused(Reason),
    Attempts,
    Time,
}

/// A way to schedule.
pub trait Policy {
    /// Chooses who serves the next attempt.
    ///
    /// # Errors
    /// When nobody may, or the choice breaks a rule.
    fn choose(&mut self, scene: &Scene<'_>) -> Result<Choice, Stop>;

    /// Hears what an attempt came to.
    ///
    /// # Errors
    /// When a rule is broken by then.
    fn learn(&mut self, report: &Report<'_>) -> Result<(), Breach>;

    /// Hears that a request failed.
    ///
    /// # Errors
    /// When it had not to.
    fn lost(&mut self, _scene: &Scene<'_>, _loss: Loss) -> Result<(), Breach> {
        Ok(())
    }

    /// Hears of a change, before or after the configuration takes it over.
    fn change(&mut self, _change: Change, _now: Timestamp) {}

    /// Looks back when all is over.
    ///
    /// # Errors
    /// When something is left that must not be.
    fn end(&mut self, _setup: &Setup, _now: Timestamp) -> Result<(), Breach> {
        Ok(())
    }
}

/// The end of an attempt.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// The configuration of now; the request may have begun with an older one.
    pub setup: &'a Setup,
    /// The plan of the channel that was chosen.
    pub plan: usize,
    /// Of the request, as is its luck.
    pub number: u32,
    pub luck: u64,
    pub choice: &'a Choice,
    pub outcome: &'a Outcome,
    pub now: Timestamp,
}

/// Priority order and no memory.
#[derive(Debug, Default)]
pub struct Failover;

/// Each channel in turn, whatever its priority; on a fault the next.
#[derive(Debug, Default)]
pub struct RoundRobin {
    next: usize,
}

/// Knows of each upstream whether it refuses now and how it is otherwise, though not the luck of a call;
/// takes the best of the first priority that has one.
#[derive(Debug, Default)]
pub struct Oracle {
    /// Shares the traffic among those that are near the best, as the weights of the mixed scenario ask.
    pub shares: bool,
}

impl Policy for Failover {
    fn choose(&mut self, scene: &Scene<'_>) -> Result<Choice, Stop> {
        scene.open().next().ok_or(Stop::Refused(Reason::Exhausted))
    }

    fn learn(&mut self, _: &Report<'_>) -> Result<(), Breach> {
        Ok(())
    }
}

impl Policy for RoundRobin {
    fn choose(&mut self, scene: &Scene<'_>) -> Result<Choice, Stop> {
        let behind = |choice: &Choice| (choice.channel < self.next, choice.channel, choice.key);
        let choice = scene.open().min_by_key(behind).ok_or(Stop::Refused(Reason::Exhausted))?;
        self.next = choice.channel + 1;
        Ok(choice)
    }

    fn learn(&mut self, _: &Report<'_>) -> Result<(), Breach> {
        Ok(())
    }
}

impl Policy for Oracle {
    fn choose(&mut self, scene: &Scene<'_>) -> Result<Choice, Stop> {
        let worth = |choice: &Choice| {
            let upstream = scene.upstreams.get(scene.setup.plan(choice.channel))?;
            let call = Call {
                request: scene.request.number,
                key: choice.key,
                model: scene.request.visit.model,
                at: scene.at,
            };
            let worth = upstream.worth(&call);
            let priority = scene.setup.config.channels.get(choice.channel)?.priority;
            Some((worth.is_some(), Reverse(priority), Reverse(worth)))
        };
        let best = scene.open().max_by_key(worth).ok_or(Stop::Refused(Reason::Exhausted))?;
        let Some((true, priority, Reverse(Some(least)))) = worth(&best).filter(|_| self.shares) else {
            return Ok(best);
        };
        let near = |choice: &Choice| match worth(choice) {
            Some((true, other, Reverse(Some(worth)))) => other == priority && worth * 4 <= least * 5,
            _ => false,
        };
        let mut near: Vec<Choice> = scene.open().filter(near).collect();
        let drawn = Draw::new(u64::from(scene.request.number)).index(near.len());
        Ok(near.swap_remove(drawn))
    }

    fn learn(&mut self, _: &Report<'_>) -> Result<(), Breach> {
        Ok(())
    }
}

impl Scene<'_> {
    /// What this request has not tried, in the configuration's order: other keys after a fault of a key,
    /// other channels after one of a channel.
    fn open(&self) -> impl Iterator<Item = Choice> {
        let channels = self.setup.config.channels.iter().enumerate();
        let serving =
            channels.filter(|(_, one)| one.status == Status::Active && one.models.allows(self.ask.model));
        serving.flat_map(move |(channel, one)| {
            let spoken =
                one.ways(self.ask.protocol).find(|way| self.ask.convertible || *way == self.ask.protocol);
            let endpoint = one.endpoints.iter().position(|endpoint| Some(endpoint.protocol) == spoken);
            let tried = |key| {
                let mut here = self.ask.tried.iter().filter(|tried| tried.channel == one.id);
                here.any(|tried| tried.class.blames_channel() || tried.key == key)
            };
            let keys = one.keys.iter().enumerate();
            let keys = keys.filter(move |(_, key)| key.status == Status::Active && !tried(key.id.clone()));
            keys.filter_map(move |(key, _)| Some(Choice { channel, key, endpoint: endpoint?, lease: None }))
        })
    }
}
