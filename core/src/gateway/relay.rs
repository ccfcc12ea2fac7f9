//! An answer on its way to the client, after the point of no return.
//!
//! Bytes go through as they come, whole events at a time. A silent upstream is covered by keep-alives
//! and ended at the idle limit; a cut stream ends in one error in the client's protocol. Until the first
//! content the upstream's bytes are kept back, so that another upstream can still take over.

mod recovery;
mod silence;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body, Frame};

use crate::config::Protocol;
use crate::error::Failure;
use crate::ir::{Losses, Usage};
use crate::platform::{BoxError, Clock, HttpClient, Platform};
use crate::protocol;
use crate::schedule::{Class, Outcome};
use crate::time::Timestamp;

use super::Gateway;
use super::attempt::{Begun, Miss, served, told};
use super::passage::Passage;
use super::pull::Gathered;
use super::tape::Tape;
use super::trip::{Began, Lent, Trip};

pub(crate) use recovery::Recovery;
use recovery::Search;
use silence::Silence;

/// Ready bytes wait for more up to this size.
const MAX_GATHERED: usize = 64 * 1024;
/// Two, because hyper polls a body that has nothing a second time in the same turn.
const FRUITLESS_POLLS: u8 = 2;
/// A silence this long is filled with the protocol's keep-alive.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// A committed answer; implements [`Body`].
pub struct Relay<P: Platform> {
    gateway: Arc<Gateway<P>>,
    /// Ready for the client.
    ready: Gathered,
    /// More may follow `ready` at once: so many polls may still find nothing before it is sent, and the
    /// upstream's connection gets a turn between them.
    gathering: u8,
    /// `None` once the answer has ended.
    upstream: Option<<P::Http as HttpClient>::Body>,
    passage: Passage,
    status: StatusCode,
    /// Bytes that went to the client.
    sent: usize,
    keep_alive: &'static [u8],
    silence: Silence,
    /// `None` once settled.
    owed: Option<Owed<P>>,
    /// As long as the client has nothing of the upstream's.
    recovery: Option<Box<Recovery>>,
    /// For another upstream, while there is none.
    search: Option<Search<P>>,
}

/// What the end of the answer settles.
struct Owed<P: Platform> {
    lent: Lent<P>,
    trip: Trip<P>,
    lost: Losses,
    /// When the answer's headers came, and its first content.
    began: Began,
    /// When a limit refills that the answer used up.
    refills_at: Option<Timestamp>,
}

impl<P: Platform> Relay<P> {
    pub(crate) fn new(
        gateway: Arc<Gateway<P>>,
        protocol: Protocol,
        answer: Begun<<P::Http as HttpClient>::Body>,
        lent: Lent<P>,
        trip: Trip<P>,
        recovery: Option<Box<Recovery>>,
    ) -> Self {
        let Begun { held, rest, passage, status, lost, came_at, refills_at, .. } = answer;
        let now = gateway.now();
        let mut relay = Self {
            ready: Gathered::default(),
            gathering: 0,
            upstream: Some(rest),
            passage,
            status,
            sent: 0,
            keep_alive: protocol::keep_alive(protocol),
            silence: Silence::new(&lent.lease().channel.timeouts, now),
            owed: Some(Owed { lent, trip, lost, began: Began::at(came_at), refills_at }),
            recovery,
            search: None,
            gateway,
        };
        match &mut relay.recovery {
            Some(recovery) => recovery.kept_back = held,
            None => relay.ready = held,
        }
        relay.note_content(now);
        relay
    }

    /// Takes in the upstream's next bytes: what the client may see of them is ready.
    ///
    /// # Errors
    /// When the answer has to break off.
    fn hear(&mut self, chunk: Bytes) -> Result<(), BoxError> {
        if let Some(tape) = self.tape() {
            tape.heard(&chunk);
        }
        let Self { passage, recovery, ready, .. } = self;
        passage.take(chunk, recovery.as_mut().map_or(ready, |recovery| &mut recovery.kept_back));
        if self.recovery.is_some() {
            self.weigh()?;
            if self.search.is_some() {
                return Ok(());
            }
        }
        self.note_time();
        match self.passage.untold() {
            Some(error) => {
                let miss = Miss::told(StatusCode::OK, error, self.gateway.now());
                self.fail(&miss.failure())
            }
            None => Ok(()),
        }
    }

    /// What is captured of the request, if it is.
    fn tape(&self) -> Option<&Tape> {
        self.owed.as_ref()?.trip.tape()
    }

    /// What is ready goes to the client.
    fn send(&mut self) -> Option<Result<Frame<Bytes>, BoxError>> {
        let ready = std::mem::take(&mut self.ready).into_bytes();
        self.sent += ready.len();
        if let Some(tape) = self.tape() {
            tape.answered(&ready);
        }
        (!ready.is_empty()).then(|| Ok(Frame::data(ready)))
    }

    /// Bytes that come within a millisecond of the last ones are part of a burst, worth a wait for more;
    /// those of a steady stream go out at once.
    fn note_time(&mut self) {
        let now = self.gateway.now();
        self.gathering = if now == self.silence.heard { FRUITLESS_POLLS } else { 0 };
        self.silence.heard = now;
        if self.recovery.is_none() {
            self.silence.spoke = now;
        }
        self.note_content(now);
    }

    /// Notes the first content. It is proof enough for a probe: a long stream must not hold up who waits for
    /// the verdict.
    fn note_content(&mut self, now: Timestamp) {
        let Some(owed) = &mut self.owed else { return };
        if owed.began.content.is_some() || !self.passage.content() {
            owed.trip.show_to_newcomers(owed.lent.lease());
            return;
        }
        owed.began.content = Some(now);
        owed.trip.content_came(now);
        owed.trip.show(Some(owed.lent.lease()));
        if owed.lent.lease().probe {
            owed.lent.prove();
        }
    }

    /// The upstream has nothing now: fill the silence, or end it.
    ///
    /// # Errors
    /// When the answer has to break off.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        loop {
            if let Some(timer) = &mut self.silence.timer {
                ready!(timer.as_mut().poll(context));
            }
            let clock = self.gateway.platform.clock();
            let now = clock.now();
            let limit = self.silence.limit(self.passage.content());
            let left = match &self.search {
                None => limit.saturating_sub(now.since(self.silence.heard)),
                Some(_) => KEEP_ALIVE,
            };
            if left.is_zero() {
                let cut = format!("the upstream sent nothing for {} s", limit.as_secs_f32());
                return Poll::Ready(self.end(&cut));
            }
            let unheard = now.since(self.silence.spoke);
            let may_speak = self.passage.takes_comments();
            if may_speak && unheard >= KEEP_ALIVE {
                self.silence.spoke = now;
                self.silence.timer = None;
                self.ready.push(Bytes::from_static(self.keep_alive));
                return Poll::Ready(Ok(()));
            }
            let wait = if may_speak { left.min(KEEP_ALIVE - unheard.min(KEEP_ALIVE)) } else { left };
            self.silence.timer = Some(Box::pin(clock.sleep(wait)));
        }
    }

    /// The upstream closed.
    ///
    /// # Errors
    /// When the answer has to break off.
    fn finish(&mut self) -> Result<(), BoxError> {
        let Self { passage, recovery, ready, .. } = self;
        passage.finish(recovery.as_mut().map_or(ready, |recovery| &mut recovery.kept_back));
        if self.recovery.is_some() {
            self.weigh()?;
        }
        if self.search.is_some() { Ok(()) } else { self.end("the upstream ended its answer early") }
    }

    /// The upstream is done, one way or another: settles, and tells the client of a cut.
    ///
    /// # Errors
    /// When the answer cannot hold an error and has to break off.
    fn end(&mut self, cut: &str) -> Result<(), BoxError> {
        if self.passage.ends_cleanly() {
            self.give();
            self.upstream = None;
            self.settle(told(&self.passage, self.gateway.now()));
            return Ok(());
        }
        self.miss(match self.passage.untold() {
            Some(error) => Miss::told(StatusCode::OK, error, self.gateway.now()),
            None => Miss::transport(cut.to_owned()),
        })
    }

    /// Ends the answer with one error in the client's protocol.
    ///
    /// # Errors
    /// When the answer cannot hold an error and has to break off.
    fn fail(&mut self, failure: &Failure) -> Result<(), BoxError> {
        self.upstream = None;
        let failed = self.passage.failed().is_some();
        let closing = Bytes::from(self.passage.closing_error(failure));
        let broken = closing.is_empty();
        self.ready.push(closing);
        if let Some(owed) = &mut self.owed {
            owed.trip.fail(failure);
        }
        let outcome =
            if failed { told(&self.passage, self.gateway.now()) } else { Outcome::of(Class::Transport) };
        self.settle(outcome);
        if broken { Err(failure.message.clone().into()) } else { Ok(()) }
    }

    fn settle(&mut self, outcome: Outcome) {
        let Some(Owed { mut lent, mut trip, mut lost, began, refills_at }) = self.owed.take() else {
            return;
        };
        lost.extend(self.passage.lost());
        let message = self.passage.failed().map(|error| error.message.as_str());
        trip.note(lent.lease(), outcome.class, began, message);
        let outcome = match outcome.class {
            Class::Success => served(refills_at, self.gateway.now()),
            _ => outcome,
        };
        let tokens = self.passage.usage().as_ref().and_then(Usage::limited_tokens);
        let first_content = began.content.map(|at| at.since(lent.lease().acquired_at));
        lent.settle(Outcome { first_content, tokens, ..outcome });
        trip.lose(lost);
        trip.stopped(self.passage.finish_reason());
        self.capture_ready(&trip);
        trip.finish(self.status, self.passage.usage(), self.sent + self.ready.len());
    }

    /// What is ready is the last that the client gets.
    fn capture_ready(&self, trip: &Trip<P>) {
        if let Some(tape) = trip.tape() {
            self.ready.pieces().into_iter().for_each(|piece| tape.answered(piece));
        }
    }
}

impl<P: Platform> Body for Relay<P> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        loop {
            if let Some(search) = &mut this.search {
                match search.as_mut().poll(context) {
                    Poll::Ready(found) => {
                        this.search = None;
                        this.take_over(found)?;
                    }
                    Poll::Pending if !this.ready.is_empty() => return Poll::Ready(this.send()),
                    Poll::Pending => ready!(this.poll_silence(context))?,
                }
                continue;
            }
            let Some(upstream) = &mut this.upstream else { return Poll::Ready(this.send()) };
            if this.ready.len() >= MAX_GATHERED {
                return Poll::Ready(this.send());
            }
            match Pin::new(upstream).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        this.hear(data)?;
                    }
                }
                Poll::Ready(Some(Err(_))) => this.end("the upstream's connection broke off")?,
                Poll::Ready(None) => this.finish()?,
                Poll::Pending if this.gathering > 0 && !this.ready.is_empty() => {
                    this.gathering -= 1;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Pending if !this.ready.is_empty() => return Poll::Ready(this.send()),
                Poll::Pending => ready!(this.poll_silence(context))?,
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.upstream.is_none() && self.search.is_none() && self.ready.is_empty()
    }
}

impl<P: Platform> Drop for Relay<P> {
    /// The client left. What it had been given in full was served.
    fn drop(&mut self) {
        let class = if self.passage.ended() { Class::Success } else { Class::ClientGone };
        self.settle(Outcome::of(class));
    }
}
