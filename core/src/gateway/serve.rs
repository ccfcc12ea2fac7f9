//! One client request: try candidates until one serves, none is left, or the time is over.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use percent_encoding::{CONTROLS, utf8_percent_encode};

use crate::config::Config;
use crate::error::{Failure, FailureKind, Origin};
use crate::ir::Losses;
use crate::platform::{Coordinator, HttpClient, Platform};
use crate::schedule::{Ask, Class, Lease, Outcome, Reason, Refusal, Tried};
use crate::time::Timestamp;

use super::Gateway;
use super::attempt::{Inbound, Miss, Reply, attempt, served};
use super::body::Body;
use super::relay::Relay;
use super::trip::{Lent, Trip};

/// Names the channel that served.
const CHANNEL: HeaderName = HeaderName::from_static("x-causeway-channel");
/// What the conversion could not carry, as far as it is known when the answer begins.
const LOSS: HeaderName = HeaderName::from_static("x-causeway-loss");

impl<P: Platform> Gateway<P> {
    /// Serves `inbound`; the ask says which channels may.
    ///
    /// # Errors
    /// The failure to answer with, when no candidate served.
    pub(crate) async fn serve(
        self: &Arc<Self>,
        config: &Arc<Config>,
        inbound: &Inbound<'_>,
        ask: Ask<'_>,
        mut trip: Trip<P>,
    ) -> Result<Response<Body<P>>, Failure> {
        let mut tried: Vec<Tried> = Vec::new();
        let mut misses = Misses::default();
        loop {
            let ask = Ask { tried: &tried, ..ask.clone() };
            let lease = match self.platform.coordinator().acquire(config, &ask).await {
                Ok(lease) => lease,
                Err(refusal) => return Err(self.lost(trip, misses.failure_after(&refusal, &ask, self.now()))),
            };
            let mut lent = Lent::new(self, config, lease.clone());
            let miss = match self.attempt_wiser(config, inbound, &lease).await {
                Reply::Whole(whole) => {
                    trip.note(&lease, whole.class, None);
                    let now = self.now();
                    let outcome = match whole.class {
                        Class::Success => served(whole.refills_at, now),
                        class => Outcome::of(class),
                    };
                    let first_content = Some(now.since(lease.acquired_at));
                    lent.settle(Outcome { first_content, ..outcome });
                    let head = Head { status: whole.status, headers: whole.headers, lost: &whole.lost };
                    let response = answer(head, &lease.channel.name, Body::Whole(whole.body));
                    trip.lose(whole.lost);
                    trip.finish(whole.status, whole.usage);
                    return Ok(response);
                }
                Reply::Begun(mut begun) => {
                    let (status, headers) = (begun.status, std::mem::take(&mut begun.headers));
                    let lost = begun.lost.clone();
                    let relay = Relay::new(Arc::clone(self), inbound.operation.protocol(), begun, lent, trip);
                    let head = Head { status, headers, lost: &lost };
                    return Ok(answer(head, &lease.channel.name, Body::Relay(Box::new(relay))));
                }
                Reply::Refused(miss) => {
                    trip.note(&lease, miss.class, Some(&miss));
                    lent.settle(miss.outcome());
                    return Err(self.lost(trip, miss.failure()));
                }
                Reply::Wrong(failure) => {
                    lent.settle(Outcome::of(Class::Unfit));
                    return Err(self.lost(trip, failure));
                }
                Reply::Missed(miss) => miss,
            };
            trip.note(&lease, miss.class, Some(&miss));
            lent.settle(miss.outcome());
            if let Some(key) = lease.key() {
                let (channel, endpoint, class) = (lease.channel.id.clone(), lease.endpoint, miss.class);
                tried.push(Tried { channel, key: key.id.clone(), endpoint, class });
            }
            misses.push(&lease.channel.name, miss);
            if misses.sent >= config.settings.max_attempts as usize {
                return Err(self.lost(trip, misses.failure("the request's attempts are used up")));
            }
            if self.now() >= inbound.deadline {
                return Err(self.lost(trip, misses.failure("the request's time is over")));
            }
        }
    }

    /// Attempts, and again at once on the same key without what a refusal names, as long as that teaches
    /// something. What helped is kept for later requests.
    async fn attempt_wiser(
        self: &Arc<Self>,
        config: &Arc<Config>,
        inbound: &Inbound<'_>,
        lease: &Lease,
    ) -> Reply<<P::Http as HttpClient>::Body> {
        let mut lease = Cow::Borrowed(lease);
        let mut lessons = Vec::new();
        loop {
            let reply = attempt(self, inbound, &lease).await;
            match &reply {
                Reply::Missed(Miss { lesson: Some(lesson), .. })
                | Reply::Refused(Miss { lesson: Some(lesson), .. }) => {
                    let Some(wiser) = lease.with_trait(lesson) else { return reply };
                    lessons.push(lesson.clone());
                    lease = Cow::Owned(wiser);
                }
                Reply::Whole(_) | Reply::Begun(_) => {
                    for lesson in &lessons {
                        self.platform.coordinator().learn(config, &lease, lesson).await;
                    }
                    return reply;
                }
                _ => return reply,
            }
        }
    }

    /// Records a request that nothing served.
    fn lost(&self, trip: Trip<P>, failure: Failure) -> Failure {
        trip.finish(failure.status, None);
        failure
    }
}

/// What goes in front of an answer's body.
struct Head<'a> {
    status: StatusCode,
    headers: HeaderMap,
    lost: &'a Losses,
}

fn answer<P: Platform>(head: Head<'_>, channel: &str, body: Body<P>) -> Response<Body<P>> {
    let mut response = Response::new(body);
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    let headers = response.headers_mut();
    headers.extend(header_text(channel).map(|channel| (CHANNEL, channel)));
    if !head.lost.is_empty() {
        headers.extend(header_text(&loss_text(head.lost)).map(|lost| (LOSS, lost)));
    }
    response
}

/// Clients name fields as they like, and read only so much of a header.
const MAX_LOSS: usize = 1024;

fn loss_text(lost: &Losses) -> String {
    let mut text = lost.to_string();
    if text.len() > MAX_LOSS {
        text.truncate(text.floor_char_boundary(MAX_LOSS));
        let whole = text.rfind(", ").unwrap_or(0);
        text.truncate(whole);
        text.push_str(", ...");
    }
    text
}

/// A name as a header can hold it: percent-encoded UTF-8 where it is not plain ASCII. `X-Channel` is read
/// the same way.
fn header_text(name: &str) -> Option<HeaderValue> {
    let text: Cow<'_, str> = utf8_percent_encode(name, CONTROLS).into();
    HeaderValue::from_str(&text).ok()
}

/// What was tried in vain.
#[derive(Default)]
struct Misses {
    tried: Vec<String>,
    /// How many of them an upstream saw.
    sent: usize,
    last: Option<Miss>,
}

impl Misses {
    fn push(&mut self, channel: &str, miss: Miss) {
        let status = miss.status.map(|status| format!("{} ", status.as_u16())).unwrap_or_default();
        self.tried.push(format!("{channel}: {status}{}", miss.message));
        let sent = miss.class != Class::Unfit;
        self.sent += usize::from(sent);
        // What an upstream said tells more than what none was asked.
        if sent || self.sent == 0 {
            self.last = Some(miss);
        }
    }

    /// No candidate was left: the last upstream's word, or why there was none to ask.
    fn failure_after(self, refusal: &Refusal, ask: &Ask<'_>, now: Timestamp) -> Failure {
        if self.last.is_some() {
            return self.failure("no channel served the request");
        }
        let retry_after = refusal.retry_at.map(|at| now.until(at));
        refused(refusal.reason, ask).with_retry_after(retry_after)
    }

    /// The last upstream's status and message.
    fn failure(self, why: &str) -> Failure {
        let Some(last) = self.last else {
            return Failure::new(Origin::Gateway, FailureKind::Internal, why);
        };
        Failure { tried: self.tried, ..last.failure() }
    }
}

/// Nothing was tried: tells the client what to change, or when to come back.
fn refused(reason: Reason, ask: &Ask<'_>) -> Failure {
    let (protocol, model) = (ask.protocol, ask.model);
    let pin = ask.pin.unwrap_or_default();
    let (kind, message) = match reason {
        Reason::NoChannel => {
            (FailureKind::NotFound, format!("no channel is configured for the {protocol} protocol"))
        }
        Reason::NoModel => {
            (FailureKind::NotFound, format!("no channel serves the model `{model}` over {protocol}"))
        }
        Reason::UnknownChannel => {
            (FailureKind::NotFound, format!("no channel is named `{pin}`, as X-Channel asks"))
        }
        Reason::Paused => (
            FailureKind::Overloaded,
            format!("every channel that serves `{model}` is paused or without a usable key"),
        ),
        Reason::Limited => (
            FailureKind::RateLimited,
            format!("every channel that serves `{model}` is at its limit of requests or tokens"),
        ),
        Reason::CoolingDown | Reason::Exhausted => {
            (FailureKind::Overloaded, format!("every channel that serves `{model}` is cooling down"))
        }
    };
    Failure::new(Origin::Gateway, kind, message)
}

/// Rounded up, so that a client that obeys does not come too early.
pub(crate) fn retry_after_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
