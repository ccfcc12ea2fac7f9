//! All watchers of this process, and the requests under way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::filter::Seen;
use super::message::{Finished, LiveMessage, UnderWay, numbered};
use super::slot::{Given, Slot};
use super::standing::Standing;
use super::{MOST_WATCHERS, PACE};
use crate::config::Version;
use crate::record::Record;
use crate::schedule::ChannelHealth;
use crate::time::Timestamp;

/// [`Hub::watch`] while nobody watches.
pub(crate) const NOBODY: u64 = 0;
/// Of more requests under way, only the end is told.
const MOST_UNDER_WAY: usize = 1000;

/// Tells watchers what happens. The lock is held for queueing and never over I/O.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    watch: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// How often somebody began to watch where nobody did.
    watches: u64,
    /// By the order in which they came.
    watchers: BTreeMap<u64, Slot>,
    came: u64,
    /// By id; kept only while somebody watches.
    under_way: BTreeMap<String, Arc<UnderWay>>,
    standing: Standing,
    looked_at: Timestamp,
    /// The process stops.
    ended: bool,
}

impl Hub {
    /// Names the time for which somebody has been watching without a gap; [`NOBODY`] while nobody does. Another one than
    /// before: what was told since is forgotten.
    pub(crate) fn watch(&self) -> u64 {
        self.watch.load(Ordering::Relaxed)
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Inner) -> T) -> T {
        use_it(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes something, and calls those that it concerns.
    fn telling(&self, change: impl FnOnce(&mut Inner) -> Vec<Waker>) {
        self.with(change).into_iter().for_each(Waker::wake);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.with(|inner| inner.watchers.len() >= MOST_WATCHERS)
    }

    /// Seats a watcher.
    pub(crate) fn join(self: &Arc<Self>) -> Watcher {
        let id = self.with(|inner| {
            if inner.watchers.is_empty() {
                inner.watches += 1;
                self.watch.store(inner.watches, Ordering::Relaxed);
            }
            inner.came += 1;
            inner.watchers.insert(inner.came, Slot::new());
            // The newcomer has to be told everything: soon, and all are.
            (inner.standing, inner.looked_at) = (Standing::default(), Timestamp::default());
            inner.came
        });
        Watcher { hub: Arc::clone(self), id }
    }

    /// Tells of a request that has begun or gone on, as far as `watch` still lasts.
    pub(crate) fn under_way(&self, watch: u64, request: UnderWay) {
        let message = LiveMessage::UnderWay { request: &request }.to_text();
        let request = Arc::new(request);
        self.telling(|inner| {
            let known = inner.under_way.contains_key(request.id());
            if self.watch() != watch || !known && inner.under_way.len() >= MOST_UNDER_WAY {
                return Vec::new();
            }
            let before = inner.under_way.insert(request.id().to_owned(), Arc::clone(&request));
            inner.tell(before.as_deref(), (request.id(), request.seen()), &message)
        });
    }

    /// Tells of a request that has ended.
    pub(crate) fn finished(&self, record: &Record) {
        let Some(request) = Finished::of(record) else { return };
        self.telling(|inner| {
            let before = inner.under_way.remove(&record.id);
            inner.tell(before.as_deref(), (&record.id, request.seen()), request.message())
        });
    }

    /// Whether it is time for [`look`](Self::look).
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.with(|inner| now.since(inner.looked_at) >= PACE)
    }

    /// Tells what has changed of channels and configuration.
    pub(crate) fn look(&self, version: &Version, health: &[ChannelHealth], now: Timestamp) {
        self.telling(|inner| {
            inner.looked_at = now;
            let messages = inner.standing.changes(version, health);
            let slots = inner.watchers.values_mut();
            slots
                .flat_map(|slot| messages.iter().filter_map(|message| slot.push(message)).collect::<Vec<_>>())
                .collect()
        });
    }

    /// All watchers are to leave: the process stops.
    pub(crate) fn end(&self) {
        self.telling(|inner| {
            inner.ended = true;
            inner.watchers.values_mut().filter_map(Slot::call).collect()
        });
    }
}

impl Inner {
    /// Gives `message` of the request `now` to those who want it. Those who wanted what it was `before` are told that it
    /// has left.
    fn tell(&mut self, before: Option<&UnderWay>, now: (&str, Seen<'_>), message: &Arc<str>) -> Vec<Waker> {
        let (id, seen) = now;
        let before = before.map(UnderWay::seen);
        let mut left = None;
        let mut called = Vec::new();
        for slot in self.watchers.values_mut() {
            let filter = slot.seat.filter();
            if filter.lets(&seen) {
                called.extend(slot.push_request(message));
            } else if before.is_some_and(|before| filter.lets(&before)) {
                let left = left.get_or_insert_with(|| LiveMessage::Left { id }.to_text());
                called.extend(slot.push_request(left));
            }
        }
        called
    }
}

/// One who watches. Whoever drops it leaves.
#[derive(Debug)]
pub(crate) struct Watcher {
    hub: Arc<Hub>,
    id: u64,
}

impl Watcher {
    /// The next text; `None`: the watcher is to leave.
    pub(crate) fn poll_next(&self, now: Timestamp, context: &mut Context<'_>) -> Poll<Option<String>> {
        let given = self.hub.with(|Inner { watchers, under_way, ended, .. }| {
            let slot = watchers.get_mut(&self.id).filter(|_| !*ended)?;
            let given = slot.next();
            if given.is_none() {
                slot.wait(context.waker());
            }
            let requests = match given {
                Some(Given::Snapshot(_)) => {
                    let filter = slot.seat.filter();
                    under_way.values().filter(|request| filter.lets(&request.seen())).cloned().collect()
                }
                _ => Vec::new(),
            };
            Some((given, requests))
        });
        match given {
            None => Poll::Ready(None),
            Some((None, _)) => Poll::Pending,
            Some((Some(Given::Text(text)), _)) => Poll::Ready(Some(text)),
            Some((Some(Given::Snapshot(seq)), requests)) => {
                let message = LiveMessage::Snapshot { at: now, requests: &requests }.to_text();
                Poll::Ready(Some(numbered(seq, &message)))
            }
        }
    }

    /// What the watcher said.
    pub(crate) fn hear(&self, text: &str) {
        self.hub.with(|inner| inner.watchers.get_mut(&self.id).map(|slot| slot.hear(text)));
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.hub.with(|inner| {
            inner.watchers.remove(&self.id);
            if inner.watchers.is_empty() {
                inner.under_way.clear();
                self.hub.watch.store(NOBODY, Ordering::Relaxed);
            }
        });
    }
}
