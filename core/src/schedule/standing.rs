//! Whether a key of a channel can be used now.

use super::ModelKey;
use super::breaker::{Breaker, BreakerState, TRIAL_PACE};
use super::hold::{Cause, Hold, Standing, Wait};
use super::meter::{Meter, Room};
use super::rests::Rests;
use super::slot::{ChannelLane, ChannelSlot, KeySlot};
use crate::config::{Limits, Protocol};
use crate::time::Timestamp;

/// One key of a channel at the endpoints of one protocol, as one request sees it.
pub(super) struct Situation<'a> {
    pub(super) protocol: Protocol,
    pub(super) channel: &'a ChannelSlot,
    pub(super) channel_limits: &'a Limits,
    pub(super) key: &'a KeySlot,
    pub(super) key_limits: &'a Limits,
    /// What is held against the account behind the key.
    pub(super) account: Option<&'a Rests>,
    /// Tokens that the request is expected to use.
    pub(super) tokens: u32,
    /// Requests that wait for the channel and are to be served before this one.
    pub(super) ahead: usize,
    /// The operator named the channel: breakers do not count.
    pub(super) pinned: bool,
    pub(super) now: Timestamp,
}

/// The sum of what stands against it.
#[derive(Default)]
struct Sum {
    rests: bool,
    cause: Cause,
    until: Timestamp,
    from: Timestamp,
    /// One request at a time may test it.
    tests: bool,
}

impl Situation<'_> {
    /// `model` is asked for only where some model is excluded.
    pub(super) fn standing(&self, model: impl FnOnce() -> ModelKey) -> Standing {
        let mut sum = Sum::default();
        let shared = self.channel.lane(self.protocol).map(|ChannelLane { lane, .. }| &lane.breaker);
        let own = self.own();
        self.hold(&mut sum, self.channel.rests.holds(self.now), shared);
        self.hold(&mut sum, self.key.rests.holds(self.now), own);
        if let Some(account) = self.account {
            self.hold(&mut sum, account.holds(self.now), own);
        }
        if !(self.channel.models.is_empty() && self.key.models.is_empty()) {
            let model = model();
            self.hold(&mut sum, [self.channel.models.hold(model, self.now)], shared);
            self.hold(&mut sum, [self.key.models.hold(model, self.now)], own);
        }
        self.breaker(&mut sum, shared);
        self.breaker(&mut sum, own);
        let room = self.room();
        if sum.rests {
            let refused = self.key.rests.refused(self.now)
                || self.account.is_some_and(|account| account.refused(self.now));
            let tested = own.filter(|own| own.in_trial(self.now)).map(|own| own.trial_from(self.now));
            let from = sum.from.max(self.now).max(self.free_at(room)).max(tested.unwrap_or_default());
            return Standing::Waits(Wait { refused, cause: sum.cause, until: sum.until.max(from), from });
        }
        let tests = sum.tests && !self.pinned;
        match room {
            Room::Full(until) => Standing::Limited(until),
            Room::Places(places) if self.leaves_none(if tests { 1 } else { places }) => {
                Standing::Limited(None)
            }
            Room::Places(_) if tests => Standing::Trial,
            Room::Places(_) => Standing::Ready,
        }
    }

    fn hold(&self, sum: &mut Sum, holds: impl IntoIterator<Item = Hold>, breaker: Option<&Breaker>) {
        for hold in holds {
            match hold {
                Hold::Free => {}
                Hold::Unproven => self.test(sum, breaker),
                Hold::Rests { until, from } => {
                    sum.rest(Cause::Cooling, until, from);
                    sum.from = sum.from.max(breaker.map_or(self.now, |breaker| breaker.trial_from(self.now)));
                }
            }
        }
    }

    fn breaker(&self, sum: &mut Sum, breaker: Option<&Breaker>) {
        let Some(breaker) = breaker.filter(|_| !self.pinned) else { return };
        match breaker.state(self.now) {
            BreakerState::Closed => {}
            BreakerState::HalfOpen => self.test(sum, Some(breaker)),
            BreakerState::Open => {
                let from = breaker.trial_from(self.now);
                sum.rest(Cause::Open, breaker.open_until(self.now).unwrap_or(from), from);
            }
        }
    }

    /// One request at a time, of a key whatever it tests; who comes while it is under way waits.
    fn test(&self, sum: &mut Sum, breaker: Option<&Breaker>) {
        let under_way =
            [breaker, self.own()].into_iter().flatten().find(|breaker| breaker.in_trial(self.now));
        match under_way.filter(|_| !self.pinned).map(|breaker| breaker.trial_from(self.now)) {
            Some(from) => sum.rest(Cause::UnderTest, from, from),
            None => sum.tests = true,
        }
    }

    /// The breaker of the key.
    fn own(&self) -> Option<&Breaker> {
        self.key.lane(self.protocol).map(|lane| &lane.breaker)
    }

    /// The room that all limits leave.
    fn room(&self) -> Room {
        let of = |limits: &Limits, meter: &Meter, in_flight| {
            if *limits == Limits::default() {
                Room::Places(u32::MAX)
            } else {
                meter.room(limits, in_flight, self.tokens, self.now)
            }
        };
        let channel = of(self.channel_limits, &self.channel.meter, self.channel.in_flight());
        channel.and(of(self.key_limits, &self.key.meter, self.key.in_flight()))
    }

    /// From when the limits let another one start, as far as is known.
    fn free_at(&self, room: Room) -> Timestamp {
        match room {
            Room::Places(_) => self.now,
            Room::Full(until) => until.unwrap_or(self.now + TRIAL_PACE),
        }
    }

    /// Whether those ahead take all of so many places.
    fn leaves_none(&self, places: u32) -> bool {
        usize::try_from(places).unwrap_or(usize::MAX) <= self.ahead
    }
}

impl Sum {
    fn rest(&mut self, cause: Cause, until: Timestamp, from: Timestamp) {
        self.rests = true;
        self.cause = self.cause.max(cause);
        self.until = self.until.max(until);
        self.from = self.from.max(from);
    }
}
