//! The attempts of one request: candidates are tried until one serves, none is left, or the time is over.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;

use crate::config::Config;
use crate::error::Failure;
use crate::ir::Usage;
use crate::platform::{Clock, Coordinator, Entropy, HttpClient, Platform};
use crate::schedule::{Ask, Class, Lease, Outcome, Refusal, Rng, Tried};
use crate::time::Timestamp;

use super::super::Gateway;
use super::super::attempt::{Begun, Miss, Reply, Whole, attempt, served};
use super::super::inbound::Inbound;
use super::super::trip::{Began, Lent, Trip};
use super::misses::Misses;
use super::rounds::{self, Patience, Rounds};

/// What one request has tried, and may still.
#[derive(Default)]
pub(crate) struct Attempts {
    tried: Vec<Tried>,
    /// From when each of `tried` may be tried again.
    again: Vec<Option<Timestamp>>,
    misses: Misses,
    rounds: Rounds,
}

/// An attempt that served.
pub(crate) struct Served<P: Platform> {
    pub(crate) lent: Lent<P>,
    pub(crate) answer: Answer<<P::Http as HttpClient>::Body>,
}

#[expect(clippy::large_enum_variant, reason = "moved once per request; a box would cost more")]
pub(crate) enum Answer<B> {
    /// Noted and reported.
    Whole(Whole),
    Begun(Begun<B>),
}

/// The request that the attempts are for.
pub(crate) struct Job<'a, P: Platform> {
    pub(crate) gateway: &'a Arc<Gateway<P>>,
    pub(crate) config: &'a Arc<Config>,
    pub(crate) inbound: &'a Inbound<'a>,
    pub(crate) ask: &'a Ask<'a>,
}

impl<P: Platform> Clone for Job<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Platform> Copy for Job<'_, P> {}

impl Attempts {
    /// Tries until an attempt serves.
    ///
    /// # Errors
    /// The failure to answer with, when none did.
    pub(crate) async fn next<P: Platform>(
        &mut self,
        job: Job<'_, P>,
        trip: &mut Trip<P>,
    ) -> Result<Served<P>, Failure> {
        let Job { gateway, config, inbound, ask } = job;
        loop {
            let coordinator = gateway.platform.coordinator();
            let asked = Ask { tried: &self.tried, ..ask.clone() };
            let lease = match coordinator.acquire(config, &asked).await {
                Ok(lease) => lease,
                Err(refusal) => {
                    let Err(failure) = self.rest(job, &refusal).await else { continue };
                    let asked = Ask { tried: &self.tried, ..ask.clone() };
                    trip.note_refusal(coordinator.explain(config, &asked).await);
                    return Err(failure);
                }
            };
            let mut lent = Lent::new(gateway, config, lease);
            trip.show(Some(lent.lease()));
            let reply = {
                let lease = lent.lease();
                trip.awaits(lease, pin!(wiser(gateway, config, inbound, lease))).await
            };
            match reply {
                Reply::Whole(whole) => {
                    let began = Began { headers: Some(whole.came_at), content: Some(gateway.now()) };
                    trip.note(lent.lease(), whole.class, began, whole.message.as_deref());
                    lent.settle(whole_outcome(&whole, lent.lease(), gateway.now()));
                    return Ok(Served { lent, answer: Answer::Whole(whole) });
                }
                Reply::Begun(begun) => return Ok(Served { lent, answer: Answer::Begun(begun) }),
                Reply::Refused(miss) => {
                    trip.note_miss(lent.lease(), &miss);
                    lent.settle(miss.outcome());
                    return Err(miss.failure());
                }
                Reply::Wrong(failure) => {
                    lent.settle(Outcome::of(Class::Unfit));
                    return Err(failure);
                }
                Reply::Missed(miss) => self.missed(job, &mut lent, miss, trip)?,
            }
        }
    }

    /// Notes an attempt that did not serve.
    ///
    /// # Errors
    /// The failure to answer with, when none may follow.
    pub(crate) fn missed<P: Platform>(
        &mut self,
        job: Job<'_, P>,
        lent: &mut Lent<P>,
        miss: Miss,
        trip: &mut Trip<P>,
    ) -> Result<(), Failure> {
        let now = job.gateway.now();
        trip.note_miss(lent.lease(), &miss);
        lent.settle(miss.outcome());
        let lease = lent.lease();
        if let Some(key) = lease.key() {
            self.tried.push(Tried {
                channel: lease.channel.id.clone(),
                key: key.id.clone(),
                endpoint: lease.endpoint,
                class: miss.class,
                probe: lease.probe,
            });
            self.again.push(rounds::again(&miss, now));
        }
        self.misses.push(&lease.channel.name, miss);
        self.check(job.config, job.inbound, now)
    }

    /// Whether another attempt may follow.
    fn check(&mut self, config: &Config, inbound: &Inbound<'_>, now: Timestamp) -> Result<(), Failure> {
        let over = if self.misses.sent() >= config.settings.max_attempts as usize {
            "the request's attempts are used up"
        } else if now >= inbound.deadline {
            "the request's time is over"
        } else {
            return Ok(());
        };
        Err(std::mem::take(&mut self.misses).failure(over))
    }

    /// Nothing is left to try: pauses, where that may help, and takes back up what failed for a moment.
    async fn rest<P: Platform>(&mut self, job: Job<'_, P>, refusal: &Refusal) -> Result<(), Failure> {
        let Job { gateway, inbound, ask, .. } = job;
        let now = gateway.now();
        let told = ask.waits_until.unwrap_or(now);
        let patience = Patience { told, deadline: inbound.deadline };
        let mut rng = Rng::new(gateway.platform.entropy().word());
        let again = self.again.iter().flatten().copied();
        let Some(pause) = self.rounds.pause(again, patience, now, &mut rng) else {
            return Err(std::mem::take(&mut self.misses).failure_after(refusal, ask, now));
        };
        gateway.platform.clock().sleep(pause).await;
        self.take_back_up(ask.embeds, gateway.now());
        Ok(())
    }

    fn take_back_up(&mut self, embeds: bool, now: Timestamp) {
        let first = self.tried.first().filter(|_| embeds).cloned();
        let past = std::mem::take(&mut self.tried).into_iter().zip(std::mem::take(&mut self.again));
        // Vectors stay in the space of the channel that was to serve first.
        let kept = first.map(|first| (Tried { endpoint: usize::MAX, class: Class::Unfit, ..first }, None));
        let spent = past.filter(|(_, again)| again.is_none_or(|at| at > now));
        (self.tried, self.again) = kept.into_iter().chain(spent).unzip();
    }
}

fn whole_outcome(whole: &Whole, lease: &Lease, now: Timestamp) -> Outcome {
    let outcome = match whole.class {
        Class::Success => served(whole.refills_at, now),
        class => Outcome::of(class),
    };
    let tokens = whole.usage.as_ref().and_then(Usage::limited_tokens);
    Outcome { first_content: Some(now.since(lease.acquired_at)), tokens, ..outcome }
}

/// Attempts, and again at once on the same key without what a refusal names, as long as that teaches
/// something. What helped is kept for later requests.
async fn wiser<P: Platform>(
    gateway: &Gateway<P>,
    config: &Arc<Config>,
    inbound: &Inbound<'_>,
    lease: &Lease,
) -> Reply<<P::Http as HttpClient>::Body> {
    let mut lease = Cow::Borrowed(lease);
    let mut lessons = Vec::new();
    loop {
        let reply = attempt(gateway, inbound, &lease).await;
        match &reply {
            Reply::Missed(Miss { lesson: Some(lesson), .. })
            | Reply::Refused(Miss { lesson: Some(lesson), .. }) => {
                let Some(wiser) = lease.with_trait(lesson) else { return reply };
                lessons.push(lesson.clone());
                lease = Cow::Owned(wiser);
            }
            Reply::Whole(_) | Reply::Begun(_) => {
                for lesson in &lessons {
                    gateway.platform.coordinator().learn(config, &lease, lesson).await;
                }
                return reply;
            }
            _ => return reply,
        }
    }
}
