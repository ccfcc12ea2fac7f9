//! Upstreams that behave and misbehave: what each answers to a call at a moment.
//!
//! The luck of a call is drawn from the upstream's seed and the request's number, so a request meets the
//! same luck whoever schedules it and whatever was tried before.

use std::time::Duration;

use super::draw::Draw;
use super::trouble::{FOREVER, Fault, HOUR, Limit, Reach, Spent, Trouble};
use crate::schedule::{Class, Scope};

/// One attempt as the upstream sees it. Times are milliseconds since the scenario's start.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub request: u32,
    pub key: usize,
    pub model: usize,
    pub at: u64,
}

/// What comes of a call.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub class: Class,
    pub scope: Scope,
    /// Until the first content, or until the fault shows.
    pub takes: u64,
    pub retry_after: Option<Duration>,
    /// What a stream that began well comes to in the end.
    pub end: Class,
}

/// An upstream's nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Steady,
    /// Serves, after many seconds.
    Slow,
    /// Works and fails by turns.
    Flapping,
    /// An account with a budget that returns at a time.
    Quota,
    /// A token bucket for each key.
    Limited,
    /// Connections time out.
    Dead,
    /// Connections are refused at once.
    Refusing,
    /// Says 200 and then nothing of use, or breaks off.
    Lying,
    Overloaded,
    /// One model fails, the others serve.
    HalfBroken,
    /// Down for a while, then well again.
    Outage,
    /// Takes the request and stays silent until the gateway gives up.
    Stalling,
    /// One key is refused.
    BadKey,
    /// Well until a time, then dead.
    Dying,
}

impl Kind {
    /// All but the steady one.
    pub const FAULTY: [Self; 13] = [
        Self::Slow,
        Self::Flapping,
        Self::Quota,
        Self::Limited,
        Self::Dead,
        Self::Refusing,
        Self::Lying,
        Self::Overloaded,
        Self::HalfBroken,
        Self::Outage,
        Self::Stalling,
        Self::BadKey,
        Self::Dying,
    ];
}

/// An upstream: its pace, the times at which it fails, its limits and its noise.
#[derive(Clone, Debug)]
pub struct Upstream {
    pub kind: Kind,
    seed: u64,
    /// Usual time to the first content.
    pace: u64,
    troubles: Vec<Trouble>,
    limit: Option<Limit>,
    /// Faults in a thousand calls outside of trouble, and how far they reach.
    noise: u64,
    noise_scope: Scope,
    /// Streams in a thousand that break off after the first content.
    cuts: u64,
}

impl Upstream {
    /// One of `kind` with its own luck; its troubles fall into `0..span`.
    pub fn new(kind: Kind, keys: usize, models: usize, span: u64, draw: &mut Draw) -> Self {
        let mut one = Self::steady(draw);
        one.kind = kind;
        let down = one.outage(span, draw);
        match kind {
            Kind::Steady => {}
            Kind::Slow => one.pace = draw.between(4_000, 25_000),
            Kind::Flapping => {
                let (on, off) = (draw.between(2_000, 300_000), draw.between(1_000, 120_000));
                let from = draw.below(on + off);
                let fault = Fault::hard(draw);
                one.troubles.push(Trouble {
                    reach: Reach::All,
                    from,
                    until: from + off,
                    every: on + off,
                    fault,
                });
            }
            Kind::Quota => {
                let budget = draw.between(3, 60);
                one.limit = Some(Limit::quota(budget, draw.between(30_000, 6 * HOUR), keys, draw));
            }
            Kind::Limited => {
                let budget = draw.between(1, 20);
                one.limit = Some(Limit::bucket(budget, draw.between(1_000, 120_000), keys, draw));
            }
            Kind::Dead => one.fails(Reach::All, 0, FOREVER, Fault::timeout(draw)),
            Kind::Refusing => one.fails(Reach::All, 0, FOREVER, Fault::refused(draw)),
            Kind::Lying => (one.noise, one.cuts) = (draw.between(50, 1_000), draw.between(0, 200)),
            Kind::Overloaded => one.fails(Reach::All, down.0, down.1, Fault::overload(draw)),
            Kind::HalfBroken => {
                let fault = Fault::of_model(draw);
                let until = if draw.one_in(2) { FOREVER } else { down.1 };
                one.fails(Reach::Model(draw.index(models)), down.0, until, fault);
            }
            Kind::Outage => one.fails(Reach::All, down.0, down.1, Fault::hard(draw)),
            Kind::Stalling => one.fails(Reach::All, down.0, down.1, Fault::silence()),
            Kind::BadKey => {
                let until = if draw.one_in(2) { FOREVER } else { down.1 };
                one.fails(Reach::Key(draw.index(keys)), down.0, until, Fault::auth(draw));
            }
            Kind::Dying => one.fails(Reach::All, down.0, FOREVER, Fault::timeout(draw)),
        }
        if !matches!(kind, Kind::Steady | Kind::Lying) && draw.one_in(4) {
            one.noise = draw.between(1, 40);
        }
        one
    }

    /// One that serves, after `pace` on average.
    pub fn paced(pace: u64, draw: &mut Draw) -> Self {
        Self { pace, ..Self::steady(draw) }
    }

    /// The same, failing by turns.
    #[must_use]
    pub fn flapping(mut self, from: u64, off: u64, every: u64) -> Self {
        let fault = Fault { class: Class::ServerError, scope: Scope::Channel, takes: 300, tells: false };
        self.kind = Kind::Flapping;
        self.troubles.push(Trouble { reach: Reach::All, from, until: from + off, every, fault });
        self
    }

    /// The same, unreachable for a while.
    #[must_use]
    pub fn down(mut self, from: u64, until: u64, connect_timeout: u64) -> Self {
        let fault =
            Fault { class: Class::Transport, scope: Scope::Channel, takes: connect_timeout, tells: false };
        self.kind = Kind::Outage;
        self.fails(Reach::All, from, until, fault);
        self
    }

    /// The same with a token bucket for each key.
    #[must_use]
    pub fn limited(mut self, budget: u64, period: u64, tells: bool, keys: usize) -> Self {
        self.kind = Kind::Limited;
        let spent = vec![Spent::default(); keys];
        let (class, scope) = (Class::Rate, Scope::Key);
        self.limit = Some(Limit { class, scope, tells, budget, period, steady: true, spent });
        self
    }

    /// The same, lying to some of a thousand calls.
    #[must_use]
    pub fn lying(mut self, noise: u64) -> Self {
        self.kind = Kind::Lying;
        self.noise = noise;
        self
    }

    /// The same, whose 5xx and broken answers are of a key, as far as anyone can tell.
    pub(super) fn blame_keys(&mut self) {
        self.noise_scope = Scope::Key;
        self.troubles.iter_mut().for_each(|trouble| trouble.fault.blame_key());
    }

    fn steady(draw: &mut Draw) -> Self {
        let (seed, pace) = (draw.word(), draw.between(150, 2_000));
        let (troubles, limit, noise_scope) = (Vec::new(), None, Scope::Channel);
        Self { kind: Kind::Steady, seed, pace, troubles, limit, noise: 0, cuts: 0, noise_scope }
    }

    fn outage(&self, span: u64, draw: &mut Draw) -> (u64, u64) {
        let from = draw.below(span.saturating_mul(3) / 4 + 1);
        (from, from + self.pace + draw.below(span / 2 + 1))
    }

    fn fails(&mut self, reach: Reach, from: u64, until: u64, fault: Fault) {
        self.troubles.push(Trouble { reach, from, until, every: FOREVER, fault });
    }

    /// Usual time to the first content when all is well.
    pub const fn pace(&self) -> u64 {
        self.pace
    }

    /// The time to the first content that `call` is worth waiting for before others; `None` when it will be
    /// refused. What fails by chance counts with what its failures cost: trying the least worth first is
    /// the best order.
    pub fn worth(&self, call: &Call) -> Option<u64> {
        let refused = self.trouble(call.key, call.model, call.at).is_some()
            || self.limit.as_ref().is_some_and(|limit| limit.refusal(call).is_some());
        let served = 1_000_u64.checked_sub(self.noise).filter(|served| *served > 0 && !refused)?;
        Some(self.pace + self.pace * 5 / 9 * self.noise / served)
    }

    /// What `call` would come to; nothing is used up.
    fn answer(&self, call: &Call) -> Answer {
        let own = u64::from(call.request) << 8 | u64::try_from(call.key).unwrap_or(0);
        let mut luck = Draw::new(self.seed ^ own.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (noisy, cut, takes) = (luck.below(1_000), luck.below(1_000), luck.around(self.pace));
        if let Some((fault, until)) = self.trouble(call.key, call.model, call.at) {
            return fault.answer(&mut luck, until.saturating_sub(call.at));
        }
        if let Some(answer) = self.limit.as_ref().and_then(|limit| limit.refusal(call)) {
            return answer;
        }
        if noisy < self.noise {
            let late = luck.one_in(3);
            let takes = if late { takes } else { takes / 3 };
            return Fault { class: Class::BadAnswer, scope: self.noise_scope, takes, tells: false }
                .answer(&mut luck, 0);
        }
        let end = if cut < self.cuts { Class::Transport } else { Class::Success };
        Answer { class: Class::Success, scope: Scope::Request, takes, retry_after: None, end }
    }

    /// Answers and counts the call.
    pub fn take(&mut self, call: &Call) -> Answer {
        let answer = self.answer(call);
        if let Some(limit) = self.limit.as_mut().filter(|_| answer.class == Class::Success) {
            limit.spend(call);
        }
        answer
    }

    /// Since when every call of `key` for `model` would have been served; `None` when one might fail now.
    pub fn sound_since(&self, key: usize, model: usize, at: u64) -> Option<u64> {
        let calm = self.noise == 0 && self.limit.is_none() && self.trouble(key, model, at).is_none();
        let ends = || {
            let reached = self.troubles.iter().filter(|trouble| trouble.reaches(key, model));
            reached.filter_map(|trouble| trouble.last_end(at))
        };
        calm.then(|| ends().max().unwrap_or(0))
    }

    fn trouble(&self, key: usize, model: usize, at: u64) -> Option<(Fault, u64)> {
        let reached = self.troubles.iter().filter(|trouble| trouble.reaches(key, model));
        reached.filter_map(|trouble| Some((trouble.fault, trouble.active(at)?))).next()
    }
}
