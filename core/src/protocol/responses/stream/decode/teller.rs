//! Tells blocks of an answer, each under a number of its own.

use crate::ir::{BlockStart, Choice, Delta, Event, Item, Response, replay};
use crate::protocol::responses::answer;

/// What was told so far.
#[derive(Default)]
pub(super) struct Progress {
    next: u32,
    /// Whether the client is to act before the model goes on.
    pub(super) called: bool,
    pub(super) refused: bool,
}

pub(super) struct Teller<'e> {
    pub(super) progress: &'e mut Progress,
    pub(super) each: &'e mut dyn FnMut(Event<'_>),
}

impl Teller<'_> {
    pub(super) fn open(&mut self, block: BlockStart<'_>) -> u32 {
        let index = self.progress.next;
        self.progress.next += 1;
        self.progress.called |= match &block {
            BlockStart::ToolCall { .. } => true,
            BlockStart::Opaque(opaque) => answer::awaits_client(opaque),
            _ => false,
        };
        self.progress.refused |= matches!(block, BlockStart::Refusal { .. });
        (self.each)(Event::BlockStart { index, choice: 0, block });
        index
    }

    pub(super) fn delta(&mut self, index: u32, delta: Delta<'_>) {
        (self.each)(Event::Delta { index, delta });
    }

    pub(super) fn stop(&mut self, index: u32) {
        (self.each)(Event::BlockStop { index });
    }

    /// Tells an item that came in one piece.
    pub(super) fn whole(&mut self, item: Item) {
        let choices = vec![Choice { items: vec![item], finish: None }];
        let response = Response { choices, ..Response::default() };
        let first = self.progress.next;
        replay(&response, &mut |event| match event {
            Event::BlockStart { block, .. } => {
                self.open(block);
            }
            Event::Delta { index, delta } => self.delta(first + index, delta),
            Event::BlockStop { index } => self.stop(first + index),
            _ => {}
        });
    }
}
