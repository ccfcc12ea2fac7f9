//! Upstreams that answer by script.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body::Frame;

use super::clock::VirtualClock;
use crate::config::Transport;
use crate::platform::{BoxError, Clock, HttpClient, TransportError, TransportErrorKind};

/// What an upstream does with one request.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    steps: VecDeque<Step>,
    delay: Duration,
    refused: bool,
}

/// One step of an answer's body.
#[derive(Clone, Debug)]
enum Step {
    Data(Bytes),
    Wait(Duration),
    Reset,
}

impl Answer {
    /// Headers with `status`, and nothing else yet.
    pub fn status(status: u16) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT),
            headers: HeaderMap::new(),
            steps: VecDeque::new(),
            delay: Duration::ZERO,
            refused: false,
        }
    }

    /// The connection cannot be made.
    pub fn refused() -> Self {
        Self { refused: true, ..Self::status(200) }
    }

    pub fn json(body: &str) -> Self {
        Self::status(200).header("content-type", "application/json").data(body)
    }

    pub fn sse() -> Self {
        Self::status(200).header("content-type", "text/event-stream")
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    #[must_use]
    pub fn data(mut self, data: &str) -> Self {
        self.steps.push_back(Step::Data(Bytes::copy_from_slice(data.as_bytes())));
        self
    }

    #[must_use]
    pub fn wait(mut self, duration: Duration) -> Self {
        self.steps.push_back(Step::Wait(duration));
        self
    }

    #[must_use]
    pub fn reset(mut self) -> Self {
        self.steps.push_back(Step::Reset);
        self
    }

    /// How long the headers take.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// All upstreams there are, by host.
#[derive(Clone)]
pub struct FakeHttp {
    clock: VirtualClock,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    scripts: HashMap<String, VecDeque<Answer>>,
    requests: Vec<http::Request<Bytes>>,
    unfinished: usize,
}

impl FakeHttp {
    pub fn new(clock: &VirtualClock) -> Self {
        Self { clock: clock.clone(), inner: Arc::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `host` does with its next requests; a host without a script refuses connections.
    pub fn script(&self, host: &str, answers: impl IntoIterator<Item = Answer>) {
        self.inner().scripts.entry(host.to_owned()).or_default().extend(answers);
    }

    /// The requests so far, in order.
    pub fn requests(&self) -> Vec<http::Request<Bytes>> {
        self.inner().requests.clone()
    }

    /// Answers that were dropped before their end.
    pub fn aborted(&self) -> usize {
        self.inner().unfinished
    }
}

impl HttpClient for FakeHttp {
    type Body = FakeBody;

    async fn send(
        &self,
        request: http::Request<Bytes>,
        _transport: &Arc<Transport>,
    ) -> Result<http::Response<FakeBody>, TransportError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let answer = {
            let mut inner = self.inner();
            inner.requests.push(request);
            inner.scripts.get_mut(&host).and_then(VecDeque::pop_front).unwrap_or_else(Answer::refused)
        };
        if !answer.delay.is_zero() {
            self.clock.sleep(answer.delay).await;
        }
        if answer.refused {
            let kind = TransportErrorKind::Connect;
            return Err(TransportError { kind, message: format!("{host} refused the connection") });
        }
        let body = FakeBody { http: self.clone(), steps: answer.steps, timer: None };
        let mut response = http::Response::new(body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}

/// The body of a scripted answer.
pub struct FakeBody {
    http: FakeHttp,
    steps: VecDeque<Step>,
    timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl http_body::Body for FakeBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(timer) = &mut self.timer {
                ready!(timer.as_mut().poll(context));
                self.timer = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Data(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Some(Step::Reset) => return Poll::Ready(Some(Err("connection reset".into()))),
                Some(Step::Wait(duration)) => self.timer = Some(Box::pin(self.http.clock.sleep(duration))),
            }
        }
    }
}

impl Drop for FakeBody {
    fn drop(&mut self) {
        if !self.steps.is_empty() || self.timer.is_some() {
            self.http.inner().unfinished += 1;
        }
    }
}

/// A request body in one piece.
pub struct OneBody(Option<Bytes>);

impl OneBody {
    pub fn new(body: impl Into<Bytes>) -> Self {
        Self(Some(body.into()))
    }
}

impl http_body::Body for OneBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|body| Ok(Frame::data(body))))
    }
}
