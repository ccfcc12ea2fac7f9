//! Whether this process captures, and how much more.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Order;
use crate::time::Timestamp;

/// So many requests are captured at once; each may hold a megabyte or two until it ends.
const MOST_AT_ONCE: u64 = 32;
/// How soon the database is asked again for the order in force.
const PACE: Duration = Duration::from_secs(5);

/// The order in force, as this process knows it. The lock is held for counting and never over I/O.
#[derive(Debug, Default)]
pub(crate) struct Switch {
    on: AtomicBool,
    lost: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    order: Option<Order>,
    /// Requests under way that are captured: for whichever order, and for this one.
    under_way: u64,
    claimed: u64,
    /// Counts the orders that were given here.
    given: u64,
    heard_at: Timestamp,
}

/// The right to capture one request. It is [ended](Switch::end) exactly once.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) order: String,
    /// Only a request with an attempt at this one fits.
    pub(crate) channel: Option<String>,
}

/// An answer of the database that is on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked(u64);

impl Switch {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request may have to be captured.
    pub(crate) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Lets a request be captured, if it may fit.
    pub(crate) fn begin(&self, client_key: &str, model: &str, now: Timestamp) -> Option<Ticket> {
        let inner = &mut *self.inner();
        if inner.order.take_if(|order| order.is_over(now)).is_some() {
            self.on.store(false, Ordering::Relaxed);
        }
        let order = inner.order.as_ref().filter(|order| order.filter.lets(client_key, model))?;
        // Where only attempts will tell whether a request fits, the first that end are those that are kept.
        let free = order.filter.channel.is_some() || inner.claimed < order.left;
        if !free || inner.under_way >= MOST_AT_ONCE {
            return None;
        }
        inner.under_way += 1;
        inner.claimed += 1;
        Some(Ticket { order: order.id.clone(), channel: order.filter.channel.clone() })
    }

    /// The request of `ticket` has ended; `fits` says whether an attempt went where the order wants it. Whether what was
    /// captured is to be kept.
    pub(crate) fn end(&self, ticket: &Ticket, fits: bool) -> bool {
        let inner = &mut *self.inner();
        inner.under_way = inner.under_way.saturating_sub(1);
        let Some(order) = inner.order.as_mut().filter(|order| order.id == ticket.order) else {
            // The database knows whether the order was fulfilled by others or has only run out.
            return fits;
        };
        inner.claimed = inner.claimed.saturating_sub(1);
        let kept = fits && order.left > 0;
        order.left -= u64::from(kept);
        if order.left == 0 {
            self.on.store(false, Ordering::Relaxed);
        }
        kept
    }

    /// What was to be kept of a request could not be written.
    pub(crate) fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// How often that was since this process began.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Puts `order`, which was given or revoked here, in force.
    pub(crate) fn set(&self, order: Option<Order>) {
        let inner = &mut *self.inner();
        inner.given += 1;
        self.put(inner, order);
    }

    /// Whether it is time to ask the database, which may have an order that was given to another process.
    pub(crate) fn ask(&self, now: Timestamp) -> Option<Asked> {
        let inner = &mut *self.inner();
        if now.since(inner.heard_at) < PACE {
            return None;
        }
        inner.heard_at = now;
        Some(Asked(inner.given))
    }

    /// What the database answered, unless an order was given here meanwhile.
    pub(crate) fn hear(&self, asked: Asked, order: Option<Order>, now: Timestamp) {
        let inner = &mut *self.inner();
        if inner.given == asked.0 {
            self.put(inner, order.filter(|order| !order.is_over(now)));
        }
    }

    fn put(&self, inner: &mut Inner, order: Option<Order>) {
        let order = order.map(|order| match &inner.order {
            // What has ended here may not have been counted there yet.
            Some(known) if known.id == order.id => Order { left: order.left.min(known.left), ..order },
            _ => order,
        });
        let id = |order: &Option<Order>| order.as_ref().map(|order| order.id.clone());
        if id(&order) != id(&inner.order) {
            inner.claimed = 0;
        }
        self.on.store(order.as_ref().is_some_and(|order| order.left > 0), Ordering::Relaxed);
        inner.order = order;
    }
}
