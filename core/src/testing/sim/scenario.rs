//! Scenarios: a configuration, its upstreams, its clients and what an operator does meanwhile.

use std::sync::Arc;
use std::time::Duration;

use super::client::Load;
use super::draw::Draw;
use super::upstream::{Kind, Upstream};
use crate::config::access::Access;
use crate::config::compat::Compat;
use crate::config::document::Document;
use crate::config::model::{ModelFilter, ModelMap, ModelTable};
use crate::config::url::BaseUrl;
use crate::config::validate::{DEFAULT_BREAKER, DEFAULT_MAX_ATTEMPTS, DEFAULT_TIMEOUTS};
use crate::config::{
    Breaker, Channel, ChannelId, Config, Endpoint, Key, KeyId, Limits, OnLoss, Protocol, Rotation, Secret,
    Settings, Status, Timeouts, Transport, Version,
};
use crate::price::{Book, LIST};
use crate::time::Timestamp;

/// The models that clients ask for.
pub const MODELS: [&str; 3] = ["m0", "m1", "m2"];
/// The channels, by the positions of their plans.
pub const NAMES: [&str; 12] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11"];
/// The most keys of one channel.
pub const MAX_KEYS: usize = 4;

/// Everything that a run depends on, apart from who schedules.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub seed: u64,
    pub plans: Vec<Plan>,
    pub upstreams: Vec<Upstream>,
    pub load: Load,
    /// In order of time.
    pub changes: Vec<(u64, Change)>,
    pub breaker: Breaker,
    pub max_attempts: u32,
    pub total: Duration,
}

/// What a channel's configuration says; the upstream of the same position is behind it.
#[derive(Clone, Debug)]
pub struct Plan {
    pub priority: u32,
    pub weight: u32,
    pub rotation: Rotation,
    pub speaks: &'static [Protocol],
    pub keys: usize,
    /// Bits of the keys that are paused.
    pub paused_keys: u8,
    pub paused: bool,
    pub removed: bool,
    /// Serves this model of [`MODELS`] only.
    pub only: Option<usize>,
    /// Calls the models by other names.
    pub renames: bool,
    pub promoted_until: Option<u64>,
    pub grouped: bool,
    /// Of the channel, and of each of its keys.
    pub limits: Limits,
    pub key_limits: Limits,
}

/// What an operator does; the numbers are positions of plans, keys and values.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    Pause(usize, bool),
    PauseKey(usize, usize, bool),
    /// Promoted until a time.
    Promote(usize, u64),
    Remove(usize, bool),
    Weigh(usize, u32),
    Prefer(usize, u32),
    /// Forgets what is held against it.
    Reset(usize),
}

/// A configuration as the gateway sees it, and which plan each of its channels comes from.
#[derive(Debug)]
pub struct Setup {
    pub config: Arc<Config>,
    plans: Vec<usize>,
}

/// Virtual time starts here: some day in 2026.
pub const fn moment(at: u64) -> Timestamp {
    Timestamp::from_millis(1_780_000_000_000 + at)
}

impl Scenario {
    /// The scenario of a seed.
    pub fn of(seed: u64) -> Self {
        let mut draw = Draw::new(seed.wrapping_mul(0xd134_2543_de82_ef95) ^ 0x5eed);
        let load = Load::draw(&mut draw);
        let span = load.span();
        let count = 1 + draw.index(4) + if draw.one_in(3) { draw.index(9) } else { 0 };
        let tiers = 1 + draw.below(3);
        let plans: Vec<Plan> = (0..count).map(|_| Plan::draw(tiers, &mut draw)).collect();
        let sound = draw.below(3);
        let mut kind = || {
            if draw.below(4) < sound { Kind::Steady } else { pick(Kind::Steady, &Kind::FAULTY, &mut draw) }
        };
        let kinds: Vec<Kind> = plans.iter().map(|_| kind()).collect();
        let upstream =
            |(plan, kind): (&Plan, &Kind)| Upstream::new(*kind, plan.keys, MODELS.len(), span, &mut draw);
        let upstreams = plans.iter().zip(&kinds).map(upstream).collect();
        let mut changes: Vec<(u64, Change)> = (0..draw.below(4).saturating_sub(1) * draw.below(4))
            .map(|_| (draw.below(span), Change::draw(&plans, span, &mut draw)))
            .collect();
        changes.sort_by_key(|(at, _)| *at);
        let quick = Breaker {
            window: 10,
            failure_rate: 0.5,
            consecutive_failures: 3,
            open_min: Duration::from_secs(5),
            open_max: Duration::from_secs(60),
        };
        let mut scenario = Self {
            seed,
            plans,
            upstreams,
            load,
            changes,
            breaker: if draw.one_in(4) { quick } else { DEFAULT_BREAKER },
            max_attempts: if draw.one_in(3) { 3 } else { DEFAULT_MAX_ATTEMPTS },
            total: if draw.one_in(4) { Duration::from_secs(30) } else { DEFAULT_TIMEOUTS.total },
        };
        scenario.vary(&mut Draw::new(!seed));
        scenario
    }

    /// Draws what came to scenarios later, so that all else is as it was.
    fn vary(&mut self, draw: &mut Draw) {
        if draw.one_in(3) {
            self.plans.iter_mut().for_each(|plan| plan.limit(draw));
            self.load.sized = draw.one_in(2);
        }
        if draw.one_in(4) {
            self.load.pins = (draw.between(10, 500), self.plans.len());
        }
        if draw.one_in(2) {
            let narrow = self.upstreams.iter_mut().filter(|_| draw.one_in(2));
            narrow.for_each(Upstream::blame_keys);
        }
    }

    /// The configuration that `plans` make; `number` tells it from the others of the run.
    pub fn setup(&self, plans: &[Plan], number: usize) -> Setup {
        let timeouts = Timeouts { total: self.total, ..DEFAULT_TIMEOUTS };
        let mut order: Vec<usize> = plans
            .iter()
            .enumerate()
            .filter(|(_, plan)| !plan.removed)
            .map(|(position, _)| position)
            .collect();
        order.sort_by_key(|position| plans.get(*position).map(|plan| plan.priority));
        let base = BaseUrl::parse("https://upstream.test").ok();
        let transport = Arc::new(Transport { proxy: None, connect_timeout: Duration::from_secs(10) });
        let channel = |position: &usize| {
            let plan = plans.get(*position)?;
            let base = base.clone()?;
            Some(Arc::new(plan.channel(*position, &base, &transport, timeouts)))
        };
        let config = Config {
            prices: Book::default(),
            restricts: false,
            version: Version::new(format!("{number}")),
            document: Arc::new(Document::default()),
            channels: order.iter().filter_map(channel).collect(),
            access: Access::default(),
            settings: Settings {
                timeouts,
                max_attempts: self.max_attempts,
                max_wait: Duration::ZERO,
                breaker: self.breaker,
            },
        };
        Setup { config: Arc::new(config), plans: order }
    }
}

impl Setup {
    /// The plan behind the channel at a position of the configuration.
    pub fn plan(&self, channel: usize) -> usize {
        self.plans.get(channel).copied().unwrap_or(usize::MAX)
    }

    /// The position of a channel in the configuration.
    pub fn position(&self, channel: &Arc<Channel>) -> Option<usize> {
        self.config.channels.iter().position(|own| Arc::ptr_eq(own, channel))
    }
}

impl Plan {
    /// A channel of one key that serves everything over one protocol.
    pub const fn plain(priority: u32) -> Self {
        Self {
            priority,
            weight: 1,
            rotation: Rotation::RoundRobin,
            speaks: &[Protocol::Chat],
            keys: 1,
            paused_keys: 0,
            paused: false,
            removed: false,
            only: None,
            renames: false,
            promoted_until: None,
            grouped: false,
            limits: NO_LIMITS,
            key_limits: NO_LIMITS,
        }
    }

    fn draw(tiers: u64, draw: &mut Draw) -> Self {
        const SPEAK: [&[Protocol]; 3] =
            [&[Protocol::Chat], &[Protocol::Messages], &[Protocol::Messages, Protocol::Chat]];
        Self {
            priority: u32::try_from(draw.below(tiers)).unwrap_or(0),
            weight: if draw.one_in(2) { 1 } else { 1 + u32::try_from(draw.below(5)).unwrap_or(0) },
            rotation: pick(Rotation::RoundRobin, &[Rotation::LeastUsed, Rotation::Ordered], draw),
            speaks: pick(&[Protocol::Chat], &SPEAK, draw),
            keys: if draw.one_in(2) { 1 } else { 1 + draw.index(MAX_KEYS) },
            only: draw.one_in(12).then(|| draw.index(MODELS.len())),
            renames: draw.one_in(8),
            grouped: draw.one_in(2),
            ..Self::plain(0)
        }
    }

    fn limit(&mut self, draw: &mut Draw) {
        if draw.one_in(2) {
            self.limits = drawn_limits(draw);
        }
        if draw.one_in(2) {
            self.key_limits = drawn_limits(draw);
        }
    }

    /// Takes a change over; `false` where it is none of the configuration.
    pub fn apply(plans: &mut [Self], change: Change) -> bool {
        let position = change.plan();
        let Some(plan) = plans.get_mut(position) else { return false };
        match change {
            Change::Pause(_, paused) => plan.paused = paused,
            Change::PauseKey(_, key, true) => plan.paused_keys |= 1 << key,
            Change::PauseKey(_, key, false) => plan.paused_keys &= !(1 << key),
            Change::Promote(_, until) => plan.promoted_until = Some(until),
            Change::Remove(_, removed) => plan.removed = removed,
            Change::Weigh(_, weight) => plan.weight = weight,
            Change::Prefer(_, priority) => plan.priority = priority,
            Change::Reset(_) => return false,
        }
        true
    }

    fn channel(
        &self,
        position: usize,
        base: &BaseUrl,
        transport: &Arc<Transport>,
        timeouts: Timeouts,
    ) -> Channel {
        let endpoint = |protocol: &Protocol| Endpoint {
            protocol: *protocol,
            base: base.clone(),
            compat: Compat::default(),
        };
        let group = self.grouped.then(|| format!("g{position}").into());
        let status = |paused: bool| if paused { Status::Paused } else { Status::Active };
        let key = |number: usize| Key {
            id: KeyId::new(format!("k{position}.{number}")),
            name: None,
            secret: Secret::default(),
            status: status(self.paused_keys & (1 << number) != 0),
            quota_group: group.clone(),
            limits: self.key_limits,
        };
        let only: Vec<String> =
            self.only.and_then(|model| MODELS.get(model)).map(|one| (*one).into()).into_iter().collect();
        let renames = MODELS.iter().filter(|_| self.renames).map(|model| (*model, format!("x-{model}")));
        Channel {
            id: channel_id(position),
            name: NAMES.get(position).copied().unwrap_or_default().into(),
            status: status(self.paused),
            priority: self.priority,
            weight: self.weight,
            promoted_until: self.promoted_until.map(moment),
            endpoints: self.speaks.iter().map(endpoint).collect(),
            keys: (0..self.keys).map(key).collect(),
            rotation: self.rotation,
            accepts: vec![Protocol::Chat, Protocol::Messages],
            models: ModelFilter::new(&only).unwrap_or_default(),
            model_map: ModelMap::new(renames).unwrap_or_default(),
            headers: Vec::new(),
            transport: Arc::clone(transport),
            route_prefix: None,
            timeouts,
            on_loss: OnLoss::Report,
            embedding_space: None,
            limits: self.limits,
            context_windows: ModelTable::default(),
            cost_multiplier: LIST,
        }
    }
}

const NO_LIMITS: Limits = Limits { requests_per_minute: None, tokens_per_minute: None, concurrency: None };

/// The channel of the plan at a position.
pub fn channel_id(position: usize) -> ChannelId {
    ChannelId::new(format!("ch_{position}"))
}

impl Change {
    /// Which plan it is about.
    pub const fn plan(self) -> usize {
        match self {
            Self::Pause(plan, _) | Self::PauseKey(plan, ..) | Self::Promote(plan, _) => plan,
            Self::Remove(plan, _) | Self::Weigh(plan, _) | Self::Prefer(plan, _) | Self::Reset(plan) => plan,
        }
    }

    fn draw(plans: &[Plan], span: u64, draw: &mut Draw) -> Self {
        let plan = draw.index(plans.len());
        let number = u32::try_from(draw.below(3)).unwrap_or(0);
        let on = draw.one_in(2);
        match draw.below(7) {
            0 => Self::Pause(plan, on),
            1 => Self::PauseKey(plan, draw.index(MAX_KEYS), on),
            2 => Self::Promote(plan, draw.below(span * 2)),
            3 => Self::Remove(plan, on),
            4 => Self::Weigh(plan, number + 1),
            5 => Self::Prefer(plan, number),
            _ => Self::Reset(plan),
        }
    }
}

fn drawn_limits(draw: &mut Draw) -> Limits {
    let mut limit = |of, most| {
        let limit = draw.between(1, most);
        draw.one_in(of).then(|| u32::try_from(limit).unwrap_or(u32::MAX))
    };
    Limits {
        requests_per_minute: limit(3, 120),
        tokens_per_minute: limit(4, 60_000),
        concurrency: limit(3, 12),
    }
}

/// Any of `others` or `first`, evenly.
fn pick<T: Copy>(first: T, others: &[T], draw: &mut Draw) -> T {
    others.get(draw.index(others.len() + 1)).copied().unwrap_or(first)
}
