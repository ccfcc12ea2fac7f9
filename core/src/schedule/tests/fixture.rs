//! A configuration in a line, and a clock that is a number.

use std::sync::Arc;
use std::time::Duration;

use crate::config::access::Access;
use crate::config::compat::Compat;
use crate::config::document::Document;
use crate::config::model::{ModelFilter, ModelMap, ModelTable};
use crate::config::url::BaseUrl;
use crate::config::{
    Breaker, Channel, ChannelId, Config, Endpoint, Key, KeyId, Limits, OnLoss, Protocol, Rotation, Secret,
    Settings, Status, Timeouts, Transport, Version,
};
use crate::price::{Book, LIST};
use crate::schedule::{Ask, Class, Lease, Outcome, Refusal, Rng, SessionKey, State, Tried};
use crate::time::Timestamp;

pub(super) const BREAKER: Breaker = Breaker {
    window: 20,
    failure_rate: 0.7,
    consecutive_failures: 5,
    open_min: Duration::from_secs(30),
    open_max: Duration::from_secs(600),
};

const TIMEOUTS: Timeouts = Timeouts {
    response_header: Duration::from_secs(60),
    first_content: Duration::from_secs(60),
    idle: Duration::from_secs(60),
    total: Duration::from_secs(600),
};

pub(super) fn at(secs: u64) -> Timestamp {
    Timestamp::from_millis((1_000_000 + secs) * 1000)
}

/// A chat channel `name` with keys `<name>1`, `<name>2`, …
pub(super) fn channel(name: &str, priority: u32, keys: usize) -> Channel {
    let key = |n| Key {
        id: KeyId::new(format!("{name}{n}")),
        name: None,
        secret: Secret::new("secret"),
        status: Status::Active,
        quota_group: None,
        limits: Limits::default(),
    };
    Channel {
        id: ChannelId::new(format!("ch_{name}")),
        name: name.into(),
        status: Status::Active,
        priority,
        weight: 1,
        promoted_until: None,
        endpoints: vec![endpoint(Protocol::Chat)],
        keys: (1..=keys).map(key).collect(),
        rotation: Rotation::RoundRobin,
        accepts: vec![Protocol::Chat, Protocol::Messages],
        models: ModelFilter::default(),
        model_map: ModelMap::default(),
        headers: Vec::new(),
        transport: Arc::new(Transport { proxy: None, connect_timeout: Duration::from_secs(5) }),
        route_prefix: None,
        timeouts: TIMEOUTS,
        on_loss: OnLoss::Report,
        embedding_space: None,
        limits: Limits::default(),
        context_windows: ModelTable::default(),
        cost_multiplier: LIST,
    }
}

pub(super) fn endpoint(protocol: Protocol) -> Endpoint {
    let base = BaseUrl::parse("https://upstream.test").unwrap();
    Endpoint { protocol, base, compat: Compat::default() }
}

pub(super) fn config(version: &str, channels: Vec<Channel>) -> Config {
    Config {
        version: serde_json::from_value::<Version>(version.into()).unwrap(),
        document: Arc::new(Document::default()),
        channels: channels.into_iter().map(Arc::new).collect(),
        access: Access::default(),
        settings: Settings {
            timeouts: TIMEOUTS,
            max_attempts: 5,
            max_wait: Duration::from_secs(10),
            breaker: BREAKER,
        },
        prices: Book::default(),
        restricts: false,
    }
}

pub(super) const ASK: Ask<'static> = Ask::of(Protocol::Chat, "m");

pub(super) fn session(number: u64) -> Ask<'static> {
    Ask { session: Some(SessionKey(number)), ..ASK }
}

pub(super) fn tried(lease: &Lease, class: Class) -> Tried {
    Tried {
        channel: lease.channel.id.clone(),
        key: lease.key().unwrap().id.clone(),
        endpoint: lease.endpoint,
        class,
        probe: lease.probe,
    }
}

/// A state with its configuration and randomness.
pub(super) struct World {
    pub(super) config: Config,
    pub(super) state: State,
    pub(super) rng: Rng,
}

impl World {
    pub(super) fn new(channels: Vec<Channel>) -> Self {
        Self { config: config("1", channels), state: State::new(), rng: Rng::new(11) }
    }

    pub(super) fn acquire(&mut self, ask: &Ask<'_>, secs: u64) -> Result<Lease, Refusal> {
        self.state.acquire(&self.config, ask, at(secs), &mut self.rng)
    }

    pub(super) fn report(&mut self, lease: &Lease, class: Class, secs: u64) {
        self.report_as(lease, &Outcome::of(class), secs);
    }

    pub(super) fn report_as(&mut self, lease: &Lease, outcome: &Outcome, secs: u64) {
        self.state.report(lease, outcome, &BREAKER, at(secs), &mut self.rng);
    }

    /// Acquires and reports at once; the key that was used.
    pub(super) fn once(&mut self, ask: &Ask<'_>, class: Class, secs: u64) -> String {
        let lease = self.acquire(ask, secs).unwrap();
        self.report(&lease, class, secs);
        key(&lease)
    }

    /// Fails attempts in a row until the breaker of the only channel opens.
    pub(super) fn trip(&mut self, secs: u64) {
        for _ in 0..BREAKER.consecutive_failures {
            self.once(&ASK, Class::Transport, secs);
        }
    }
}

pub(super) fn key(lease: &Lease) -> String {
    lease.key().unwrap().id.to_string()
}
