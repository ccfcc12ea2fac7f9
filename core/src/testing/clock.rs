//! A clock that moves when it is told to.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::platform::Clock;
use crate::time::Timestamp;

/// Where virtual time starts: some day in 2026.
const START: Timestamp = Timestamp::from_millis(1_780_000_000_000);

/// Virtual time, shared by its clones.
#[derive(Clone)]
pub struct VirtualClock(Arc<Mutex<Inner>>);

struct Inner {
    now: Timestamp,
    sleepers: Vec<Sleeper>,
    next: u64,
}

struct Sleeper {
    id: u64,
    until: Timestamp,
    waker: Option<Waker>,
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Inner { now: START, sleepers: Vec::new(), next: 0 })))
    }
}

impl VirtualClock {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn advance(&self, duration: Duration) {
        let to = self.inner().now + duration;
        self.advance_to(to);
    }

    /// Moves to when the first sleeper wakes; `false` when nobody sleeps. One that was woken and not looked
    /// after since sleeps no more.
    pub fn advance_to_next(&self) -> bool {
        let asleep = |sleeper: &&Sleeper| sleeper.waker.is_some();
        let next = self.inner().sleepers.iter().filter(asleep).map(|sleeper| sleeper.until).min();
        let Some(next) = next else { return false };
        self.advance_to(next);
        true
    }

    fn advance_to(&self, to: Timestamp) {
        let mut inner = self.inner();
        inner.now = inner.now.max(to);
        let now = inner.now;
        let due = inner.sleepers.iter_mut().filter(|sleeper| sleeper.until <= now);
        let wakers: Vec<Waker> = due.filter_map(|sleeper| sleeper.waker.take()).collect();
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.inner().now
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        let mut inner = self.inner();
        let id = inner.next;
        inner.next += 1;
        Sleep { clock: self.clone(), id, until: inner.now + duration }
    }
}

struct Sleep {
    clock: VirtualClock,
    id: u64,
    until: Timestamp,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.clock.inner();
        inner.sleepers.retain(|sleeper| sleeper.id != self.id);
        if inner.now >= self.until {
            return Poll::Ready(());
        }
        let waker = Some(context.waker().clone());
        inner.sleepers.push(Sleeper { id: self.id, until: self.until, waker });
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.inner().sleepers.retain(|sleeper| sleeper.id != self.id);
    }
}
