//! What waits for one watcher.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use super::message::lagged;
use super::seat::{Heard, PONG, Seat};

/// So many messages may wait.
const QUEUE: usize = 1024;

/// A watcher's seat, and what it was not given yet.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) seat: Seat,
    queue: VecDeque<Item>,
    /// What there was no room for since. Until that is told, nothing more is queued.
    dropped: u64,
    /// It has to be told anew what is under way.
    behind: bool,
    waker: Option<Waker>,
}

#[derive(Debug)]
enum Item {
    /// Of one request: a filter may take it back.
    Request(Arc<str>),
    Other(Arc<str>),
    Pong,
}

/// What a watcher is given.
#[derive(Debug)]
pub(super) enum Given {
    Text(String),
    /// A snapshot is to be made, with this number.
    Snapshot(u64),
}

impl Slot {
    /// For a newcomer.
    pub(super) fn new() -> Self {
        Self { seat: Seat::default(), queue: VecDeque::new(), dropped: 0, behind: true, waker: None }
    }

    pub(super) fn push_request(&mut self, message: &Arc<str>) -> Option<Waker> {
        self.enqueue(Item::Request(Arc::clone(message)))
    }

    pub(super) fn push(&mut self, message: &Arc<str>) -> Option<Waker> {
        self.enqueue(Item::Other(Arc::clone(message)))
    }

    fn enqueue(&mut self, item: Item) -> Option<Waker> {
        if self.dropped > 0 || self.queue.len() >= QUEUE {
            self.dropped += 1;
            return None;
        }
        self.queue.push_back(item);
        self.waker.take()
    }

    /// What the watcher said.
    pub(super) fn hear(&mut self, text: &str) {
        match self.seat.hear(text) {
            Heard::Ping => _ = self.enqueue(Item::Pong),
            Heard::Nonsense(message) => _ = self.push(&message),
            Heard::Filter => {
                self.queue.retain(|item| !matches!(item, Item::Request(_)));
                self.behind = true;
            }
        }
    }

    /// What comes next; `None`: nothing now.
    pub(super) fn next(&mut self) -> Option<Given> {
        if std::mem::take(&mut self.behind) {
            return Some(Given::Snapshot(self.seat.count()));
        }
        Some(Given::Text(match self.queue.pop_front() {
            Some(Item::Pong) => PONG.to_owned(),
            Some(Item::Request(message) | Item::Other(message)) => self.seat.tell(&message),
            None if self.dropped > 0 => {
                let dropped = std::mem::take(&mut self.dropped);
                self.seat.skip(dropped);
                self.behind = true;
                self.seat.tell(&lagged(dropped))
            }
            None => return None,
        }))
    }

    /// `waker` is woken when there is something.
    pub(super) fn wait(&mut self, waker: &Waker) {
        self.waker = Some(waker.clone());
    }

    /// Whoever waits.
    pub(super) fn call(&mut self) -> Option<Waker> {
        self.waker.take()
    }
}
