//! Those who wait for a lease, in the order in which they came.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::task::{Context, Poll, Waker};

use crate::schedule::{Ask, Ticket};
use crate::sorted;

/// Beyond it one is refused at once: whoever comes then would hardly be served in time.
pub(in crate::gateway) const MAX_WAITING: usize = 1024;

/// Waiters in lines. Only the first of a line asks; the others would get the same answer.
#[derive(Default)]
pub(super) struct Queue {
    lines: BTreeMap<Line, VecDeque<Place>>,
    pub(super) waiting: usize,
}

/// Which waiters can be served by the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line(u64);

struct Place {
    ticket: Ticket,
    /// It may be worth asking again.
    called: bool,
    waker: Option<Waker>,
}

impl Line {
    pub(super) fn of(ask: &Ask<'_>) -> Self {
        let mut hasher = DefaultHasher::new();
        (ask.protocol, ask.model, ask.convertible, ask.embeds, ask.pin, ask.prefix).hash(&mut hasher);
        ask.channels.hash(&mut hasher);
        let needs = &ask.needs;
        // Whoever needs about as much stands behind the other, so that small ones do not starve large ones.
        let size = |tokens: u32| tokens.checked_ilog2();
        (size(needs.input), size(needs.output), needs.vision, needs.tools).hash(&mut hasher);
        for tried in ask.tried {
            (&tried.channel, &tried.key, tried.endpoint, tried.class).hash(&mut hasher);
        }
        Self(hasher.finish())
    }
}

impl Queue {
    pub(super) const fn is_full(&self) -> bool {
        self.waiting >= MAX_WAITING
    }

    pub(super) fn join(&mut self, line: Line, ticket: Ticket) {
        self.lines.entry(line).or_default().push_back(Place { ticket, called: false, waker: None });
        self.waiting += 1;
    }

    pub(super) fn leave(&mut self, line: Line, ticket: Ticket) {
        let Some(places) = self.lines.get_mut(&line) else { return };
        let before = places.len();
        places.retain(|place| place.ticket != ticket);
        self.waiting -= before - places.len();
        if places.is_empty() {
            self.lines.remove(&line);
        }
    }

    pub(super) fn is_first(&self, line: Line, ticket: Ticket) -> bool {
        self.lines.get(&line).and_then(VecDeque::front).is_some_and(|place| place.ticket == ticket)
    }

    /// Ready once `ticket` was called.
    pub(super) fn poll_called(&mut self, line: Line, ticket: Ticket, context: &mut Context<'_>) -> Poll<()> {
        let mut places = self.lines.get_mut(&line).into_iter().flatten();
        let Some(place) = places.find(|place| place.ticket == ticket) else { return Poll::Ready(()) };
        if std::mem::take(&mut place.called) {
            return Poll::Ready(());
        }
        match &mut place.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// Something may have become free: calls the first of every line, the earliest first. The wakers are to
    /// be woken without the lock.
    pub(super) fn call(&mut self) -> impl Iterator<Item = Waker> + use<> {
        let mut called = Vec::new();
        for place in self.lines.values_mut().filter_map(VecDeque::front_mut) {
            place.called = true;
            called.extend(place.waker.take().map(|waker| (place.ticket, waker)));
        }
        sorted::sort_by_key(&mut called, |(ticket, _)| *ticket);
        called.into_iter().map(|(_, waker)| waker)
    }
}
