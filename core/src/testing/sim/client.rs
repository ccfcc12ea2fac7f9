//! Clients: when they come, what they ask, and how long they stay.

use super::draw::Draw;
use super::scenario::MODELS;
use crate::config::Protocol;

/// How clients come and what they are like.
#[derive(Clone, Debug)]
pub struct Load {
    pub requests: u32,
    /// Mean time between arrivals.
    pub gap: u64,
    /// One arrival of so many brings a burst.
    pub burst: Option<u64>,
    /// Conversations at a time; 0: none.
    pub sessions: u64,
    /// Of a thousand requests, those whose client leaves early.
    pub leave: u64,
    /// Of a thousand, those with a long answer.
    pub long: u64,
    /// Of a thousand, those that speak the protocol fewer channels know.
    pub messages: u64,
    /// How many of [`MODELS`] are asked for.
    pub models: usize,
    /// Of a thousand, those that name one of so many channels themselves.
    pub pins: (u64, usize),
    /// Whether requests tell how long they are.
    pub sized: bool,
    pub seed: u64,
}

/// One request's own properties.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    pub protocol: Protocol,
    pub convertible: bool,
    pub model: usize,
    pub session: Option<u64>,
    /// The plan of the channel that it names.
    pub pin: Option<usize>,
    /// Tokens of its prompt, and what an answer uses of a limit where that is told.
    pub prompt: u32,
    pub tokens: Option<u64>,
    /// Its client leaves after so long.
    pub leaves: Option<u64>,
    /// From the first content to the end.
    pub streams: u64,
    /// Chance for who decides by request, such as which isolate it meets.
    pub luck: u64,
}

/// Draws the clients of a load one after the other.
#[derive(Clone, Debug)]
pub struct Arrivals {
    draw: Draw,
    /// For what came to scenarios later: the draws before are as they were.
    extras: Draw,
    left: u32,
    crowd: u64,
}

impl Load {
    pub(super) fn draw(draw: &mut Draw) -> Self {
        let short = 50 + draw.below(350).min(draw.below(350));
        let requests = if draw.one_in(64) { 2_000 } else { short };
        Self {
            requests: u32::try_from(requests).unwrap_or(0),
            gap: draw.between(30, 60_000),
            burst: draw.one_in(3).then(|| draw.between(5, 50)),
            sessions: if draw.one_in(3) { 0 } else { draw.between(1, 12) },
            leave: if draw.one_in(2) { 0 } else { draw.between(5, 200) },
            long: if draw.one_in(2) { 0 } else { draw.between(5, 300) },
            messages: if draw.one_in(2) { 0 } else { 300 },
            models: 1 + draw.index(MODELS.len()),
            pins: (0, 0),
            sized: false,
            seed: draw.word(),
        }
    }

    /// About how long it takes until the last one has come.
    pub fn span(&self) -> u64 {
        u64::from(self.requests) * self.gap + 1
    }

    pub fn arrivals(&self) -> Arrivals {
        let (draw, extras) = (Draw::new(self.seed), Draw::new(!self.seed));
        Arrivals { draw, extras, left: self.requests, crowd: 0 }
    }
}

impl Arrivals {
    /// How long until the next one comes, and what it is.
    pub fn next(&mut self, load: &Load) -> Option<(u64, Visit)> {
        self.left = self.left.checked_sub(1)?;
        let draw = &mut self.draw;
        self.crowd = match (self.crowd.checked_sub(1), load.burst) {
            (Some(left), _) => left,
            (None, Some(every)) if draw.one_in(every) => draw.between(3, 40),
            (None, _) => 0,
        };
        let gap = if self.crowd > 0 { draw.below(20) } else { draw.gap(load.gap) };
        let odd = draw.below(1_000) < load.messages;
        let long = draw.below(1_000) < load.long;
        let extras = &mut self.extras;
        let (share, channels) = load.pins;
        let pin = (extras.below(1_000) < share).then(|| extras.index(channels));
        let prompt = if load.sized { extras.between(1, 2_000) } else { 0 };
        let tokens = (load.sized && !extras.one_in(8)).then(|| prompt / 2 + extras.between(1, 4_000));
        let visit = Visit {
            protocol: if odd { Protocol::Messages } else { Protocol::Chat },
            convertible: !odd || draw.below(4) > 0,
            model: draw.index(load.models),
            session: (load.sessions > 0 && !draw.one_in(4)).then(|| draw.below(load.sessions)),
            pin,
            prompt: u32::try_from(prompt).unwrap_or(0),
            tokens,
            leaves: (draw.below(1_000) < load.leave).then(|| draw.between(50, 60_000)),
            streams: if long { draw.between(20_000, 240_000) } else { draw.between(50, 15_000) },
            luck: draw.word(),
        };
        Some((gap, visit))
    }
}
