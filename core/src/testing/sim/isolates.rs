//! Several schedulers of one configuration, as on the edge: each decides on its own copy of what is known
//! and hears of the others' attempts late, in another order, or never.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::policy::{Choice, Loss, Policy, Report, Scene, Stop};
use super::scenario::{Scenario, Setup};
use super::{Breach, Change, Draw, Guarded};
use crate::schedule::{Outcome, Reason};
use crate::time::Timestamp;

/// The most a clock is off, either way.
const SKEW: u64 = 2_000;

/// The members, and what is on its way between them.
pub struct Isolates {
    members: Vec<Member>,
    draw: Draw,
    /// In order of arrival: when, to whom, and which of the letters.
    mail: BinaryHeap<Reverse<(Timestamp, usize, usize)>>,
    letters: Vec<Letter>,
    /// Of a thousand reports, those that never arrive.
    lost: u64,
    /// The mean way of a report.
    delay: u64,
}

struct Member {
    guarded: Guarded,
    /// What its clock is ahead of the slowest.
    ahead: Duration,
}

/// A report under way.
struct Letter {
    choice: Choice,
    outcome: Outcome,
    plan: usize,
    number: u32,
}

impl Isolates {
    pub fn new(scenario: &Scenario) -> Self {
        let mut draw = Draw::new(scenario.seed ^ 0x1501_a7e5);
        let count = 2 + draw.below(4);
        let (lost, delay) = (draw.below(300), draw.between(5, 20_000));
        let member = |number| {
            let ahead = Duration::from_millis(draw.below(2 * SKEW + 1));
            Member { guarded: Guarded::member(scenario, number), ahead }
        };
        let members = (0..count).map(member).collect();
        Self { members, draw, mail: BinaryHeap::new(), letters: Vec::new(), lost, delay }
    }

    /// Which of them meets a request, by its luck.
    fn home(&self, luck: u64) -> usize {
        let count = u64::try_from(self.members.len()).unwrap_or(1);
        usize::try_from(luck % count.max(1)).unwrap_or(0)
    }

    /// Brings what has arrived by now.
    fn deliver(&mut self, setup: &Setup, now: Timestamp) -> Result<(), Breach> {
        while self.mail.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            let Some(Reverse((at, to, letter))) = self.mail.pop() else { break };
            let (Some(member), Some(letter)) = (self.members.get_mut(to), self.letters.get(letter)) else {
                continue;
            };
            let Letter { choice, outcome, plan, number } = letter;
            let luck = 0;
            let now = at + member.ahead;
            let report = Report { setup, plan: *plan, number: *number, luck, choice, outcome, now };
            member.guarded.overhear(&report)?;
        }
        Ok(())
    }

    /// Sends a report to all but `home`.
    fn send(&mut self, home: usize, report: &Report<'_>) {
        let mut choice = report.choice.clone();
        if let Some(lease) = &mut choice.lease {
            // Numbers are each scheduler's own.
            lease.id |= 1 << 63;
        }
        let Report { plan, number, outcome, now, .. } = *report;
        let letter = self.letters.len();
        self.letters.push(Letter { choice, outcome: outcome.clone(), plan, number });
        for to in (0..self.members.len()).filter(|to| *to != home) {
            if self.draw.below(1_000) >= self.lost {
                let way = Duration::from_millis(self.draw.gap(self.delay));
                self.mail.push(Reverse((now + way, to, letter)));
            }
        }
    }
}

impl Policy for Isolates {
    fn choose(&mut self, scene: &Scene<'_>) -> Result<Choice, Stop> {
        self.deliver(scene.setup, scene.now).map_err(Stop::Breach)?;
        let home = self.home(scene.request.visit.luck);
        let Some(member) = self.members.get_mut(home) else { return Err(Stop::Refused(Reason::NoChannel)) };
        member.guarded.choose(&Scene { now: scene.now + member.ahead, ..*scene })
    }

    fn learn(&mut self, report: &Report<'_>) -> Result<(), Breach> {
        self.deliver(report.setup, report.now)?;
        let home = self.home(report.luck);
        self.send(home, report);
        let Some(member) = self.members.get_mut(home) else { return Ok(()) };
        member.guarded.learn(&Report { now: report.now + member.ahead, ..*report })
    }

    fn lost(&mut self, scene: &Scene<'_>, loss: Loss) -> Result<(), Breach> {
        let home = self.home(scene.request.visit.luck);
        let Some(member) = self.members.get_mut(home) else { return Ok(()) };
        member.guarded.lost(&Scene { now: scene.now + member.ahead, ..*scene }, loss)
    }

    fn change(&mut self, change: Change, now: Timestamp) {
        for member in &mut self.members {
            member.guarded.change(change, now + member.ahead);
        }
    }

    fn end(&mut self, setup: &Setup, now: Timestamp) -> Result<(), Breach> {
        self.members.iter_mut().try_for_each(|member| member.guarded.end(setup, now + member.ahead))
    }
}
