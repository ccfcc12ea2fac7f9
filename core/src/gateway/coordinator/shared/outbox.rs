//! What is to be told to the authority, and who tells it.

use std::time::Duration;

use crate::schedule::authority::notes::{Note, Seen};
use crate::time::Timestamp;

/// Between two calls where nothing presses.
const PACE: Duration = Duration::from_secs(1);
/// The same where something does: a burst of changes is one.
const PRESSING_PACE: Duration = Duration::from_millis(100);
/// An authority that failed is left alone for so long.
const REST: Duration = Duration::from_secs(5);
/// Of more, the oldest are dropped; a second's worth is far below it.
const MAX_NOTES: usize = 1024;

/// How soon others should hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Press {
    Now,
    Soon,
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    notes: Vec<Note>,
    /// What was heard of the authority.
    seen: Option<Seen>,
    /// When it was called last.
    called_at: Timestamp,
    /// Until when it is left alone.
    rests_until: Timestamp,
    /// When somebody who has promised it will call next, and until when the promise counts.
    led: Option<(Timestamp, Timestamp)>,
}

impl Outbox {
    pub(super) fn push(&mut self, note: Note) {
        if self.notes.len() >= MAX_NOTES {
            self.notes.remove(0);
        }
        self.notes.push(note);
    }

    pub(super) const fn has_notes(&self) -> bool {
        !self.notes.is_empty()
    }

    /// How long to wait before calling; `None` where somebody else calls early enough. Whoever has promised to
    /// call is believed for `patience` longer than it should take.
    pub(super) fn lead(&mut self, press: Press, now: Timestamp, patience: Duration) -> Option<Duration> {
        let pace = match press {
            Press::Now => PRESSING_PACE,
            Press::Soon => PACE,
        };
        let at = (self.called_at + pace).max(self.rests_until).max(now);
        if self.led.is_some_and(|(other, until)| other <= at && now < until) {
            return None;
        }
        self.led = Some((at, at + patience));
        Some(now.until(at))
    }

    /// For how long nobody has called; `None` while the authority is left alone.
    pub(super) fn silence(&mut self, now: Timestamp) -> Option<Duration> {
        (now >= self.rests_until).then(|| now.since(self.called_at))
    }

    /// Everything, for a call that begins now; `None` while the authority is left alone.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<(Vec<Note>, Option<Seen>)> {
        if now < self.rests_until {
            return None;
        }
        self.called_at = now;
        self.led = None;
        Some((std::mem::take(&mut self.notes), self.seen))
    }

    /// A call ended; `None`: the authority was not reached.
    pub(super) fn heard(&mut self, seen: Option<Seen>, now: Timestamp) {
        let Some(seen) = seen else {
            self.rests_until = now + REST;
            return;
        };
        // Answers may overtake each other.
        let older = self.seen.is_some_and(|own| own.epoch == seen.epoch && own.revision > seen.revision);
        if !older {
            self.seen = Some(seen);
        }
    }
}
