//! One client request: what its attempts came to, as the client gets it.

mod attempts;
pub(super) mod misses;
pub(super) mod rounds;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use percent_encoding::{CONTROLS, utf8_percent_encode};

use crate::config::Config;
use crate::error::Failure;
use crate::ir::Losses;
use crate::platform::Platform;
use crate::schedule::Ask;

use super::body::Body;
use super::inbound::Inbound;
use super::relay::{Recovery, Relay};
use super::trip::Trip;
use super::{Gateway, fail};

pub(super) use attempts::{Answer, Attempts, Job, Served};
pub(super) use misses::LIMIT_RETRY;

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
        ask: &Ask<'_>,
        mut trip: Trip<P>,
    ) -> Result<Response<Body<P>>, Failure> {
        let mut attempts = Attempts::default();
        let job = Job { gateway: self, config, inbound, ask };
        match attempts.next(job, &mut trip).await {
            Ok(Served { lent, answer: Answer::Whole(whole) }) => {
                let whole_bytes = whole.body.len();
                let head = Head { status: whole.status, headers: whole.headers, lost: &whole.lost };
                let response = answer(head, &lent.lease().channel.name, Body::Whole(whole.body));
                if let Some(tape) = &inbound.tape {
                    tape.answers(&response);
                }
                trip.lose(whole.lost);
                trip.stopped(whole.finish);
                trip.finish(whole.status, whole.usage, whole_bytes);
                Ok(response)
            }
            Ok(Served { lent, answer: Answer::Begun(mut begun) }) => {
                let (status, headers) = (begun.status, std::mem::take(&mut begun.headers));
                let (lost, channel) = (begun.lost.clone(), Arc::clone(&lent.lease().channel));
                let recovery = Recovery::before_content(&begun, job, attempts);
                let protocol = inbound.operation.protocol();
                let relay = Relay::new(Arc::clone(self), protocol, begun, lent, trip, recovery);
                let head = Head { status, headers, lost: &lost };
                let response = answer(head, &channel.name, Body::Relay(Box::new(relay)));
                if let Some(tape) = &inbound.tape {
                    tape.answers(&response);
                }
                Ok(response)
            }
            Err(failure) => Err(self.lost(trip, failure)),
        }
    }

    /// Records a request that nothing served.
    pub(crate) fn lost(&self, mut trip: Trip<P>, failure: Failure) -> Failure {
        if let (Some(tape), Some(record)) = (trip.tape(), trip.record()) {
            tape.answers(&fail::<P>(record.protocol, &failure, &record.id));
        }
        trip.fail(&failure);
        trip.finish(failure.status, None, 0);
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

/// Rounded up, so that a client that obeys does not come too early.
pub(crate) fn retry_after_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
