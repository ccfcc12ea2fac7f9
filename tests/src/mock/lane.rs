//! What each lane is told to do, and what it saw.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::HeaderMap;

use super::behaviour::{Action, Behaviour};
use super::issued::Issued;
use super::route::Operation;
use super::timetable::{Due, Timetable};

/// Requests a lane keeps; older ones are only counted.
const KEPT: usize = 128;
/// Visits a lane keeps: all of any test.
const VISITS: usize = 1 << 20;

/// All lanes of one mock.
pub(super) struct Lanes {
    lanes: RwLock<BTreeMap<String, Arc<Lane>>>,
    pub(super) refused: SocketAddr,
    /// Numbers answers, so that ids are unique.
    answers: AtomicU64,
}

/// One lane; its name is the first path segment of a base URL.
pub struct Lane {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    plan: Plan,
    by_key: BTreeMap<String, Plan>,
    requests: VecDeque<Captured>,
    visits: Vec<Visit>,
    count: u64,
    key_counts: BTreeMap<String, u64>,
    under_way: Gauge,
    key_under_way: BTreeMap<String, Gauge>,
    issued: Issued,
    violations: Vec<String>,
    aborted: Vec<Aborted>,
}

impl Visit {
    pub fn has_key(&self, key: &str) -> bool {
        self.key.as_deref() == Some(key)
    }
}

/// How many there are, and the most there ever were.
#[derive(Clone, Copy, Debug, Default)]
struct Gauge {
    now: usize,
    most: usize,
}

impl Gauge {
    fn add(&mut self) {
        self.now += 1;
        self.most = self.most.max(self.now);
    }

    fn remove(&mut self) {
        self.now = self.now.saturating_sub(1);
    }
}

/// Behaviours used up one a request, those of a time, and the one that stays.
#[derive(Default)]
struct Plan {
    script: VecDeque<Behaviour>,
    timetable: Timetable,
    default: Option<Behaviour>,
}

impl Plan {
    fn next(&mut self, now_us: u64) -> Option<Due> {
        let lasting = |behaviour| Due { behaviour, until_us: None };
        self.script
            .pop_front()
            .map(lasting)
            .or_else(|| self.timetable.due(now_us))
            .or_else(|| self.default.clone().map(lasting))
    }
}

/// That a request came, and what it met.
#[derive(Debug)]
pub struct Visit {
    pub key: Option<String>,
    /// Microseconds since the Unix epoch.
    pub at_us: u64,
    /// Whether it got a well-formed answer.
    pub ok: bool,
    /// When the period of the timetable that it met ends, in microseconds since the Unix epoch.
    pub until_us: Option<u64>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Captured {
    /// `None` where the path names no operation of any protocol.
    pub operation: Option<Operation>,
    pub method: String,
    /// Below the lane.
    pub path: String,
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The credential, wherever it stood.
    pub key: Option<String>,
    /// Microseconds since the Unix epoch.
    pub at_us: u64,
}

/// An answer that its receiver did not want to the end.
#[derive(Clone, Debug)]
pub struct Aborted {
    pub key: Option<String>,
    /// When the mock noticed.
    pub at: Instant,
    /// The same, in microseconds since the Unix epoch.
    pub at_us: u64,
    /// From the request to then.
    pub after_us: u64,
    /// Pieces of the body that had been handed out.
    pub events_sent: usize,
}

impl Lanes {
    pub(super) fn new(refused: SocketAddr) -> Self {
        Self { lanes: RwLock::default(), refused, answers: AtomicU64::new(0) }
    }

    pub(super) fn lane(&self, name: &str) -> Arc<Lane> {
        if let Some(lane) = self.lanes.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Arc::clone(lane);
        }
        let mut lanes = self.lanes.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(name.to_owned()).or_insert_with(|| Arc::new(Lane { state: Mutex::default() })))
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.lanes.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    pub(super) fn reset(&self) {
        for lane in self.lanes.read().unwrap_or_else(PoisonError::into_inner).values() {
            lane.reset();
        }
    }

    pub(super) fn violations(&self) -> Vec<String> {
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        lanes
            .iter()
            .flat_map(|(name, lane)| lane.violations().into_iter().map(move |it| format!("{name}: {it}")))
            .collect()
    }

    pub(super) fn next_answer(&self) -> u64 {
        self.answers.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Lane {
    /// Replaces what is left of the script: one behaviour a request, then the default again.
    pub fn script(&self, behaviours: impl IntoIterator<Item = Behaviour>) -> &Self {
        self.state().plan.script = behaviours.into_iter().collect();
        self
    }

    /// What every request meets that no script entry is left for.
    pub fn always(&self, behaviour: impl Into<Behaviour>) -> &Self {
        self.state().plan.default = Some(behaviour.into());
        self
    }

    /// As [`Self::script`], for requests with that credential only; it goes before the lane's own.
    pub fn script_key(&self, key: &str, behaviours: impl IntoIterator<Item = Behaviour>) -> &Self {
        self.state().by_key.entry(key.to_owned()).or_default().script = behaviours.into_iter().collect();
        self
    }

    /// As [`Self::always`], for requests with that credential only.
    pub fn always_key(&self, key: &str, behaviour: impl Into<Behaviour>) -> &Self {
        self.state().by_key.entry(key.to_owned()).or_default().default = Some(behaviour.into());
        self
    }

    /// What holds for a time, after what is left of the script and before the default.
    pub fn timetable(&self, timetable: Timetable) -> &Self {
        self.state().plan.timetable = timetable;
        self
    }

    /// As [`Self::timetable`], for requests with that credential only.
    pub fn timetable_key(&self, key: &str, timetable: Timetable) -> &Self {
        self.state().by_key.entry(key.to_owned()).or_default().timetable = timetable;
        self
    }

    /// Forgets behaviour and everything seen.
    pub fn reset(&self) {
        *self.state() = State::default();
    }

    /// The last requests, oldest first.
    pub fn requests(&self) -> Vec<Captured> {
        self.state().requests.iter().cloned().collect()
    }

    pub fn last(&self) -> Option<Captured> {
        self.state().requests.back().cloned()
    }

    /// Requests since the start or the last reset.
    pub fn count(&self) -> u64 {
        self.state().count
    }

    /// Requests by credential.
    pub fn key_counts(&self) -> BTreeMap<String, u64> {
        self.state().key_counts.clone()
    }

    /// Credentials of the last requests, oldest first.
    pub fn keys(&self) -> Vec<String> {
        self.state().requests.iter().filter_map(|request| request.key.clone()).collect()
    }

    /// Looks at every request since the start or the last reset, oldest first.
    pub fn log<T>(&self, look: impl FnOnce(&[Visit]) -> T) -> T {
        look(&self.state().visits)
    }

    /// The most answers under way at once.
    pub fn most_at_once(&self) -> usize {
        self.state().under_way.most
    }

    /// As [`Self::most_at_once`], to requests with that credential.
    pub fn most_at_once_for(&self, key: &str) -> usize {
        self.state().key_under_way.get(key).map_or(0, |gauge| gauge.most)
    }

    /// What was wrong with requests that should have been right.
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    pub fn aborted(&self) -> Vec<Aborted> {
        self.state().aborted.clone()
    }

    /// Signatures and the like that this lane gave out, and that are of use to it alone.
    pub fn seals(&self) -> Vec<String> {
        self.state().issued.seals()
    }

    /// As if the lane had given out `seal` with that thinking.
    pub fn has_sealed(&self, seal: &str, thinking: &str) -> &Self {
        self.state().issued.seal(seal, thinking);
        self
    }

    pub(super) fn issued(&self) -> Issued {
        self.state().issued.clone()
    }

    pub(super) fn issue(&self, more: Issued) {
        self.state().issued.add(more);
    }

    pub(super) fn arrived(&self, request: Captured) -> Behaviour {
        let mut state = self.state();
        state.count += 1;
        let (key, at_us) = (request.key.clone(), request.at_us);
        let own = key.as_ref().and_then(|key| {
            *state.key_counts.entry(key.clone()).or_default() += 1;
            state.by_key.get_mut(key).and_then(|plan| plan.next(at_us))
        });
        if state.requests.len() == KEPT {
            state.requests.pop_front();
        }
        state.requests.push_back(request);
        let Due { behaviour, until_us } = own.or_else(|| state.plan.next(at_us)).unwrap_or_default();
        if state.visits.len() < VISITS {
            let ok = matches!(behaviour.action, Action::Ok);
            state.visits.push(Visit { key, at_us, ok, until_us });
        }
        behaviour
    }

    pub(super) fn began(&self, key: Option<&str>) {
        let mut state = self.state();
        state.under_way.add();
        if let Some(key) = key {
            state.key_under_way.entry(key.to_owned()).or_default().add();
        }
    }

    pub(super) fn ended(&self, key: Option<&str>) {
        let mut state = self.state();
        state.under_way.remove();
        if let Some(gauge) = key.and_then(|key| state.key_under_way.get_mut(key)) {
            gauge.remove();
        }
    }

    pub(super) fn violated(&self, problem: &str) {
        self.state().violations.push(problem.to_owned());
    }

    pub(super) fn abandoned(&self, aborted: Aborted) {
        self.state().aborted.push(aborted);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Microseconds since the Unix epoch.
pub(super) fn epoch_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
