//! What is owed for a request whatever happens to it: one report per lease, one record in the end.
//!
//! Both are paid when they are settled, or when they are dropped because the client left.

use std::sync::Arc;

use http::StatusCode;

use crate::allowance::{Admission, Amount};
use crate::config::{Channel, Config};
use crate::error::Failure;
use crate::ir::{FinishReason, Losses, Usage};
use crate::live::{NOBODY, UnderWay};
use crate::platform::{Background, Coordinator, Platform, Recorder};
use crate::price::Cost;
use crate::protocol::Peek;
use crate::record::{Attempt, CLIENT_CLOSED_REQUEST, Record};
use crate::schedule::explain::Explanation;
use crate::schedule::{Class, Considered, Lease, Outcome, SessionKey};
use crate::time::Timestamp;

use super::Gateway;
use super::attempt::Miss;
use super::tape::Tape;

/// A lease that reports itself.
pub(crate) struct Lent<P: Platform> {
    gateway: Arc<Gateway<P>>,
    config: Arc<Config>,
    lease: Lease,
    reported: bool,
}

impl<P: Platform> Lent<P> {
    pub(crate) fn new(gateway: &Arc<Gateway<P>>, config: &Arc<Config>, lease: Lease) -> Self {
        Self { gateway: Arc::clone(gateway), config: Arc::clone(config), lease, reported: false }
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Tells early that a probe serves.
    pub(crate) fn prove(&self) {
        let (gateway, config, lease) =
            (Arc::clone(&self.gateway), Arc::clone(&self.config), self.lease.clone());
        self.gateway.later(async move {
            gateway.platform.coordinator().prove(&config, &lease).await;
        });
    }

    /// Reports what the attempt came to. Only the first report counts.
    pub(crate) fn settle(&mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.reported, true) {
            return;
        }
        let (gateway, config, lease) =
            (Arc::clone(&self.gateway), Arc::clone(&self.config), self.lease.clone());
        self.gateway.later(async move {
            gateway.platform.coordinator().report(&config, &lease, &outcome).await;
        });
    }
}

impl<P: Platform> Drop for Lent<P> {
    fn drop(&mut self) {
        self.settle(Outcome::of(Class::ClientGone));
    }
}

/// When an attempt's answer began, as far as it did.
#[derive(Clone, Copy, Default)]
pub(crate) struct Began {
    pub(crate) headers: Option<Timestamp>,
    pub(crate) content: Option<Timestamp>,
}

impl Began {
    /// Only the headers have come.
    pub(crate) const fn at(headers: Timestamp) -> Self {
        Self { headers: Some(headers), content: None }
    }
}

/// A request on its way, with the record that it leaves.
pub(crate) struct Trip<P: Platform> {
    gateway: Arc<Gateway<P>>,
    /// In force when it came.
    config: Arc<Config>,
    record: Option<Record>,
    /// Where the last attempt went.
    last: Option<Arc<Channel>>,
    /// `None` before it may begin, and where it may not.
    admission: Option<Admission>,
    /// To whom it was shown last: [`Hub::watch`](crate::live::Hub::watch).
    shown_to: u64,
    /// What is captured of it, if it is.
    tape: Option<Tape>,
}

impl<P: Platform> Trip<P> {
    pub(crate) fn new(gateway: &Arc<Gateway<P>>, config: &Arc<Config>, record: Record) -> Self {
        let (gateway, config, record) = (Arc::clone(gateway), Arc::clone(config), Some(record));
        Self { gateway, config, record, last: None, admission: None, shown_to: NOBODY, tape: None }
    }

    /// What is known of it so far.
    pub(crate) const fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// What is said from now on is captured, if there is a tape.
    pub(crate) fn capture(&mut self, tape: Option<Tape>) {
        self.tape = tape;
    }

    pub(crate) const fn tape(&self) -> Option<&Tape> {
        self.tape.as_ref()
    }

    /// Its body was read: notes what it asks for. `bytes` is the length of the body.
    pub(crate) fn understand(&mut self, peek: &Peek<'_>, session: Option<SessionKey>, bytes: usize) {
        if let Some(record) = &mut self.record {
            peek.model.as_ref().clone_into(&mut record.model);
            (record.stream, record.session, record.request_bytes) = (peek.stream, session, bytes as u64);
        }
        self.show(None);
    }

    /// Shows those who watch how far it is; `lease` is where it is now.
    pub(crate) fn show(&mut self, lease: Option<&Lease>) {
        let watch = self.gateway.watch();
        if watch != NOBODY
            && let Some(record) = &self.record
        {
            self.shown_to = watch;
            self.gateway.live.under_way(watch, UnderWay::of(record, lease));
        }
    }

    /// The same for those who began to watch since.
    pub(crate) fn show_to_newcomers(&mut self, lease: &Lease) {
        if self.gateway.watch() != self.shown_to {
            self.show(Some(lease));
        }
    }

    /// Its client's key lets it begin.
    pub(crate) fn admit(&mut self, admission: Admission) {
        self.admission = Some(admission);
    }

    pub(crate) const fn admission(&self) -> Option<&Admission> {
        self.admission.as_ref()
    }

    /// Waits for what comes of an attempt. Where the client leaves before, that is what it came to.
    pub(crate) async fn awaits<T>(&mut self, lease: &Lease, reply: impl Future<Output = T> + Send) -> T {
        let mut awaited = Awaited { trip: self, lease: Some(lease) };
        let reply = reply.await;
        awaited.lease = None;
        reply
    }

    /// Notes what one attempt came to; `message` is what the upstream said of a failure.
    pub(crate) fn note(&mut self, lease: &Lease, class: Class, began: Began, message: Option<&str>) {
        self.push(lease, class, began, None, message);
    }

    /// Notes an attempt that did not serve.
    pub(crate) fn note_miss(&mut self, lease: &Lease, miss: &Miss) {
        let began = Began { headers: miss.came_at, content: None };
        self.push(lease, miss.class, began, miss.status, Some(&miss.message));
    }

    fn push(
        &mut self,
        lease: &Lease,
        class: Class,
        began: Began,
        status: Option<StatusCode>,
        message: Option<&str>,
    ) {
        let now = self.gateway.now();
        let (Some(record), Some(key), Some(endpoint)) = (&mut self.record, lease.key(), lease.endpoint())
        else {
            return;
        };
        let Began { headers, content } = began;
        self.last = Some(Arc::clone(&lease.channel));
        record.attempts.push(Attempt {
            at: lease.acquired_at,
            channel: lease.channel.id.clone(),
            key: key.id.clone(),
            endpoint: Arc::clone(endpoint.base.text()),
            protocol: endpoint.protocol,
            model: lease.model.as_deref().unwrap_or(&record.model).to_owned(),
            class,
            rule: lease.rule,
            considered: lease.considered.clone().unwrap_or_default(),
            status,
            first_byte: headers,
            first_content: content,
            duration: now.since(lease.acquired_at),
            // Some vendors repeat the key that they refuse.
            message: message.map(|message| message.replace(key.secret.expose(), "…")),
        });
    }

    /// Notes what the client is told of a failure.
    pub(crate) fn fail(&mut self, failure: &Failure) {
        if let Some(record) = &mut self.record {
            record.error = Some(failure.message.clone());
            record.code = Some(failure.kind);
        }
    }

    /// Notes why nobody was left to try.
    pub(crate) fn note_refusal(&mut self, explanation: Explanation) {
        if let Some(record) = &mut self.record {
            record.left_out = explanation.candidates.into_iter().map(Considered::from).collect();
        }
    }

    /// Notes when the first content went to the client.
    pub(crate) fn content_came(&mut self, now: Timestamp) {
        if let Some(record) = &mut self.record
            && record.first_content.is_none()
        {
            record.first_content = Some(now.since(record.at));
        }
    }

    /// Notes what a conversion could not carry.
    pub(crate) fn lose(&mut self, lost: Losses) {
        if let Some(record) = &mut self.record {
            record.lost.extend(lost);
        }
    }

    /// Notes why the model stopped.
    pub(crate) fn stopped(&mut self, finish: Option<FinishReason>) {
        if let Some(record) = &mut self.record {
            record.finish = finish;
        }
    }

    /// `bytes` is the length of the answer's body.
    pub(crate) fn finish(mut self, status: StatusCode, usage: Option<Usage>, bytes: usize) {
        self.leave(status, usage, bytes);
    }

    /// What the last attempt used is what is billed.
    fn cost(&self, record: &Record) -> Option<Cost> {
        let (usage, channel, attempt) = (record.usage?, self.last.as_ref()?, record.attempts.last()?);
        Some(self.config.prices.cost(&usage, channel, &attempt.model, record.at))
    }

    fn leave(&mut self, status: StatusCode, usage: Option<Usage>, bytes: usize) {
        let Some(mut record) = self.record.take() else { return };
        record.status = status;
        record.usage = usage;
        record.response_bytes = bytes as u64;
        let now = self.gateway.now();
        record.duration = now.since(record.at);
        record.cost = self.cost(&record);
        if let Some(admission) = self.admission.take() {
            let tokens = record.usage.as_ref().and_then(Usage::limited_tokens);
            let micros = record.cost.map_or(0, |cost| cost.micros);
            let used = tokens.map(|tokens| Amount { tokens, micros });
            let mut allowances = self.gateway.allowances();
            allowances.settle(&admission, status.is_success(), used, now);
            let due = allowances.is_due(now);
            drop(allowances);
            if due {
                let gateway = Arc::clone(&self.gateway);
                self.gateway.later(async move { gateway.save_spending().await });
            }
        }
        if let Some(tape) = self.tape.take() {
            record.captured = self.gateway.keep(&tape, &record);
        }
        if self.gateway.watch() != NOBODY {
            self.gateway.live.finished(&record);
        }
        let gateway = Arc::clone(&self.gateway);
        self.gateway.later(async move { gateway.platform.recorder().append(record).await });
    }
}

/// An attempt that is noted as left when this is dropped with its lease.
struct Awaited<'a, P: Platform> {
    trip: &'a mut Trip<P>,
    lease: Option<&'a Lease>,
}

impl<P: Platform> Drop for Awaited<'_, P> {
    fn drop(&mut self) {
        if let Some(lease) = self.lease {
            self.trip.note(lease, Class::ClientGone, Began::default(), None);
        }
    }
}

impl<P: Platform> Drop for Trip<P> {
    fn drop(&mut self) {
        let status = StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap_or(StatusCode::REQUEST_TIMEOUT);
        self.leave(status, None, 0);
    }
}

impl<P: Platform> Gateway<P> {
    /// Runs `task` to its end without holding anything up. What needs no waiting is done at once.
    pub(super) fn later(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut task = Box::pin(task);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        if task.as_mut().poll(&mut context).is_pending() {
            self.platform.background().spawn(task);
        }
    }
}
