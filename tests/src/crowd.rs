//! Clients that go on until they are told to stop, and look at every answer.
//!
//! What [`load`](crate::load) measures this judges: an answer counts as served only when the whole of it is there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::task::JoinHandle;

use crate::client::{Answer, Call, Connection};
use crate::sample::Sample;
use crate::wire;

/// Between an answer and a client's next request.
const PAUSE: Duration = Duration::from_millis(40);
/// Requests of one of the shorter conversations.
const TURNS: usize = 8;

/// Clients at work; they stop when this is dropped.
pub struct Crowd {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

/// Whether requests belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// A third of the clients stays in one conversation, a third begins a new one every few requests, and a third
    /// has none.
    Mixed,
    /// None do.
    Strangers,
}

struct Shared {
    habit: Habit,
    sample: Sample,
    call: Call,
    /// What every answer must say.
    text: String,
    stopped: AtomicBool,
    seen: Mutex<Seen>,
}

/// What the clients got.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// When each good answer was whole, in microseconds since the Unix epoch.
    pub served_us: Vec<u64>,
    /// Good answers by client.
    pub clients: Vec<usize>,
    /// Good answers by the channel they name.
    pub channels: BTreeMap<String, usize>,
    pub problems: Vec<Problem>,
    /// The longest that a request took.
    pub slowest: Duration,
}

/// An answer that is none.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Microseconds since the Unix epoch.
    pub at_us: u64,
    pub text: String,
}

impl Crowd {
    /// So many clients that ask `sample` of the gateway at `url` and want to hear `text`.
    pub fn start(
        clients: usize,
        habit: Habit,
        sample: &Sample,
        (url, key): (&str, &str),
        text: &str,
    ) -> Self {
        let shared = Arc::new(Shared {
            habit,
            sample: sample.clone(),
            call: sample.call(url, key),
            text: text.to_owned(),
            stopped: AtomicBool::new(false),
            seen: Mutex::new(Seen { clients: vec![0; clients], ..Seen::default() }),
        });
        let clients = (0..clients).map(|number| tokio::spawn(client(number, Arc::clone(&shared)))).collect();
        Self { shared, clients }
    }

    /// So far.
    pub fn seen(&self) -> Seen {
        self.shared.seen().clone()
    }

    /// How many good answers there were so far.
    pub fn served(&self) -> usize {
        self.shared.seen().served_us.len()
    }

    /// Lets requests under way end.
    pub async fn stop(mut self) -> Seen {
        self.shared.stopped.store(true, Ordering::Relaxed);
        for client in std::mem::take(&mut self.clients) {
            if let Err(error) = client.await {
                self.shared.seen().problems.push(Problem { at_us: now_us(), text: error.to_string() });
            }
        }
        self.seen()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for client in &self.clients {
            client.abort();
        }
    }
}

async fn client(number: usize, shared: Arc<Shared>) {
    let mut connection = Connection::default();
    let mut turn = 0;
    while !shared.stopped.load(Ordering::Relaxed) {
        let call = shared.call.clone();
        let call = match number % 3 {
            _ if shared.habit == Habit::Strangers => call,
            0 => call.header("session-id", format!("{}-{number}", shared.sample.name())),
            1 => call.header("session-id", format!("{}-{number}-{}", shared.sample.name(), turn / TURNS)),
            _ => call,
        };
        turn += 1;
        let sent = Instant::now();
        let answer = connection.send(call).await;
        let checked = match &answer {
            Ok(answer) => problem(&shared.sample, &shared.text, answer).map_or(Ok(answer), Err),
            Err(error) => Err(error.to_string()),
        };
        shared.note(number, sent.elapsed(), checked);
        tokio::time::sleep(PAUSE).await;
    }
}

/// Why an answer is not the whole of a good one.
fn problem(sample: &Sample, text: &str, answer: &Answer) -> Option<String> {
    let said = wire::said(sample.protocol, sample.stream, &answer.body);
    let events = wire::events(&answer.body);
    let ends = events.iter().filter(|event| wire::is_clean_end(sample.protocol, event)).count();
    let good = answer.status == 200
        && !answer.cut
        && said == text
        && (!sample.stream
            || ends == 1 && !events.iter().any(|event| wire::is_error(sample.protocol, event)));
    let cut = if answer.cut { ", cut" } else { "" };
    (!good).then(|| format!("{}{cut}: {}", answer.status.as_u16(), answer.text()))
}

impl Shared {
    fn note(&self, client: usize, took: Duration, checked: Result<&Answer, String>) {
        let mut seen = self.seen();
        seen.slowest = seen.slowest.max(took);
        match checked {
            Ok(answer) => {
                seen.served_us.push(now_us());
                if let Some(count) = seen.clients.get_mut(client) {
                    *count += 1;
                }
                *seen.channels.entry(answer.header("x-causeway-channel").to_owned()).or_default() += 1;
            }
            Err(text) => seen.problems.push(Problem { at_us: now_us(), text }),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Microseconds since the Unix epoch, as the mock's log counts them.
pub fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
