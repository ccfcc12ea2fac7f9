//! What is known of one watcher: what it wants, and how much it was told.

use std::sync::Arc;

use super::message::{Finished, LiveMessage, lagged, numbered, snapshot};
use crate::admin::live::filter;
use crate::record::query::Filter;
use crate::time::Timestamp;

/// A text that keeps a connection open, and the one that answers it.
pub const PING: &str = "ping";
pub const PONG: &str = "pong";

/// One watcher's place.
#[derive(Debug, Default)]
pub struct Seat {
    /// The number of the last message; those that were left out count.
    seq: u64,
    filter: Filter,
    /// The filter as the watcher wrote it; empty before it did.
    wish: String,
}

/// What a watcher said.
#[derive(Debug)]
pub enum Heard {
    Ping,
    /// It wants to see other requests than before.
    Filter,
    /// Something that cannot be; the message tells what is wrong.
    Nonsense(Arc<str>),
}

impl Seat {
    pub fn hear(&mut self, text: &str) -> Heard {
        if text == PING {
            return Heard::Ping;
        }
        match filter(text) {
            Ok(filter) => {
                (self.filter, self.wish) = (filter, text.to_owned());
                Heard::Filter
            }
            Err(error) => Heard::Nonsense(LiveMessage::Refused { error: &error }.to_text()),
        }
    }

    /// The text of a message to this watcher.
    pub fn tell(&mut self, message: &str) -> String {
        numbered(self.count(), message)
    }

    /// The texts for those of `requests` that are wanted, at most so many; what is left out is told.
    pub fn batch(&mut self, requests: &[Finished], most: usize, now: Timestamp) -> Vec<String> {
        let wanted: Vec<_> = requests.iter().filter(|request| self.filter.lets(&request.seen())).collect();
        let mut texts: Vec<_> =
            wanted.iter().take(most).map(|request| self.tell(request.message())).collect();
        let dropped = wanted.len().saturating_sub(most) as u64;
        if dropped > 0 {
            self.skip(dropped);
            texts.extend([self.tell(&lagged(dropped)), self.tell(&snapshot(now))]);
        }
        texts
    }

    /// So many messages are not told.
    pub(super) const fn skip(&mut self, messages: u64) {
        self.seq += messages;
    }

    /// The number of the next message.
    pub(super) const fn count(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    pub(super) const fn filter(&self) -> &Filter {
        &self.filter
    }

    /// For [`parse`](Self::parse), in another life.
    pub fn to_text(&self) -> String {
        format!("{} {}", self.seq, self.wish)
    }

    /// A text that is none gives a seat that was told nothing.
    pub fn parse(text: &str) -> Self {
        let (seq, wish) = text.split_once(' ').unwrap_or_default();
        let filter = filter(wish).unwrap_or_default();
        Self { seq: seq.parse().unwrap_or_default(), filter, wish: wish.to_owned() }
    }
}
