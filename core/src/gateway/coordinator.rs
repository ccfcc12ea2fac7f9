//! The scheduler in one process: its state behind a mutex.

pub(super) mod queue;
mod shared;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::Duration;

use futures::future::select;

use crate::config::{ChannelId, Config, KeyId};
use crate::platform::{Clock, Coordinator, Entropy};
use crate::schedule::authority::notes::News;
use crate::schedule::explain::Explanation;
use crate::schedule::share::Held;
use crate::schedule::traits::Trait;
use crate::schedule::{Ask, ChannelHealth, Lease, Outcome, Reason, Refusal, Rng, State, Ticket};
use crate::time::Timestamp;

pub use shared::SharedCoordinator;

use queue::{Line, Queue};

/// How often a waiter looks that nobody calls.
pub(super) const LOOKS_EVERY: Duration = Duration::from_millis(250);
/// A refusal that names a time in the past must not make a waiter spin.
const SHORTEST_WAIT: Duration = Duration::from_millis(5);

/// Decides at once, on what this process has seen, or lets an ask wait for what is free soon. The lock is
/// held for a decision and never over I/O.
pub struct LocalCoordinator<C> {
    clock: C,
    calls: bool,
    inner: Mutex<Inner>,
}

struct Inner {
    state: State,
    rng: Rng,
    queue: Queue,
}

impl<C: Clock> LocalCoordinator<C> {
    /// Waiters are called when something becomes free.
    pub fn new(clock: C, entropy: &impl Entropy) -> Self {
        let inner = Inner { state: State::new(), rng: Rng::new(entropy.word()), queue: Queue::default() };
        Self { clock, calls: true, inner: Mutex::new(inner) }
    }

    /// Waiters look for themselves, several times a second: for where the future of one request must not wake
    /// that of another.
    #[must_use]
    pub fn without_calls(self) -> Self {
        Self { calls: false, ..self }
    }

    fn with<T>(&self, decide: impl FnOnce(&mut Inner) -> T) -> T {
        decide(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state, and calls those who wait.
    fn freeing(&self, change: impl FnOnce(&mut Inner)) {
        let called = self.with(|inner| {
            change(inner);
            inner.queue.call()
        });
        called.for_each(Waker::wake);
    }

    /// Learns what an attempt came to.
    fn settle(&self, config: &Config, lease: &Lease, outcome: &Outcome) {
        let now = self.clock.now();
        self.freeing(|Inner { state, rng, .. }| {
            state.report(lease, outcome, &config.settings.breaker, now, rng);
        });
    }

    /// What is held against the channels of `config` and changed at `since` or later, for another life.
    pub fn held_since(&self, config: &Config, since: Timestamp) -> Held {
        let channels = config.channels.iter().map(|channel| &channel.id);
        self.with(|Inner { state, .. }| state.held_since(channels, since))
    }

    /// Takes up what an earlier life held; what has changed since holds.
    pub fn restore(&self, config: &Config, held: &Held) {
        let now = self.clock.now();
        self.freeing(|Inner { state, .. }| {
            state.align(config, now);
            state.restore(held);
        });
    }

    /// When what is held against a channel changed last.
    fn changed_at(&self, channel: &ChannelId) -> Timestamp {
        self.with(|inner| inner.state.changed_at(channel))
    }

    /// Takes over what others saw.
    fn hear(&self, config: &Config, news: &News) {
        let now = self.clock.now();
        self.freeing(|Inner { state, .. }| {
            state.align(config, now);
            news.channels.iter().for_each(|verdicts| state.adopt(verdicts));
            news.accounts.iter().for_each(|verdict| state.adopt_account(verdict));
            news.bonds.iter().for_each(|bond| state.bind(bond, now));
        });
    }

    /// Gives a trial back unused; `news` says what is known of what it would have tested.
    fn cede(&self, lease: &Lease, news: Option<&News>) {
        let now = self.clock.now();
        self.freeing(|Inner { state, .. }| {
            state.cede(lease, now);
            news.iter().flat_map(|news| &news.channels).for_each(|verdicts| state.adopt(verdicts));
        });
    }

    /// Asks again whenever that may help, first come first served, until it is served or not worth it.
    async fn wait(
        &self,
        config: &Arc<Config>,
        ask: &Ask<'_>,
        waiter: Waiter<'_, C>,
        refusal: Refusal,
    ) -> Result<Lease, Refusal> {
        let Waiter { line, ticket, until, .. } = waiter;
        let ask = Ask { ticket: Some(ticket), ..ask.clone() };
        let mut refusal = refusal;
        loop {
            waiter.turn(&refusal).await;
            let now = self.clock.now();
            let answer = self.with(|Inner { state, rng, queue }| {
                let asks = queue.is_first(line, ticket) || now >= until;
                asks.then(|| state.acquire(config, &ask, now, rng))
            });
            match answer {
                None => {}
                Some(Ok(lease)) => return Ok(lease),
                Some(Err(refused)) if !is_worth_waiting(&refused, until, now) => return Err(refused),
                Some(Err(refused)) => refusal = refused,
            }
        }
    }
}

/// A place in the queue; it is given up when it is dropped.
struct Waiter<'a, C: Clock> {
    coordinator: &'a LocalCoordinator<C>,
    line: Line,
    ticket: Ticket,
    until: Timestamp,
}

impl<C: Clock> Waiter<'_, C> {
    /// Until it is worth asking again.
    async fn turn(&self, refusal: &Refusal) {
        let Self { coordinator, line, ticket, until } = *self;
        let now = coordinator.clock.now();
        let first = coordinator.with(|inner| inner.queue.is_first(line, ticket));
        let at = refusal.retry_at.filter(|_| first).map_or(until, |at| at.min(until));
        let wait = now.until(at).max(SHORTEST_WAIT);
        if coordinator.calls {
            let called =
                poll_fn(|context| coordinator.with(|inner| inner.queue.poll_called(line, ticket, context)));
            select(pin!(called), pin!(coordinator.clock.sleep(wait))).await;
        } else {
            coordinator.clock.sleep(wait.min(LOOKS_EVERY)).await;
        }
    }
}

impl<C: Clock> Drop for Waiter<'_, C> {
    fn drop(&mut self) {
        let Self { line, ticket, .. } = *self;
        self.coordinator.freeing(|Inner { state, queue, .. }| {
            state.dequeue(ticket);
            queue.leave(line, ticket);
        });
    }
}

/// Whether asking again before `until` may help.
fn is_worth_waiting(refusal: &Refusal, until: Timestamp, now: Timestamp) -> bool {
    let soon = match refusal.reason {
        Reason::CoolingDown => refusal.retry_at.is_some_and(|at| at < until),
        // A place may become free at any time.
        Reason::Limited => refusal.retry_at.is_none_or(|at| at < until),
        _ => false,
    };
    soon && now < until
}

impl<C: Clock> Coordinator for LocalCoordinator<C> {
    async fn acquire(&self, config: &Arc<Config>, ask: &Ask<'_>) -> Result<Lease, Refusal> {
        let now = self.clock.now();
        let refused = self.with(|Inner { state, rng, queue }| {
            let refusal = match state.acquire(config, ask, now, rng) {
                Ok(lease) => return Ok(lease),
                Err(refusal) => refusal,
            };
            let Some(until) = ask.waits_until.filter(|until| is_worth_waiting(&refusal, *until, now)) else {
                return Err((refusal, None));
            };
            if queue.is_full() {
                return Err((refusal, None));
            }
            let (line, ticket) = (Line::of(ask), state.enqueue(config, ask, now));
            queue.join(line, ticket);
            Err((refusal, Some(Waiter { coordinator: self, line, ticket, until })))
        });
        match refused {
            Ok(lease) => Ok(lease),
            Err((refusal, None)) => Err(refusal),
            // Few wait; the others need not carry the room for it.
            Err((refusal, Some(waiter))) => Box::pin(self.wait(config, ask, waiter, refusal)).await,
        }
    }

    async fn prove(&self, config: &Arc<Config>, lease: &Lease) {
        let now = self.clock.now();
        self.freeing(|Inner { state, .. }| state.prove(lease, &config.settings.breaker, now));
    }

    async fn report(&self, config: &Arc<Config>, lease: &Lease, outcome: &Outcome) {
        self.settle(config, lease, outcome);
    }

    async fn learn(&self, _: &Arc<Config>, lease: &Lease, learned: &Trait) {
        let now = self.clock.now();
        self.with(|Inner { state, .. }| state.learn(lease, learned, now));
    }

    async fn health(&self, config: &Arc<Config>) -> Vec<ChannelHealth> {
        let now = self.clock.now();
        self.with(|Inner { state, .. }| {
            state.align(config, now);
            state.health(config, now)
        })
    }

    async fn explain(&self, config: &Arc<Config>, ask: &Ask<'_>) -> Explanation {
        let now = self.clock.now();
        self.with(|Inner { state, rng, .. }| state.explain(config, ask, now, rng))
    }

    async fn reset(&self, channel: &ChannelId, key: Option<&KeyId>) {
        let now = self.clock.now();
        self.freeing(|Inner { state, .. }| state.reset(channel, key, now));
    }
}
