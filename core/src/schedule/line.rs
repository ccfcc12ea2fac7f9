//! Who waits for a channel: first come, first served.

/// A place in the line; the lower the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(super) u64);

/// The tickets that wait for one channel, the earliest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Line(Vec<Ticket>);

impl Line {
    /// `ticket` is later than all before it.
    pub(super) fn join(&mut self, ticket: Ticket) {
        if self.0.last() != Some(&ticket) {
            self.0.push(ticket);
        }
    }

    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.0.retain(|other| *other != ticket);
    }

    /// How many are to be served before `ticket`; before a newcomer all are.
    pub(super) fn ahead(&self, ticket: Option<Ticket>) -> usize {
        ticket.map_or(self.0.len(), |ticket| self.0.partition_point(|other| *other < ticket))
    }
}
