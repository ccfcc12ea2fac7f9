//! The scheduler of one of several processes that share their channels.
//!
//! Each decides at once on what it knows, and tells an authority what came of it, behind the answers: at once when
//! something changed that others should know, and otherwise about once a second. The answers bring what the others
//! saw. Only who tests what has failed asks first, so that one test is under way at a time. While the authority
//! cannot be reached, everyone goes on alone.

mod outbox;
#[cfg(test)]
mod tests;

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{Either, select};

use super::LocalCoordinator;
use crate::config::{ChannelId, Config, KeyId};
use crate::platform::{Background, Clock, Coordinator, Link};
use crate::schedule::authority::notes::{Event, LeaseNote, News, Note, Reset, Told};
use crate::schedule::explain::Explanation;
use crate::schedule::traits::Trait;
use crate::schedule::{Ask, ChannelHealth, Class, Lease, Outcome, Reason, Refusal, Rule};
use crate::time::Timestamp;

use outbox::{Outbox, Press};

/// How long the authority may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// Who has asked nothing for so long looks whether there is news, behind the next request.
const LOOKS_AFTER: Duration = Duration::from_secs(5);
/// After so long, or when it has just begun, before it.
const STALE_AFTER: Duration = Duration::from_secs(60);
/// How often one request asks for a trial: each is a call before an attempt.
const TRIALS: usize = 3;

pub struct SharedCoordinator<C, L, B> {
    member: Arc<Member<C, L>>,
    background: B,
}

struct Member<C, L> {
    local: LocalCoordinator<C>,
    link: L,
    outbox: Mutex<Outbox>,
}

impl<C: Clock, L: Link, B: Background> SharedCoordinator<C, L, B> {
    pub fn new(local: LocalCoordinator<C>, link: L, background: B) -> Self {
        let member = Member { local, link, outbox: Mutex::new(Outbox::default()) };
        Self { member: Arc::new(member), background }
    }

    /// Looks for news before a request, if none came for long: behind it, or first, where what is known is too old
    /// to decide on.
    pub async fn catch_up(&self, config: &Arc<Config>) {
        let member = Arc::clone(&self.member);
        match member.outbox(Outbox::silence) {
            Some(silence) if silence >= STALE_AFTER => _ = member.call(config, None).await,
            Some(silence) if silence >= LOOKS_AFTER => {
                let config = Arc::clone(config);
                self.background.spawn(Box::pin(async move { _ = member.call(&config, None).await }));
            }
            _ => {}
        }
    }

    /// Nobody serves the request: what it found out on the way goes to the others now.
    fn give_up(&self, config: &Arc<Config>) {
        if self.member.outbox(|outbox, _| outbox.has_notes()) {
            let (member, config) = (Arc::clone(&self.member), Arc::clone(config));
            self.background.spawn(Box::pin(async move { member.flush(&config, Press::Now).await }));
        }
    }
}

impl<C: Clock, L: Link> Member<C, L> {
    fn outbox<T>(&self, use_it: impl FnOnce(&mut Outbox, Timestamp) -> T) -> T {
        let now = self.local.clock.now();
        use_it(&mut self.outbox.lock().unwrap_or_else(PoisonError::into_inner), now)
    }

    fn note(&self, lease: &Lease, event: Event) {
        if let Some(lease) = LeaseNote::of(lease) {
            self.outbox(|outbox, _| outbox.push(Note { lease, event }));
        }
    }

    /// Sees to it that the notes go out, unless somebody else does by then.
    async fn flush(&self, config: &Config, press: Press) {
        let Some(wait) = self.outbox(|outbox, now| outbox.lead(press, now, PATIENCE)) else { return };
        if !wait.is_zero() {
            self.local.clock.sleep(wait).await;
        }
        if self.outbox(|outbox, _| outbox.has_notes()) {
            self.call(config, None).await;
        }
    }

    /// Tells the authority everything, and hears its news; `None` when it cannot be reached. What was told then is
    /// lost: it may have been heard, and nothing is told twice.
    async fn call(&self, config: &Config, trial: Option<LeaseNote>) -> Option<News> {
        let (notes, seen) = self.outbox(|outbox, now| outbox.take(now))?;
        let called = self.link.sync(Told { seen, notes, trial });
        let late = self.local.clock.sleep(PATIENCE);
        let news = match select(pin!(called), pin!(late)).await {
            Either::Left((news, _)) => news.ok(),
            Either::Right(_) => None,
        };
        self.outbox(|outbox, now| outbox.heard(news.as_ref().map(|news| news.seen), now));
        if let Some(news) = &news {
            self.local.hear(config, news);
        }
        news
    }
}

impl<C: Clock, L: Link, B: Background> Coordinator for SharedCoordinator<C, L, B> {
    async fn acquire(&self, config: &Arc<Config>, ask: &Ask<'_>) -> Result<Lease, Refusal> {
        let member = &*self.member;
        let mut trials = ask.tried.iter().filter(|tried| tried.probe).count();
        loop {
            let lease = member.local.acquire(config, ask).await.inspect_err(|_| self.give_up(config))?;
            if !lease.probe || lease.rule == Rule::Pin {
                return Ok(lease);
            }
            let asked = LeaseNote::of(&lease);
            let trial = Trial { member, config, lease: Some(lease) };
            if trials >= TRIALS {
                trial.cede(None);
                self.give_up(config);
                return Err(Refusal { reason: Reason::CoolingDown, retry_at: None });
            }
            match member.call(config, asked).await {
                Some(news) if !news.granted => trial.cede(Some(&news)),
                _ => return trial.make().ok_or(Refusal { reason: Reason::Exhausted, retry_at: None }),
            }
            trials += 1;
        }
    }

    async fn prove(&self, config: &Arc<Config>, lease: &Lease) {
        self.member.local.prove(config, lease).await;
        self.member.note(lease, Event::Proved);
        self.member.flush(config, Press::Now).await;
    }

    async fn report(&self, config: &Arc<Config>, lease: &Lease, outcome: &Outcome) {
        let Member { local, .. } = &*self.member;
        let before = local.changed_at(&lease.channel.id);
        local.report(config, lease, outcome).await;
        let changed = local.changed_at(&lease.channel.id) != before;
        self.member.note(lease, Event::Ended(outcome.clone()));
        // A request that goes on after its second failure tells of it in the end: calls are counted on the edge.
        if lease.attempt == 0 || !outcome.class.tries_next() {
            self.member.flush(config, if changed { Press::Now } else { Press::Soon }).await;
        }
    }

    async fn learn(&self, config: &Arc<Config>, lease: &Lease, learned: &Trait) {
        self.member.local.learn(config, lease, learned).await;
        self.member.note(lease, Event::Learned(learned.clone()));
    }

    /// As the authority knows it; what is in flight, only each for itself.
    async fn health(&self, config: &Arc<Config>) -> Vec<ChannelHealth> {
        match self.member.link.health().await {
            Ok(health) => health,
            Err(_) => self.member.local.health(config).await,
        }
    }

    async fn explain(&self, config: &Arc<Config>, ask: &Ask<'_>) -> Explanation {
        self.member.local.explain(config, ask).await
    }

    async fn reset(&self, channel: &ChannelId, key: Option<&KeyId>) {
        self.member.local.reset(channel, key).await;
        let reset = Reset { channel: channel.clone(), key: key.cloned() };
        // Without an authority it holds here, until that comes back and knows it otherwise.
        let _unreachable = self.member.link.reset(reset).await;
    }
}

/// A trial of which nobody knows yet whether it may be made. If its client leaves before that, it is over.
struct Trial<'a, C: Clock, L: Link> {
    member: &'a Member<C, L>,
    config: &'a Arc<Config>,
    lease: Option<Lease>,
}

impl<C: Clock, L: Link> Trial<'_, C, L> {
    fn make(mut self) -> Option<Lease> {
        self.lease.take()
    }

    /// Another makes it, or has; what is said of that holds.
    fn cede(mut self, news: Option<&News>) {
        if let Some(lease) = self.lease.take() {
            self.member.local.cede(&lease, news);
        }
    }
}

impl<C: Clock, L: Link> Drop for Trial<'_, C, L> {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            let outcome = Outcome::of(Class::ClientGone);
            self.member.local.settle(self.config, &lease, &outcome);
            self.member.note(&lease, Event::Ended(outcome));
        }
    }
}
