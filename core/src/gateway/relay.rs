//! An answer on its way to the client, after the point of no return.
//!
//! Bytes go through as they come, whole events at a time. A silent upstream is covered by keep-alives
//! and ended at the idle limit; a cut stream ends in one error in the client's protocol.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body, Frame};

use crate::config::Protocol;
use crate::error::{Failure, FailureKind, Origin};
use crate::platform::{BoxError, Clock, HttpClient, Platform};
use crate::protocol;
use crate::schedule::Class;
use crate::time::Timestamp;

use super::Gateway;
use super::attempt::{Begun, told_class};
use super::observer::Observer;
use super::pull::Gathered;
use super::trip::{Lent, Trip};

/// A silence this long is filled with the protocol's keep-alive.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// A committed answer; implements [`Body`].
pub struct Relay<P: Platform> {
    /// Ready for the client.
    ready: Bytes,
    /// The beginning of an event whose end is still to come.
    partial: Gathered,
    /// `None` once the answer has ended.
    upstream: Option<<P::Http as HttpClient>::Body>,
    observer: Observer,
    status: StatusCode,
    keep_alive: &'static [u8],
    silence: Silence,
    /// `None` once settled.
    owed: Option<Owed<P>>,
}

/// What the end of the answer settles.
struct Owed<P: Platform> {
    gateway: Arc<Gateway<P>>,
    lent: Lent<P>,
    trip: Trip<P>,
    first_content: Option<Duration>,
}

/// How long nothing has come, and what to do about it.
struct Silence {
    first_content: Duration,
    idle: Duration,
    /// When the upstream last sent something.
    heard: Timestamp,
    /// When the client last got something.
    spoke: Timestamp,
    timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl<P: Platform> Relay<P> {
    pub(crate) fn new(
        gateway: Arc<Gateway<P>>,
        protocol: Protocol,
        answer: Begun<<P::Http as HttpClient>::Body>,
        mut lent: Lent<P>,
        mut trip: Trip<P>,
    ) -> Self {
        let now = gateway.platform.clock().now();
        let Begun { mut held, rest, observer, status, .. } = answer;
        let ready = held.split_to(observer.whole_events(&held));
        let timeouts = lent.lease().channel.timeouts;
        let first_content = observer.content().then(|| {
            trip.content_came(now);
            now.since(lent.lease().acquired_at)
        });
        if lent.lease().probe && first_content.is_some() {
            // Content is proof enough; a long stream must not hold up who waits for the verdict.
            lent.settle(Class::Success, None, first_content);
        }
        Self {
            ready,
            partial: Gathered::from(held),
            upstream: Some(rest),
            observer,
            status,
            keep_alive: protocol::keep_alive(protocol),
            silence: Silence {
                first_content: timeouts.first_content,
                idle: timeouts.idle,
                heard: now,
                spoke: now,
                timer: None,
            },
            owed: Some(Owed { gateway, lent, trip, first_content }),
        }
    }

    /// Takes note of the upstream's next bytes; gives what may go to the client.
    fn hear(&mut self, mut chunk: Bytes) -> Bytes {
        self.observer.observe(&chunk);
        self.note_time();
        let whole = self.observer.whole_events(&chunk);
        let ready = if self.partial.is_empty() || whole == 0 {
            chunk.split_to(whole)
        } else {
            self.partial.push(chunk.split_to(whole));
            std::mem::take(&mut self.partial).into_bytes()
        };
        self.partial.push(chunk);
        ready
    }

    fn note_time(&mut self) {
        let Some(owed) = &mut self.owed else { return };
        let now = owed.gateway.platform.clock().now();
        self.silence.heard = now;
        self.silence.spoke = now;
        if owed.first_content.is_none() && self.observer.content() {
            owed.first_content = Some(now.since(owed.lent.lease().acquired_at));
            owed.trip.content_came(now);
        }
    }

    /// The upstream has nothing now: fill the silence, or end it.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            let Some(owed) = &self.owed else { return Poll::Ready(None) };
            let clock = owed.gateway.platform.clock();
            if let Some(timer) = &mut self.silence.timer {
                ready!(timer.as_mut().poll(context));
            }
            let now = clock.now();
            let limit = self.silence.limit(self.observer.content());
            let left = limit.saturating_sub(now.since(self.silence.heard));
            if left.is_zero() {
                return Poll::Ready(
                    self.end(&format!("the upstream sent nothing for {} s", limit.as_secs_f32())),
                );
            }
            let unheard = now.since(self.silence.spoke);
            let may_speak = self.observer.takes_comments();
            if may_speak && unheard >= KEEP_ALIVE {
                self.silence.spoke = now;
                self.silence.timer = None;
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(self.keep_alive)))));
            }
            let wait = if may_speak { left.min(KEEP_ALIVE - unheard.min(KEEP_ALIVE)) } else { left };
            self.silence.timer = Some(Box::pin(clock.sleep(wait)));
        }
    }

    /// The upstream is done, one way or another: say so to whoever waits for it.
    fn end(&mut self, cut: &str) -> Option<Result<Frame<Bytes>, BoxError>> {
        self.upstream = None;
        if self.observer.ends_cleanly() {
            self.settle(told_class(&self.observer));
            let unterminated = std::mem::take(&mut self.partial).into_bytes();
            return (!unterminated.is_empty()).then(|| Ok(Frame::data(unterminated)));
        }
        let failure = Failure::new(Origin::Upstream, FailureKind::Upstream, cut);
        let closing = self.observer.closing_error(&failure);
        self.settle(Class::Transport);
        Some(if closing.is_empty() { Err(failure.message.into()) } else { Ok(Frame::data(closing.into())) })
    }

    fn settle(&mut self, class: Class) {
        let Some(Owed { mut lent, mut trip, first_content, .. }) = self.owed.take() else { return };
        trip.note(lent.lease(), class, None);
        lent.settle(class, None, first_content);
        trip.finish(self.status, self.observer.usage());
    }
}

impl Silence {
    fn limit(&self, content: bool) -> Duration {
        if content { self.idle } else { self.first_content }
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
        if !this.ready.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.ready)))));
        }
        loop {
            let Some(upstream) = &mut this.upstream else { return Poll::Ready(None) };
            match Pin::new(upstream).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    let ready = frame.into_data().map(|data| this.hear(data)).unwrap_or_default();
                    if !ready.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(ready))));
                    }
                }
                Poll::Ready(Some(Err(_))) => {
                    return Poll::Ready(this.end("the upstream's connection broke off"));
                }
                Poll::Ready(None) => {
                    this.observer.finish();
                    return Poll::Ready(this.end("the upstream ended its answer early"));
                }
                Poll::Pending => return this.poll_silence(context),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.upstream.is_none() && self.ready.is_empty()
    }
}

impl<P: Platform> Drop for Relay<P> {
    /// The client left. What it had been given in full was served.
    fn drop(&mut self) {
        self.settle(if self.observer.ended() { Class::Success } else { Class::ClientGone });
    }
}
