//! The scheduler in one process: its state behind a mutex.

use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{ChannelId, Config, KeyId};
use crate::platform::{Clock, Coordinator, Entropy};
use crate::schedule::explain::Explanation;
use crate::schedule::traits::Trait;
use crate::schedule::{Ask, ChannelHealth, Lease, Outcome, Refusal, Rng, State};

/// Decides at once, on what this process has seen. The lock is held for a decision and never over I/O.
pub struct LocalCoordinator<C> {
    clock: C,
    inner: Mutex<Inner>,
}

struct Inner {
    state: State,
    rng: Rng,
}

impl<C: Clock> LocalCoordinator<C> {
    pub fn new(clock: C, entropy: &impl Entropy) -> Self {
        let inner = Inner { state: State::new(), rng: Rng::new(entropy.word()) };
        Self { clock, inner: Mutex::new(inner) }
    }

    fn with<T>(&self, decide: impl FnOnce(&mut Inner) -> T) -> T {
        decide(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<C: Clock> Coordinator for LocalCoordinator<C> {
    async fn acquire(&self, config: &Arc<Config>, ask: &Ask<'_>) -> Result<Lease, Refusal> {
        let now = self.clock.now();
        self.with(|Inner { state, rng }| state.acquire(config, ask, now, rng))
    }

    async fn report(&self, config: &Arc<Config>, lease: &Lease, outcome: &Outcome) {
        let now = self.clock.now();
        self.with(|Inner { state, rng }| state.report(lease, outcome, &config.settings.breaker, now, rng));
    }

    async fn learn(&self, _: &Arc<Config>, lease: &Lease, learned: &Trait) {
        let now = self.clock.now();
        self.with(|Inner { state, .. }| state.learn(lease, learned, now));
    }

    async fn health(&self, config: &Arc<Config>) -> Vec<ChannelHealth> {
        let now = self.clock.now();
        self.with(|Inner { state, .. }| state.health(config, now))
    }

    async fn explain(&self, config: &Arc<Config>, ask: &Ask<'_>) -> Explanation {
        let now = self.clock.now();
        self.with(|Inner { state, rng }| state.explain(config, ask, now, rng))
    }

    async fn reset(&self, channel: &ChannelId, key: Option<&KeyId>) {
        self.with(|Inner { state, .. }| state.reset(channel, key));
    }
}
