//! An answer's body, played step by step.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use super::lane::{Aborted, Lane, epoch_us};
use super::socket::Reset;

/// The end of a body that was not to be finished.
#[derive(Debug)]
pub(super) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut on purpose")
    }
}

impl std::error::Error for Cut {}

impl From<Infallible> for Cut {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// One thing a body does.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Hands out bytes, to be written with what follows.
    Append(Bytes),
    /// Hands out bytes; the next step waits until they were written.
    Write(Bytes),
    Wait(Duration),
    /// Ends the connection in a reset.
    Reset,
    /// Ends the connection in an orderly way, in the middle of the body.
    Cut,
    /// Never goes on.
    Stall,
}

/// The body of every answer.
pub(super) enum Answer {
    /// Sent with its length.
    Whole(Option<Bytes>),
    /// Sent in chunks.
    Play(Box<Playback>),
}

pub(super) struct Playback {
    steps: VecDeque<Step>,
    /// Set between a write and the next step, so that each write reaches the wire by itself.
    flush: bool,
    sleep: Option<Pin<Box<Sleep>>>,
    reset: Reset,
    watch: Option<Watch>,
}

/// Counts an answer as under way until the last of it is handed out, and notes when it is dropped before its end.
pub(super) struct Watch {
    lane: Arc<Lane>,
    key: Option<String>,
    started: Instant,
    events_sent: usize,
    under_way: bool,
    ended: bool,
}

impl Watch {
    pub(super) fn new(lane: Arc<Lane>, key: Option<String>) -> Self {
        lane.began(key.as_deref());
        Self { lane, key, started: Instant::now(), events_sent: 0, under_way: true, ended: false }
    }

    fn handed_out(&mut self) {
        if std::mem::take(&mut self.under_way) {
            self.lane.ended(self.key.as_deref());
        }
    }

    /// From here on a drop is no abort.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.handed_out();
        if self.ended {
            return;
        }
        let at = Instant::now();
        let after_us = u64::try_from(at.duration_since(self.started).as_micros()).unwrap_or(u64::MAX);
        let (key, events_sent) = (self.key.take(), self.events_sent);
        self.lane.abandoned(Aborted { key, at, at_us: epoch_us(), after_us, events_sent });
    }
}

impl Playback {
    pub(super) fn new(steps: impl IntoIterator<Item = Step>, reset: Reset, watch: Option<Watch>) -> Self {
        Self { steps: steps.into_iter().collect(), flush: false, sleep: None, reset, watch }
    }

    fn end(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.end();
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if self.flush {
            self.flush = false;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            if let Some(sleep) = &mut self.sleep {
                std::task::ready!(sleep.as_mut().poll(context));
                self.sleep = None;
            }
            match self.steps.pop_front() {
                None => {
                    self.end();
                    return Poll::Ready(None);
                }
                Some(Step::Write(bytes) | Step::Append(bytes)) if bytes.is_empty() => {}
                Some(Step::Append(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Write(bytes)) => {
                    self.flush = true;
                    if let Some(watch) = &mut self.watch {
                        watch.events_sent += 1;
                        if self.steps.is_empty() {
                            watch.handed_out();
                        }
                    }
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::Wait(duration)) => self.sleep = Some(Box::pin(tokio::time::sleep(duration))),
                Some(Step::Reset) => {
                    self.reset.set();
                    self.end();
                    return Poll::Ready(Some(Err(Cut)));
                }
                Some(Step::Cut) => {
                    self.end();
                    return Poll::Ready(Some(Err(Cut)));
                }
                Some(Step::Stall) => {
                    self.steps.push_front(Step::Stall);
                    return Poll::Pending;
                }
            }
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Play(playback) => playback.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(
                bytes.as_ref().map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(0)),
            ),
            Self::Play(_) => SizeHint::default(),
        }
    }
}
