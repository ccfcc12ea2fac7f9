//! Where events go, and what numbers the blocks and calls.

use crate::ir::{BlockStart, Delta, Event};
use crate::protocol::convert::Ids;

pub(super) struct Out<'o> {
    pub(super) choice: u32,
    pub(super) next: &'o mut u32,
    pub(super) ids: &'o mut Ids,
    pub(super) each: &'o mut dyn FnMut(Event<'_>),
}

impl Out<'_> {
    /// Opens a block and gives its index.
    pub(super) fn start(&mut self, block: BlockStart<'_>) -> u32 {
        let index = *self.next;
        *self.next += 1;
        (self.each)(Event::BlockStart { index, choice: self.choice, block });
        index
    }

    pub(super) fn delta(&mut self, index: u32, delta: Delta<'_>) {
        (self.each)(Event::Delta { index, delta });
    }

    pub(super) fn stop(&mut self, index: u32) {
        (self.each)(Event::BlockStop { index });
    }

    pub(super) fn mint(&mut self) -> String {
        self.ids.next("call_")
    }
}
