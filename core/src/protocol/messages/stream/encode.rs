//! Writes a stream. <https://platform.claude.com/docs/en/build-with-claude/streaming>
//!
//! Claude's blocks come one after the other. The block opened first is told live; what comes of the others
//! meanwhile is kept until it is their turn.

mod open;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use self::open::Open;
use crate::config::Protocol;
use crate::error::Failure;
use crate::ir::{BlockStart, Event, Executor, Ext, Finish, Losses, Start, Usage};
use crate::protocol::convert::{Answering, StreamEncoder};
use crate::protocol::messages::error;
use crate::protocol::messages::wire::answer::{self, Message};
use crate::protocol::messages::wire::event::Written;
use crate::protocol::messages::wire::{name, stop};

#[derive(Debug)]
pub(in crate::protocol) struct Encoder {
    answering: Answering,
    /// Of the upstream, where it tells them.
    id: Option<String>,
    model: Option<String>,
    ext: Ext,
    usage: Usage,
    finish: Option<Finish>,
    /// In the order of opening; the first is told live.
    blocks: VecDeque<Open>,
    /// The number of the block that is written next.
    next: u32,
    started: bool,
    called: bool,
    refused: bool,
    ended: bool,
    lost: Losses,
}

impl Encoder {
    pub(in crate::protocol) fn new(answering: Answering) -> Self {
        Self {
            answering,
            id: None,
            model: None,
            ext: Ext::new(),
            usage: Usage::default(),
            finish: None,
            blocks: VecDeque::new(),
            next: 0,
            started: false,
            called: false,
            refused: false,
            ended: false,
            lost: Losses::default(),
        }
    }

    fn start(&mut self, start: &Start<'_>) {
        self.id = start.id.as_deref().map(Into::into);
        self.model = start.model.as_deref().map(Into::into);
        self.ext = answer::own(&start.ext, &mut self.lost);
    }

    /// Written late, for the usage that may come right after the start.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let id = self.id.clone().unwrap_or_else(|| format!("msg_{}", self.answering.seed));
        let model = self.model.as_deref().unwrap_or(&self.answering.model);
        let message = Message { ext: std::mem::take(&mut self.ext), ..Message::new(&id, model, self.usage) };
        Written::MessageStart { message }.write(out);
    }

    fn open(&mut self, index: u32, choice: u32, block: &BlockStart<'_>) {
        if choice > 0 {
            return self.lost.dropped("n");
        }
        match block {
            BlockStart::Refusal { .. } => self.refused = true,
            BlockStart::ToolCall { executor: Executor::Server, kind, .. } => {
                return self.lost.dropped(name::of_call(kind));
            }
            BlockStart::ToolCall { .. } => self.called = true,
            BlockStart::Image { .. } => return self.lost.dropped("items.image"),
            BlockStart::Audio { .. } => return self.lost.dropped("items.audio"),
            BlockStart::Opaque(opaque) if opaque.owner != Protocol::Messages => {
                return self.lost.dropped(format!("items.{}", opaque.kind));
            }
            BlockStart::Text { .. }
            | BlockStart::Reasoning { .. }
            | BlockStart::Compaction { .. }
            | BlockStart::Opaque(_) => {}
        }
        self.blocks.push_back(Open::new(index, block));
    }

    /// Writes what the first block has kept, and those after it as far as they are done.
    fn advance(&mut self, out: &mut Vec<u8>) {
        while let Some(first) = self.blocks.front_mut() {
            first.catch_up(&mut self.next, out);
            if !first.stopped {
                break;
            }
            first.close(&mut self.next, &mut self.lost, out);
            self.blocks.pop_front();
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.blocks.iter_mut().for_each(|block| block.stopped = true);
        self.advance(out);
        let delta = stop::encode(self.finish.as_ref(), self.called, self.refused, &mut self.lost);
        Written::MessageDelta { delta, usage: self.usage.into() }.write(out);
        Written::MessageStop.write(out);
        self.ended = true;
    }
}

impl StreamEncoder for Encoder {
    fn encode(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        if !matches!(event, Event::Start(_) | Event::Usage(_) | Event::Error(_)) {
            self.begin(out);
        }
        match event {
            Event::Start(start) => self.start(start),
            Event::Usage(usage) => self.usage.merge(usage),
            Event::BlockStart { index, choice, block } => {
                self.open(*index, *choice, block);
                self.advance(out);
            }
            Event::Delta { index, delta } => {
                let position = self.blocks.iter().position(|block| block.index == *index);
                let Some(block) = position.and_then(|position| self.blocks.get_mut(position)) else { return };
                if let Some(piece) = block.take(delta, &mut self.lost) {
                    if position == Some(0) {
                        block.tell(piece, &mut self.next, out);
                    } else {
                        block.keep(piece);
                    }
                }
            }
            Event::BlockStop { index } => {
                if let Some(block) = self.blocks.iter_mut().find(|block| block.index == *index) {
                    block.stopped = true;
                }
                self.advance(out);
            }
            Event::Finish { choice: 0, finish } => self.finish = Some(finish.clone()),
            Event::Finish { .. } => self.lost.dropped("n"),
            Event::End => self.end(out),
            Event::Error(_) => {}
        }
    }

    fn fail(&mut self, failure: &Failure, message: &str, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.ended, true) {
            error::event(failure, message, out);
        }
    }

    fn lost(&self) -> &Losses {
        &self.lost
    }
}
