//! A closed-loop HTTP/1.1 load generator that costs little itself.
//!
//! Each connection sends the same bytes, waits for the whole answer and sends them again; nothing is
//! parsed beyond lengths, and of a stream only the event ends.

mod answer;

use std::cell::RefCell;
use std::io;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use http::Uri;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use self::answer::Reader;

/// What to send, and how much of it.
#[derive(Clone, Debug)]
pub struct Plan {
    pub url: String,
    pub connections: usize,
    pub until: Until,
    /// Empty: a `GET`.
    pub body: Vec<u8>,
    pub headers: Vec<(String, String)>,
    /// Answers are event streams: their events are counted.
    pub stream: bool,
    /// Events each answer must have; unset: as many as the first one.
    pub events: Option<u64>,
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After so many requests over all connections.
    Requests(u64),
    Elapsed(Duration),
}

/// What came of it. Times are in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub requests: u64,
    /// Answers with a status other than 200, with too few events, and broken connections.
    pub errors: u64,
    /// Of answers' bodies.
    pub bytes: u64,
    pub events: u64,
    pub elapsed: Duration,
    latencies: Vec<u32>,
    first_bytes: Vec<u32>,
    /// What the first error was.
    pub first_error: Option<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            url: String::new(),
            connections: 8,
            until: Until::Requests(1000),
            body: Vec::new(),
            headers: Vec::new(),
            stream: false,
            events: None,
        }
    }
}

/// What the connections share.
struct Shared {
    authority: String,
    request: Vec<u8>,
    stream: bool,
    started: Instant,
    until: Until,
    begun: u64,
    expected: Option<u64>,
    report: Report,
}

/// Runs the plan to its end.
pub async fn run(plan: &Plan) -> io::Result<Report> {
    let uri: Uri = plan.url.parse().map_err(io::Error::other)?;
    let authority = uri.authority().ok_or_else(|| io::Error::other("no host in the URL"))?.to_string();
    let shared = RefCell::new(Shared {
        request: request(plan, &uri, &authority),
        authority,
        stream: plan.stream,
        started: Instant::now(),
        until: plan.until,
        begun: 0,
        expected: plan.events,
        report: Report::default(),
    });
    let connections = (0..plan.connections.max(1)).map(|_| connection(&shared));
    connections.collect::<FuturesUnordered<_>>().collect::<()>().await;
    let mut shared = shared.into_inner();
    shared.report.elapsed = shared.started.elapsed();
    shared.report.latencies.sort_unstable();
    shared.report.first_bytes.sort_unstable();
    Ok(shared.report)
}

fn request(plan: &Plan, uri: &Uri, authority: &str) -> Vec<u8> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let method = if plan.body.is_empty() { "GET" } else { "POST" };
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {authority}\r\n");
    for (name, value) in &plan.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !plan.body.is_empty() {
        if !plan.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            head.push_str("content-type: application/json\r\n");
        }
        head.push_str(&format!("content-length: {}\r\n", plan.body.len()));
    }
    head.push_str("\r\n");
    let mut request = head.into_bytes();
    request.extend_from_slice(&plan.body);
    request
}

/// Requests one after the other; a broken connection is an error and is made anew.
async fn connection(shared: &RefCell<Shared>) {
    let (authority, request, stream) = {
        let shared = shared.borrow();
        (shared.authority.clone(), shared.request.clone(), shared.stream)
    };
    let mut open: Option<(TcpStream, Reader)> = None;
    while shared.borrow_mut().begin() {
        let sent = Instant::now();
        let answer = async {
            let (socket, reader) = match &mut open {
                Some(open) => open,
                None => {
                    let socket = TcpStream::connect(&authority).await?;
                    socket.set_nodelay(true)?;
                    open.insert((socket, Reader::default()))
                }
            };
            socket.write_all(&request).await?;
            reader.read(socket, stream, sent).await
        }
        .await;
        let keep = answer.as_ref().is_ok_and(|answer| answer.keep_alive);
        shared.borrow_mut().end(sent, answer);
        if !keep {
            open = None;
        }
    }
}

impl Shared {
    /// Whether there is one more request to make.
    fn begin(&mut self) -> bool {
        let more = match self.until {
            Until::Requests(requests) => self.begun < requests,
            Until::Elapsed(elapsed) => self.started.elapsed() < elapsed,
        };
        self.begun += u64::from(more);
        more
    }

    fn end(&mut self, sent: Instant, answer: io::Result<answer::Answer>) {
        self.report.requests += 1;
        let problem = match answer {
            Ok(answer) => {
                self.report.bytes += answer.bytes;
                self.report.events += answer.events;
                self.report.latencies.push(micros(sent.elapsed()));
                self.report.first_bytes.push(micros(answer.first_byte));
                let expected = *self.expected.get_or_insert(answer.events);
                if answer.status != 200 {
                    Some(format!("status {}", answer.status))
                } else if self.stream && answer.events != expected {
                    Some(format!("{} events instead of {expected}", answer.events))
                } else {
                    None
                }
            }
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem {
            self.report.errors += 1;
            self.report.first_error.get_or_insert(problem);
        }
    }
}

impl Report {
    pub fn json(&self) -> Value {
        let seconds = self.elapsed.as_secs_f64();
        json!({
            "requests": self.requests,
            "errors": self.errors,
            "firstError": self.first_error,
            "seconds": seconds,
            "requestsPerSecond": self.requests as f64 / seconds.max(f64::EPSILON),
            "bytes": self.bytes,
            "events": self.events,
            "latencyUs": percentiles(&self.latencies),
            "firstByteUs": percentiles(&self.first_bytes),
        })
    }
}

/// `sorted` is in ascending order.
fn percentiles(sorted: &[u32]) -> Value {
    let at = |percent: usize| sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied();
    json!({ "p50": at(50), "p90": at(90), "p99": at(99), "max": sorted.last() })
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}
