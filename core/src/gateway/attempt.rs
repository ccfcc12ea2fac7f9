//! One attempt: send the request to the leased endpoint and learn what came of it.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::config::{Secret, Timeouts};
use crate::error::{Failure, FailureKind, Origin};
use crate::ir::{FinishReason, Losses, Usage};
use crate::platform::{ByteBody, Clock, HttpClient, Platform, TransportError, TransportErrorKind};
use crate::protocol::{self, UpstreamError, messages};
use crate::schedule::classify::{self, Evidence, Verdict};
use crate::schedule::traits::{self, Change, Features, Trait};
use crate::schedule::{Class, Lease, Outcome, Scope};
use crate::time::Timestamp;
use crate::transcode::Exchange;

use super::Gateway;
use super::hold::{Bounds, Held, hold};
use super::inbound::Inbound;
use super::outbound::{self, Means, NotSent};
use super::passage::Passage;
use super::pull::{Gathered, Pull, pull};
use super::shape::{Shape, is_html, is_json};

/// What an attempt came to.
#[expect(clippy::large_enum_variant, reason = "moved once per attempt; a box would cost more")]
pub(crate) enum Reply<B> {
    Whole(Whole),
    Begun(Begun<B>),
    /// Another candidate may do better.
    Missed(Miss),
    /// No candidate can do better: the request is refused for what it is.
    Refused(Miss),
    /// The request cannot be read.
    Wrong(Failure),
}

/// An answer in one piece, an upstream's refusal of the request included.
pub(crate) struct Whole {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) class: Class,
    pub(crate) finish: Option<FinishReason>,
    pub(crate) usage: Option<Usage>,
    pub(crate) lost: Losses,
    /// What it says, where it is a refusal.
    pub(crate) message: Option<String>,
    /// When its headers came.
    pub(crate) came_at: Timestamp,
    /// When a limit refills that this answer used up.
    pub(crate) refills_at: Option<Timestamp>,
}

/// An answer that has begun; `held` of it is ready for the client.
pub(crate) struct Begun<B> {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) held: Gathered,
    pub(crate) rest: B,
    pub(crate) passage: Passage,
    pub(crate) lost: Losses,
    /// When its headers came.
    pub(crate) came_at: Timestamp,
    /// When a limit refills that this answer used up.
    pub(crate) refills_at: Option<Timestamp>,
}

/// An attempt that did not serve, but may not be the last.
#[derive(Clone, Debug)]
pub(crate) struct Miss {
    pub(crate) class: Class,
    pub(crate) scope: Scope,
    /// What the client sees should nothing better come: the upstream's own where it answered.
    pub(crate) status: Option<StatusCode>,
    pub(crate) message: String,
    pub(crate) retry_after: Option<Duration>,
    /// When the answer's headers came, where there were any.
    pub(crate) came_at: Option<Timestamp>,
    /// What to do otherwise on the same key, where the refusal teaches that.
    pub(crate) lesson: Option<Trait>,
    /// Whether the upstream may have begun to work, and bill it.
    pub(crate) may_bill: bool,
}

/// Error bodies are read up to this size; no vendor's is near it.
const MAX_ERROR_BODY: usize = 256 * 1024;
/// How long an upstream may take to deliver an error's body.
const ERROR_BODY_PATIENCE: Duration = Duration::from_secs(10);

/// Sends `inbound` through `lease` and reads as much of the answer as it takes to know its class.
pub(crate) async fn attempt<P: Platform>(
    gateway: &Gateway<P>,
    inbound: &Inbound<'_>,
    lease: &Lease,
) -> Reply<<P::Http as HttpClient>::Body> {
    let (Some(endpoint), Some(key)) = (lease.endpoint(), lease.key()) else {
        return Reply::Missed(Miss::transport("the channel lost its endpoint or key".to_owned()));
    };
    let means = Means { vault: &gateway.vault, entropy: gateway.platform.entropy() };
    let outbound = match outbound::prepare(&means, inbound, lease, endpoint, key) {
        Ok(outbound) => outbound,
        Err(NotSent::Unfit(miss)) => return Reply::Missed(miss),
        Err(NotSent::Wrong(failure)) => return Reply::Wrong(failure),
    };
    let clock = gateway.platform.clock();
    let patience = lease.channel.timeouts.response_header.min(clock.now().until(inbound.deadline));
    let asked = Asked::of(&outbound.request);
    if let Some(tape) = &inbound.tape {
        tape.tries(lease, key, endpoint.protocol, &outbound.request);
    }
    let sent = gateway.platform.http().send(outbound.request, &lease.channel.transport);
    let response = match select(pin!(sent), pin!(clock.sleep(patience))).await {
        Either::Left((Ok(response), _)) => response,
        Either::Left((Err(error), _)) => return Reply::Missed(unreachable(&error)),
        Either::Right(_) => {
            return Reply::Missed(Miss::late(format!("no answer within {} s", patience.as_secs_f32())));
        }
    };
    let (head, body) = response.into_parts();
    if let Some(tape) = &inbound.tape {
        tape.hears(endpoint.protocol, head.status, &head.headers);
    }
    let came_at = clock.now();
    let timeouts = &lease.channel.timeouts;
    let reading = Reading { clock, inbound, timeouts, upstream: &head.headers, came_at };
    let reply = if head.status.is_success() {
        reading.answer(head.status, outbound.exchange, body).await
    } else {
        reading.refusal(head.status, &asked, outbound.exchange.is_some(), body).await
    };
    match reply {
        Reply::Missed(miss) => Reply::Missed(Miss { came_at: Some(came_at), ..miss.without(&key.secret) }),
        Reply::Refused(miss) => Reply::Refused(Miss { came_at: Some(came_at), ..miss.without(&key.secret) }),
        reply => reply,
    }
}

/// An answer whose headers have come.
struct Reading<'a, C> {
    clock: &'a C,
    inbound: &'a Inbound<'a>,
    timeouts: &'a Timeouts,
    upstream: &'a HeaderMap,
    came_at: Timestamp,
}

impl<C: Clock> Reading<'_, C> {
    /// A 2xx: hold it until it proves to be an answer.
    async fn answer<B: ByteBody>(
        &self,
        status: StatusCode,
        exchange: Option<Exchange>,
        mut body: B,
    ) -> Reply<B> {
        let inbound = self.inbound;
        let shape = Shape::of(inbound);
        if let Some(what) = shape.contradicted_by(self.upstream, exchange.is_some()) {
            return Reply::Missed(Miss::bad_answer(what));
        }
        let mut lost = Losses::default();
        let converted = exchange.is_some();
        let mut passage = match exchange {
            None => Passage::through(shape.observer(inbound.operation)),
            Some(mut exchange) => {
                lost = std::mem::take(&mut exchange.encoded.lost);
                Passage::transcoded(exchange.transcoder(is_json(self.upstream)))
            }
        };
        let now = self.clock.now();
        let refills_at = self.refills_at(now);
        let left = now.until(inbound.deadline);
        let bounds = match shape {
            Shape::Document => Bounds::document(left),
            Shape::Events | Shape::Elements => Bounds::stream(self.timeouts, left),
        };
        let held = hold(self.clock, &mut body, &mut passage, &bounds, inbound.tape.as_ref()).await;
        let told = passage.failed().map(|error| Miss::told(StatusCode::OK, error, self.clock.now()));
        let class = told.as_ref().map_or(Class::Success, |miss| miss.class);
        if let Some(miss) = told.filter(|_| class.tries_next() || converted) {
            let miss = miss.billable(passage.content());
            return if class.tries_next() { Reply::Missed(miss) } else { Reply::Refused(miss) };
        }
        let headers = || {
            let mut headers = HeaderMap::new();
            if !converted {
                headers = protocol::response_headers(inbound.operation.protocol(), self.upstream);
            }
            if !headers.contains_key(header::CONTENT_TYPE) {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(shape.content_type()));
            }
            headers
        };
        match held {
            Held::Whole(body) => {
                let usage = passage.usage();
                let told = || protocol::body_finish(inbound.operation, &body);
                let finish = passage.finish_reason().or_else(told);
                lost.extend(passage.lost());
                Reply::Whole(Whole {
                    status,
                    headers: headers(),
                    body,
                    class,
                    finish,
                    usage,
                    lost,
                    message: passage.failed().map(|error| error.message.clone()),
                    came_at: self.came_at,
                    refills_at,
                })
            }
            Held::Begun(held) => Reply::Begun(Begun {
                status,
                headers: headers(),
                held,
                rest: body,
                passage,
                lost,
                came_at: self.came_at,
                refills_at,
            }),
            Held::Nothing(what) => Reply::Missed(Miss::bad_answer(what)),
            Held::Cut => {
                let may_bill = passage.content() || shape == Shape::Document;
                Reply::Missed(Miss::transport("the connection broke off".to_owned()).billable(may_bill))
            }
            Held::Late => Reply::Missed(Miss::late("the answer took too long".to_owned())),
        }
    }

    /// When a limit refills that this answer used up.
    fn refills_at(&self, now: Timestamp) -> Option<Timestamp> {
        let headers = self.upstream.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        Some(now + classify::used_up(headers, now)?)
    }

    /// Not a 2xx: the request's fault goes back to the client, as it is where both sides speak the same
    /// protocol; everything else is a miss.
    async fn refusal<B: ByteBody>(
        &self,
        status: StatusCode,
        asked: &Asked,
        converted: bool,
        mut body: B,
    ) -> Reply<B> {
        let now = self.clock.now();
        let patience = now.until(self.inbound.deadline).min(ERROR_BODY_PATIENCE);
        let body = error_body(self.clock, &mut body, patience).await;
        if let Some(tape) = &self.inbound.tape {
            tape.heard(&body);
        }
        let error = protocol::decode_error(&body);
        let mut miss = Miss::told(status, &error, now);
        miss.status = Some(status);
        miss.lesson = asked.lesson(&evidence(status, &error), converted);
        let asked_for = classify::retry_after(|name| self.upstream.get(name)?.to_str().ok(), now);
        miss.retry_after = asked_for.or(miss.retry_after);
        if miss.class.tries_next() {
            return Reply::Missed(miss);
        }
        if is_html(self.upstream) || !(status.is_client_error() || status.is_server_error()) {
            let class = Class::BadAnswer;
            return Reply::Missed(Miss { class, scope: class.scope(), ..miss });
        }
        if converted || miss.lesson.is_some() {
            return Reply::Refused(miss);
        }
        Reply::Whole(Whole {
            status,
            headers: protocol::response_headers(self.inbound.operation.protocol(), self.upstream),
            body,
            class: miss.class,
            finish: None,
            usage: None,
            lost: Losses::default(),
            message: Some(miss.message),
            came_at: self.came_at,
            refills_at: None,
        })
    }
}

/// An answer was served; where it used a limit up, its key rests until that refills.
pub(crate) fn served(refills_at: Option<Timestamp>, now: Timestamp) -> Outcome {
    let retry_after = refills_at.map(|at| now.until(at)).filter(|wait| !wait.is_zero());
    Outcome { retry_after, ..Outcome::of(Class::Success) }
}

/// What an answer inside a 2xx came to, as far as it told.
pub(crate) fn told(passage: &Passage, now: Timestamp) -> Outcome {
    let miss = passage.failed().map(|error| Miss::told(StatusCode::OK, error, now));
    miss.map_or_else(|| Outcome::of(Class::Success), |miss| miss.outcome())
}

/// As much of an error's body as arrives in time and within the cap.
async fn error_body<B: ByteBody>(clock: &impl Clock, body: &mut B, patience: Duration) -> Bytes {
    let mut gathered = Gathered::default();
    let mut timer = pin!(clock.sleep(patience));
    while gathered.len() < MAX_ERROR_BODY {
        match pull(body, timer.as_mut()).await {
            Pull::Data(chunk) => gathered.push(chunk),
            Pull::End | Pull::Broken | Pull::Late => break,
        }
    }
    gathered.into_bytes()
}

impl Miss {
    /// What an upstream's error means.
    pub(crate) fn told(status: StatusCode, error: &UpstreamError, now: Timestamp) -> Self {
        let Verdict { class, scope, retry_after } = classify::classify(&evidence(status, error), now);
        Self { scope, retry_after, ..Self::of(class, error.message.clone()) }
    }

    /// What the scheduler is told of it.
    pub(crate) const fn outcome(&self) -> Outcome {
        Outcome { scope: self.scope, retry_after: self.retry_after, ..Outcome::of(self.class) }
    }

    /// The endpoint cannot be asked this.
    pub(crate) fn unfit(message: String) -> Self {
        Self { status: Some(StatusCode::BAD_REQUEST), ..Self::of(Class::Unfit, message) }
    }

    /// The key cannot stand in a header.
    pub(crate) fn keyless() -> Self {
        Self::of(Class::Auth, "the key is no header value".to_owned())
    }

    /// Some vendors repeat the key that they refuse.
    pub(crate) fn without(self, secret: &Secret) -> Self {
        Self { message: self.message.replace(secret.expose(), "…"), ..self }
    }

    pub(crate) fn billable(self, may_bill: bool) -> Self {
        Self { may_bill, ..self }
    }

    /// What the client is told, in the upstream's words.
    pub(crate) fn failure(self) -> Failure {
        let status =
            self.status.filter(|status| !status.is_success()).unwrap_or_else(|| implied_status(self.class));
        let kind = match self.class {
            Class::ContextTooLong => FailureKind::ContextTooLong,
            Class::ContentPolicy => FailureKind::ContentPolicy,
            _ => FailureKind::of_status(status),
        };
        Failure::new(Origin::Upstream, kind, self.message)
            .with_status(status)
            .with_retry_after(self.retry_after)
    }

    pub(crate) fn bad_answer(what: &str) -> Self {
        Self::of(Class::BadAnswer, format!("the upstream sent {what}"))
    }

    pub(crate) fn late(message: String) -> Self {
        Self { status: Some(StatusCode::GATEWAY_TIMEOUT), may_bill: true, ..Self::transport(message) }
    }

    pub(crate) fn transport(message: String) -> Self {
        Self::of(Class::Transport, message)
    }

    const fn of(class: Class, message: String) -> Self {
        Self {
            class,
            scope: class.scope(),
            status: None,
            message,
            retry_after: None,
            came_at: None,
            lesson: None,
            may_bill: false,
        }
    }
}

fn evidence(status: StatusCode, error: &UpstreamError) -> Evidence<'_> {
    Evidence {
        status: status.as_u16(),
        kind: error.kind.as_deref(),
        code: error.code.as_deref(),
        limit: error.limit.as_deref(),
        reset: error.reset.as_deref(),
        message: &error.message,
    }
}

/// What was sent, for when a refusal names it.
struct Asked {
    body: Bytes,
    beta: Option<HeaderValue>,
}

impl Asked {
    fn of(request: &http::Request<Bytes>) -> Self {
        Self { body: request.body().clone(), beta: request.headers().get(messages::BETA).cloned() }
    }

    /// What the refusal teaches. Bytes that pass through are only ever freed from what others sealed.
    fn lesson(&self, refusal: &Evidence<'_>, converted: bool) -> Option<Trait> {
        if !matches!(refusal.status, 400 | 404 | 422) {
            return None;
        }
        let beta = self.beta.as_ref().and_then(|beta| beta.to_str().ok());
        let lesson = traits::learn(refusal, &Features::of(&self.body, beta))?;
        (converted || lesson.change == Change::NoSealed).then_some(lesson)
    }
}

/// For an error that came without a status, inside a 200.
fn implied_status(class: Class) -> StatusCode {
    match class {
        Class::Rate | Class::Quota => StatusCode::TOO_MANY_REQUESTS,
        Class::Overload => StatusCode::SERVICE_UNAVAILABLE,
        Class::Auth => StatusCode::UNAUTHORIZED,
        Class::ModelUnavailable => StatusCode::NOT_FOUND,
        Class::RequestFault | Class::ContextTooLong | Class::ContentPolicy => StatusCode::BAD_REQUEST,
        _ => StatusCode::BAD_GATEWAY,
    }
}

fn unreachable(error: &TransportError) -> Miss {
    match error.kind {
        TransportErrorKind::Timeout => Miss::late(error.to_string()).billable(false),
        _ => Miss::transport(error.to_string()),
    }
}
