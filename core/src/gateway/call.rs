//! A call of an upstream that no client waits for: a list of models, an operator's test.

use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use http::{HeaderMap, StatusCode};

use crate::config::Channel;
use crate::platform::{Clock, HttpClient, Platform, TransportErrorKind};
use crate::protocol;
use crate::time::Timestamp;

use super::attempt::Miss;
use super::pull::{Gathered, Pull, pull};
use super::shape::is_html;

/// The largest error that is read.
const MAX_ERROR: usize = 256 * 1024;
/// So much of an answer is kept for people to see.
const MAX_RAW: usize = 16 * 1024;

/// How a call went, as far as it got.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) started: Timestamp,
    pub(crate) status: Option<StatusCode>,
    /// From the start to the answer's headers.
    pub(crate) headers: Option<Duration>,
    /// From the start to the first content.
    pub(crate) first_content: Option<Duration>,
    /// The beginning of the answer, as it came.
    pub(crate) raw: Vec<u8>,
}

impl Course {
    pub(crate) const fn begin(now: Timestamp) -> Self {
        Self { started: now, status: None, headers: None, first_content: None, raw: Vec::new() }
    }

    pub(crate) fn keep(&mut self, chunk: &[u8]) {
        let room = MAX_RAW.saturating_sub(self.raw.len()).min(chunk.len());
        self.raw.extend(chunk.iter().take(room));
    }
}

/// Sends `request` and waits, while `timer` runs, for the headers of an answer. What is a refusal or a web page is
/// read to its end.
pub(crate) async fn send<P: Platform>(
    platform: &P,
    channel: &Channel,
    request: http::Request<Bytes>,
    course: &mut Course,
    mut timer: Pin<&mut (impl Future<Output = ()> + Send)>,
) -> Result<(HeaderMap, <P::Http as HttpClient>::Body), Miss> {
    let sent = pin!(platform.http().send(request, &channel.transport));
    let response = match select(sent, timer.as_mut()).await {
        Either::Left((Ok(response), _)) => response,
        Either::Left((Err(error), _)) if error.kind == TransportErrorKind::Timeout => {
            return Err(Miss::late(error.to_string()));
        }
        Either::Left((Err(error), _)) => return Err(Miss::transport(error.to_string())),
        Either::Right(_) => return Err(Miss::late("no answer in time".to_owned())),
    };
    let (head, mut body) = response.into_parts();
    course.status = Some(head.status);
    course.headers = Some(platform.clock().now().since(course.started));
    course.raw.clear();
    let page = head.status.is_success() && is_html(&head.headers);
    if head.status.is_success() && !page {
        return Ok((head.headers, body));
    }
    let mut gathered = Gathered::default();
    while gathered.len() < MAX_ERROR
        && let Pull::Data(chunk) = pull(&mut body, timer.as_mut()).await
    {
        course.keep(&chunk);
        gathered.push(chunk);
    }
    if page {
        return Err(Miss::bad_answer("a web page"));
    }
    let error = protocol::decode_error(&gathered.into_bytes());
    Err(Miss::told(head.status, &error, platform.clock().now()))
}
