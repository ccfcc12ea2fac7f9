//! The world of a run: virtual time, upstreams, clients, and the gateway's loop over attempts.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::Breach;
use super::client::{Arrivals, Visit};
use super::policy::{Choice, Loss, Policy, Report, Scene, Stop};
use super::scenario::{MODELS, NAMES, Plan, Scenario, Setup, moment};
use super::tally::Tally;
use super::trace::{Note, Trace};
use super::upstream::{Answer, Call, Upstream};
use crate::schedule::{Ask, Class, Needs, Outcome, SessionKey, Tried};

/// A request on its way.
#[derive(Debug)]
pub struct Request {
    pub number: u32,
    pub arrived: u64,
    pub visit: Visit,
    /// Which of the configurations it started with.
    setup: usize,
    pub tried: Vec<Tried>,
    sent: u32,
    /// Attempts that tested what was known to be bad.
    pub risked: u32,
    under_way: Option<Attempt>,
}

#[derive(Debug)]
struct Attempt {
    choice: Choice,
    answer: Answer,
    begun: u64,
    /// Since when the client gets content.
    content: Option<u64>,
    reported: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Change(usize),
    Arrive,
    /// The first content, or the fault, of the attempt that began then.
    Decide(u32, u64),
    Finish(u32, u64),
    Leave(u32),
}

/// One run of a scenario under a policy.
pub struct World<'a, P> {
    scenario: &'a Scenario,
    policy: &'a mut P,
    upstreams: Vec<Upstream>,
    plans: Vec<Plan>,
    setups: Vec<Setup>,
    arrivals: Arrivals,
    /// Who comes next.
    coming: Option<Visit>,
    requests: Vec<Request>,
    events: BinaryHeap<Reverse<(u64, u64, What)>>,
    sequence: u64,
    at: u64,
    pub tally: Tally,
    pub trace: Trace,
}

impl<'a, P: Policy> World<'a, P> {
    pub fn new(scenario: &'a Scenario, policy: &'a mut P, trace: Trace) -> Self {
        let plans = scenario.plans.clone();
        let requests = usize::try_from(scenario.load.requests).unwrap_or(0);
        let mut world = Self {
            scenario,
            policy,
            upstreams: scenario.upstreams.clone(),
            setups: vec![scenario.setup(&plans, 0)],
            plans,
            arrivals: scenario.load.arrivals(),
            coming: None,
            requests: Vec::with_capacity(requests),
            events: BinaryHeap::with_capacity(64),
            sequence: 0,
            at: 0,
            tally: Tally { costs: Vec::with_capacity(requests), ..Tally::default() },
            trace,
        };
        for (position, (at, _)) in scenario.changes.iter().enumerate() {
            world.plan(*at, What::Change(position));
        }
        world.await_next();
        world
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// The first breach of a rule.
    pub fn run(&mut self) -> Result<(), Breach> {
        while let Some(Reverse((at, _, what))) = self.events.pop() {
            self.at = at;
            self.tally.steps += 1;
            self.step(what)?;
        }
        let Some(setup) = self.setups.last() else { return Ok(()) };
        self.policy.end(setup, moment(self.at))
    }

    fn step(&mut self, what: What) -> Result<(), Breach> {
        match what {
            What::Change(position) => {
                self.change(position);
                Ok(())
            }
            What::Arrive => self.arrive(),
            What::Decide(number, begun) => match self.under_way(number) {
                Some(attempt) if attempt.begun == begun => self.decide(number),
                _ => Ok(()),
            },
            What::Finish(number, begun) => match self.under_way(number) {
                Some(attempt) if attempt.begun == begun => {
                    let class = attempt.answer.end;
                    self.settle(number, class, None)
                }
                _ => Ok(()),
            },
            What::Leave(number) => {
                let Some(attempt) = self.under_way(number) else { return Ok(()) };
                self.tally.left += u32::from(attempt.content.is_none());
                self.trace.note(self.at, Note::Left { request: number });
                self.settle(number, Class::ClientGone, None)
            }
        }
    }

    fn plan(&mut self, at: u64, what: What) {
        self.sequence += 1;
        self.events.push(Reverse((at, self.sequence, what)));
    }

    fn await_next(&mut self) {
        let next = self.arrivals.next(&self.scenario.load);
        self.coming = next.map(|(_, visit)| visit);
        if let Some((gap, _)) = next {
            self.plan(self.at + gap, What::Arrive);
        }
    }

    fn under_way(&mut self, number: u32) -> Option<&mut Attempt> {
        self.request(number)?.under_way.as_mut()
    }

    fn request(&mut self, number: u32) -> Option<&mut Request> {
        self.requests.get_mut(usize::try_from(number).ok()?)
    }

    fn change(&mut self, position: usize) {
        let Some((_, change)) = self.scenario.changes.get(position).copied() else { return };
        self.trace.note(self.at, Note::Changed(change));
        self.policy.change(change, moment(self.at));
        if Plan::apply(&mut self.plans, change) {
            let setup = self.scenario.setup(&self.plans, self.setups.len());
            self.setups.push(setup);
        }
    }

    fn arrive(&mut self) -> Result<(), Breach> {
        let Some(visit) = self.coming else { return Ok(()) };
        self.await_next();
        let number = u32::try_from(self.requests.len()).unwrap_or(u32::MAX);
        let setup = self.setups.len().saturating_sub(1);
        let (tried, under_way) = (Vec::new(), None);
        self.requests.push(Request {
            number,
            arrived: self.at,
            visit,
            setup,
            tried,
            sent: 0,
            risked: 0,
            under_way,
        });
        if let Some(after) = visit.leaves {
            self.plan(self.at + after, What::Leave(number));
        }
        self.attempt(number)
    }

    /// Asks for a lease and sends the attempt.
    fn attempt(&mut self, number: u32) -> Result<(), Breach> {
        let position = usize::try_from(number).unwrap_or(usize::MAX);
        let Some(request) = self.requests.get(position) else { return Ok(()) };
        let Some(setup) = self.setups.get(request.setup) else { return Ok(()) };
        let ask = request.ask();
        let (at, now) = (self.at, moment(self.at));
        let scene = Scene { setup, ask: &ask, request, upstreams: &self.upstreams, at, now };
        let choice = match self.policy.choose(&scene) {
            Ok(choice) => choice,
            Err(Stop::Breach(breach)) => return Err(breach),
            Err(Stop::Refused(reason)) => return self.lose(number, Loss::Refused(reason)),
        };
        let timeouts = setup.config.settings.timeouts;
        let plan = setup.plan(choice.channel);
        let call = Call { request: number, key: choice.key, model: request.visit.model, at };
        self.trace.note(at, Note::leased(number, plan, request.visit.model, &choice));
        let deadline = request.arrived + millis(timeouts.total);
        let Some(upstream) = self.upstreams.get_mut(plan) else { return Ok(()) };
        let mut answer = upstream.take(&call);
        let patience = millis(timeouts.first_content).min(deadline.saturating_sub(at));
        if answer.takes > patience {
            let Outcome { class, scope, .. } = Outcome::of(Class::Transport);
            answer = Answer { class, scope, takes: patience, retry_after: None, end: class };
        }
        self.tally.attempts += 1;
        self.plan(at + answer.takes, What::Decide(number, at));
        let risky = choice.lease.as_ref().is_some_and(|lease| lease.probe);
        if let Some(request) = self.request(number) {
            request.risked += u32::from(risky);
            request.under_way = Some(Attempt { choice, answer, begun: at, content: None, reported: false });
        }
        Ok(())
    }

    /// The first content, or the fault, is there.
    fn decide(&mut self, number: u32) -> Result<(), Breach> {
        let at = self.at;
        let Some(request) = self.request(number) else { return Ok(()) };
        let (cost, streams) = (at - request.arrived, request.visit.streams);
        let Some(attempt) = request.under_way.as_mut() else { return Ok(()) };
        let Answer { class, scope, retry_after, .. } = attempt.answer;
        if class == Class::Success {
            attempt.content = Some(at);
            let begun = attempt.begun;
            let probe = attempt.choice.lease.as_ref().is_some_and(|lease| lease.probe);
            self.tally.costs.push(cost);
            self.plan(at + streams, What::Finish(number, begun));
            // The gateway reports a probe by its first content.
            return if probe { self.report(number, &Outcome::of(Class::Success)) } else { Ok(()) };
        }
        self.settle(number, class, Some((scope, retry_after)))?;
        let Some(request) = self.request(number) else { return Ok(()) };
        request.sent += 1;
        let (sent, arrived, used) = (request.sent, request.arrived, request.setup);
        let Some(setup) = self.setups.get(used) else { return Ok(()) };
        let settings = &setup.config.settings;
        if sent >= settings.max_attempts {
            self.lose(number, Loss::Attempts)
        } else if at >= arrived + millis(settings.timeouts.total) {
            self.lose(number, Loss::Time)
        } else {
            self.attempt(number)
        }
    }

    /// Ends the attempt under way: reports it and, where it failed before any content, notes it as tried.
    fn settle(
        &mut self,
        number: u32,
        class: Class,
        fault: Option<(crate::schedule::Scope, Option<Duration>)>,
    ) -> Result<(), Breach> {
        let mut outcome = Outcome::of(class);
        if let Some((scope, retry_after)) = fault {
            outcome = Outcome { scope, retry_after, ..outcome };
        }
        self.report(number, &outcome)?;
        let Some(request) = self.request(number) else { return Ok(()) };
        let Some(attempt) = request.under_way.take() else { return Ok(()) };
        if fault.is_none() {
            return Ok(());
        }
        let (used, choice) = (request.setup, attempt.choice);
        let channel = self.setups.get(used).and_then(|setup| setup.config.channels.get(choice.channel));
        let Some(channel) = channel else { return Ok(()) };
        let Some(key) = channel.keys.get(choice.key) else { return Ok(()) };
        let tried = Tried {
            channel: channel.id.clone(),
            key: key.id.clone(),
            endpoint: choice.endpoint,
            class,
            probe: choice.lease.as_ref().is_some_and(|lease| lease.probe),
        };
        if let Some(request) = self.request(number) {
            request.tried.push(tried);
        }
        Ok(())
    }

    /// Reports the attempt under way, once.
    fn report(&mut self, number: u32, outcome: &Outcome) -> Result<(), Breach> {
        let position = usize::try_from(number).unwrap_or(usize::MAX);
        let (at, now) = (self.at, moment(self.at));
        let Some(request) = self.requests.get_mut(position) else { return Ok(()) };
        let Some(attempt) = request.under_way.as_mut() else { return Ok(()) };
        if std::mem::replace(&mut attempt.reported, true) {
            return Ok(());
        }
        let first_content = attempt.content.map(|content| Duration::from_millis(content - attempt.begun));
        let tokens = first_content.and(request.visit.tokens);
        let outcome = Outcome { first_content, tokens, ..outcome.clone() };
        let Some(request) = self.requests.get(position) else { return Ok(()) };
        let Some(attempt) = request.under_way.as_ref() else { return Ok(()) };
        let (Some(setup), Some(own)) = (self.setups.last(), self.setups.get(request.setup)) else {
            return Ok(());
        };
        let (choice, luck) = (&attempt.choice, request.visit.luck);
        let plan = own.plan(choice.channel);
        self.trace.note(at, Note::reported(number, plan, choice, &outcome));
        self.policy.learn(&Report { setup, plan, number, luck, choice, outcome: &outcome, now })
    }

    fn lose(&mut self, number: u32, loss: Loss) -> Result<(), Breach> {
        self.tally.failed += 1;
        self.tally.costs.push(millis(self.scenario.total));
        self.trace.note(self.at, Note::Lost { request: number, loss });
        let position = usize::try_from(number).unwrap_or(usize::MAX);
        let Some(request) = self.requests.get(position) else { return Ok(()) };
        let Some(setup) = self.setups.get(request.setup) else { return Ok(()) };
        let (at, now) = (self.at, moment(self.at));
        let ask = request.ask();
        self.policy.lost(&Scene { setup, ask: &ask, request, upstreams: &self.upstreams, at, now }, loss)
    }
}

impl Request {
    fn ask(&self) -> Ask<'_> {
        Ask {
            protocol: self.visit.protocol,
            model: MODELS.get(self.visit.model).copied().unwrap_or_default(),
            convertible: self.visit.convertible,
            embeds: false,
            pin: self.visit.pin.and_then(|plan| NAMES.get(plan)).copied(),
            prefix: None,
            channels: None,
            session: self.visit.session.map(SessionKey),
            needs: Needs { input: self.visit.prompt, ..Needs::default() },
            waits_until: None,
            ticket: None,
            traced: false,
            tried: &self.tried,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
