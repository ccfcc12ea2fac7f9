//! Records that wait to be written, together.

use std::mem;

use super::Record;

/// So many are worth writing at once.
pub const BATCH: usize = 500;
/// More than so many do not wait: a database that keeps up lets no more than one batch and what comes meanwhile.
const CAPACITY: usize = 4096;

/// What waits, and what there was no room for.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: Vec<Record>,
    counts: Counts,
}

/// What became of records, since this process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub written: u64,
    /// Not written: too many came at once, or the database failed for too long.
    pub dropped: u64,
}

/// What a record means for whoever writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is the first: after a while it is to be written, with those that come until then.
    First,
    Waits,
    /// A batch is full: it is to be written now.
    Full,
    /// There was no room.
    Dropped,
}

impl Outbox {
    pub fn push(&mut self, record: Record) -> Pushed {
        if self.waiting.len() >= CAPACITY {
            self.counts.dropped += 1;
            return Pushed::Dropped;
        }
        self.waiting.push(record);
        match self.waiting.len() {
            BATCH => Pushed::Full,
            1 => Pushed::First,
            _ => Pushed::Waits,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.waiting.len() >= BATCH
    }

    /// All that waits.
    pub fn take(&mut self) -> Vec<Record> {
        mem::take(&mut self.waiting)
    }

    /// Takes back what could not be written now, to be written first; what there is no room for is dropped.
    pub fn give_back(&mut self, mut records: Vec<Record>) {
        let room = CAPACITY.saturating_sub(self.waiting.len());
        self.counts.dropped += records.len().saturating_sub(room) as u64;
        records.truncate(room);
        records.append(&mut self.waiting);
        self.waiting = records;
    }

    /// What came of so many of those that were taken.
    pub fn settle(&mut self, count: usize, written: bool) {
        let sum = if written { &mut self.counts.written } else { &mut self.counts.dropped };
        *sum += count as u64;
    }

    pub const fn counts(&self) -> Counts {
        self.counts
    }
}
