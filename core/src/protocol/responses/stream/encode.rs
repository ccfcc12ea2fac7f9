//! Events to a Responses stream.

mod call;
mod document;
mod image;
mod message;
mod output;
mod reasoning;
#[cfg(test)]
mod tests;

use self::call::Call;
use self::document::{Document, Head, Outcome};
use self::image::Image;
use self::message::Message;
use self::output::{Output, Step};
use self::reasoning::Reasoning;
use crate::config::Protocol;
use crate::error::Failure;
use crate::ir::{
    BlockStart, CallKind, Delta, Event, Executor, Finish, FinishReason, Losses, Opaque, Raw, SealKind, Start,
    ToolCall, Usage,
};
use crate::protocol::convert::{Answering, Ids, StreamEncoder};
use crate::protocol::responses::error;
use crate::protocol::responses::write::Item;

pub(in crate::protocol) struct Encoder {
    answering: Answering,
    head: Head,
    output: Output,
    blocks: Vec<Block>,
    messages: Vec<Message>,
    /// The message that a part may join.
    current: Option<usize>,
    usage: Option<Usage>,
    finish: Option<Finish>,
    lost: Losses,
    started: bool,
    ended: bool,
}

/// What became of a block.
enum Block {
    /// A part of one of the messages.
    Part {
        message: usize,
        part: usize,
    },
    Reasoning(Reasoning),
    Call(Call),
    Image(Image),
    /// Only what is said is told; its part opens with the first word.
    Audio {
        joins: bool,
    },
    Compaction {
        id: Option<String>,
        encrypted: Option<String>,
        summary: String,
    },
    /// Told already, or lost.
    Over,
}

impl Encoder {
    pub(in crate::protocol) fn new(answering: Answering) -> Self {
        Self::writing(answering, false)
    }

    /// For an answer that is not streamed: no events, just what they add up to.
    pub(in crate::protocol::responses) fn quiet(answering: Answering) -> Self {
        Self::writing(answering, true)
    }

    fn writing(answering: Answering, quiet: bool) -> Self {
        Self {
            output: Output::new(Ids::new(answering.seed.as_str()), quiet),
            answering,
            head: Head::default(),
            blocks: Vec::new(),
            messages: Vec::new(),
            current: None,
            usage: None,
            finish: None,
            lost: Losses::default(),
            started: false,
            ended: false,
        }
    }

    /// The whole answer, as far as it was told, and what it lacks.
    pub(in crate::protocol::responses) fn document(mut self) -> (Vec<u8>, Losses) {
        let mut out = Vec::new();
        self.start(&Start::default(), &mut out);
        if !self.ended {
            self.close(&mut out);
        }
        let cut = Outcome::Incomplete(None);
        let outcome = if self.ended { self.outcome() } else { cut };
        let response = self.response(&outcome);
        (response.map(|raw| raw.get().as_bytes().to_vec()).unwrap_or_default(), self.lost)
    }

    fn start(&mut self, start: &Start<'_>, out: &mut Vec<u8>) {
        if self.started {
            return;
        }
        self.started = true;
        self.head = Head {
            id: self.output.id(start.id.as_deref(), "resp_"),
            model: start.model.as_deref().unwrap_or(&self.answering.model).to_owned(),
            created_at: start.created.unwrap_or(self.answering.now),
            service_tier: start.service_tier.as_deref().map(String::from),
        };
        let response = self.response(&Outcome::Running);
        for kind in ["response.created", "response.in_progress"] {
            self.output.event(Step { kind, response: response.as_ref(), ..Step::default() }, out);
        }
    }

    fn open(&mut self, index: u32, choice: u32, block: &BlockStart<'_>, out: &mut Vec<u8>) {
        if index as usize != self.blocks.len() {
            return;
        }
        let block = if choice == 0 {
            self.block(block, out)
        } else {
            self.lost.dropped("n");
            Block::Over
        };
        self.blocks.push(block);
    }

    fn block(&mut self, block: &BlockStart<'_>, out: &mut Vec<u8>) -> Block {
        match block {
            BlockStart::Text { joins, message_id, phase } => {
                self.part(*joins, message_id.as_deref(), phase.as_deref(), false, out)
            }
            BlockStart::Refusal { joins, message_id } => {
                self.part(*joins, message_id.as_deref(), None, true, out)
            }
            BlockStart::Audio { joins, .. } => {
                self.lost.approximated("items.audio");
                Block::Audio { joins: *joins }
            }
            BlockStart::Reasoning { id, .. } => {
                self.seal_current("completed", out);
                Block::Reasoning(Reasoning::open(id.as_deref(), &mut self.output, out))
            }
            BlockStart::ToolCall { kind: CallKind::Other(_), name, executor: Executor::Server, .. } => {
                self.lost.dropped(format!("items.{name}"));
                Block::Over
            }
            BlockStart::ToolCall { id, item_id, name, namespace, kind, sealed, .. } => {
                self.seal_current("completed", out);
                if sealed.is_some() {
                    self.lost.dropped("reasoning.sealed");
                }
                let call = ToolCall {
                    item_id: item_id.as_deref().map(String::from),
                    namespace: namespace.as_deref().map(String::from),
                    kind: kind.clone(),
                    ..ToolCall::function(id.as_ref(), name.as_ref(), "")
                };
                Block::Call(Call::open(call, &mut self.output, out))
            }
            BlockStart::Image { mime, .. } => {
                self.seal_current("completed", out);
                Block::Image(Image::open(mime, &mut self.output, out))
            }
            BlockStart::Compaction { id } => {
                self.seal_current("completed", out);
                let id = id.as_deref().map(String::from);
                Block::Compaction { id, encrypted: None, summary: String::new() }
            }
            BlockStart::Opaque(Opaque { owner: Protocol::Responses, raw, .. }) => {
                self.seal_current("completed", out);
                self.output.whole(raw, out);
                Block::Over
            }
            BlockStart::Opaque(opaque) => {
                self.lost.dropped(format!("items.{}", opaque.kind));
                Block::Over
            }
        }
    }

    /// Opens a part, in the current message if it joins.
    fn part(
        &mut self,
        joins: bool,
        id: Option<&str>,
        phase: Option<&str>,
        refusal: bool,
        out: &mut Vec<u8>,
    ) -> Block {
        if !joins {
            self.seal_current("completed", out);
        }
        let current = self.current.unwrap_or_else(|| {
            self.messages.push(Message::open(id, phase, &mut self.output, out));
            self.messages.len() - 1
        });
        self.current = Some(current);
        let Some(message) = self.messages.get_mut(current) else { return Block::Over };
        Block::Part { message: current, part: message.part(refusal, &mut self.output, out) }
    }

    fn seal_current(&mut self, status: &'static str, out: &mut Vec<u8>) {
        let current = self.current.take().and_then(|current| self.messages.get_mut(current));
        if let Some(message) = current {
            message.seal(status, &mut self.output, out);
        }
    }

    fn delta(&mut self, index: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        if let (Some(Block::Audio { joins }), Delta::Text(_)) = (self.blocks.get(index as usize), delta) {
            let part = self.part(*joins, None, None, false, out);
            if let Some(block) = self.blocks.get_mut(index as usize) {
                *block = part;
            }
        }
        let Some(block) = self.blocks.get_mut(index as usize) else { return };
        let output = &mut self.output;
        match (block, delta) {
            (Block::Part { message, part }, delta) => {
                let Some(message) = self.messages.get_mut(*message) else { return };
                match delta {
                    Delta::Text(text) => message.text(*part, text, output, out),
                    Delta::Citation(citation) => {
                        message.cite(*part, citation, output, &mut self.lost, out);
                    }
                    Delta::Logprobs(more) => message.logprobs(*part, more),
                    Delta::Sealed(_) => self.lost.dropped("text.sealed"),
                    _ => {}
                }
            }
            (Block::Reasoning(reasoning), Delta::Reasoning(text)) => reasoning.thought(text, output, out),
            (Block::Reasoning(reasoning), Delta::Summary { part, text }) => {
                reasoning.summarised(Some(*part), text, output, out);
            }
            (Block::Reasoning(reasoning), Delta::Sealed(sealed)) => {
                if sealed.kind == SealKind::Encrypted {
                    reasoning.seal(&sealed.data);
                } else {
                    self.lost.dropped("reasoning.sealed");
                }
            }
            (Block::Call(call), Delta::Arguments(text)) => call.arguments(text, output, out),
            (Block::Image(image), Delta::Media(data)) => image.media(data),
            (Block::Compaction { summary, .. }, Delta::Text(text)) => summary.push_str(text),
            (Block::Compaction { encrypted, .. }, Delta::Sealed(sealed)) => {
                *encrypted = (sealed.kind == SealKind::Encrypted).then(|| sealed.data.clone());
            }
            _ => {}
        }
    }

    fn stop(&mut self, index: u32, out: &mut Vec<u8>) {
        let Some(block) = self.blocks.get_mut(index as usize) else { return };
        match std::mem::replace(block, Block::Over) {
            Block::Part { message, part } => {
                if let Some(message) = self.messages.get_mut(message) {
                    message.close(part, &mut self.output, out);
                }
            }
            Block::Reasoning(reasoning) => reasoning.close(&mut self.output, out),
            Block::Call(call) => call.close(&mut self.output, out),
            Block::Image(image) => image.close(&mut self.output, out),
            Block::Compaction { id, encrypted: Some(encrypted), .. } => {
                let id = self.output.id(id.as_deref(), "cmp_");
                let item = Item {
                    kind: "compaction",
                    id: Some(&id),
                    encrypted_content: Some(&encrypted),
                    ..Item::default()
                };
                if let Ok(raw) = Raw::of(&item) {
                    self.output.whole(&raw, out);
                }
            }
            Block::Compaction { summary, .. } if summary.is_empty() => self.lost.dropped("items.compaction"),
            Block::Compaction { summary, .. } => {
                self.lost.approximated("items.compaction");
                self.say(&summary, false, out);
            }
            Block::Audio { .. } | Block::Over => {}
        }
    }

    /// Adds a whole part.
    fn say(&mut self, text: &str, refusal: bool, out: &mut Vec<u8>) {
        let Block::Part { message, part } = self.part(true, None, None, refusal, out) else { return };
        if let Some(message) = self.messages.get_mut(message) {
            message.text(part, text, &mut self.output, out);
            message.close(part, &mut self.output, out);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.ended = true;
        let refusal =
            self.finish.as_ref().filter(|finish| finish.reason == FinishReason::Refusal && !self.refused());
        if let Some(message) = refusal.and_then(|finish| finish.message.clone()) {
            self.say(&message, true, out);
        }
        if self.finish.as_ref().is_some_and(|finish| finish.reason == FinishReason::Pause) {
            self.lost.approximated("finish.pause");
        }
        self.close(out);
        let outcome = self.outcome();
        let (kind, response) = (outcome.event(), self.response(&outcome));
        self.output.event(Step { kind, response: response.as_ref(), ..Step::default() }, out);
    }

    fn response(&self, outcome: &Outcome<'_>) -> Option<Raw> {
        Raw::of(&Document::new(&self.head, outcome, self.output.items(), self.usage)).ok()
    }

    /// Closes whatever is open, as an answer that was cut leaves it.
    fn close(&mut self, out: &mut Vec<u8>) {
        for index in 0..self.blocks.len() {
            self.stop(index as u32, out);
        }
        let whole = matches!(self.outcome(), Outcome::Completed) && self.ended;
        self.seal_current(if whole { "completed" } else { "incomplete" }, out);
    }

    fn outcome(&self) -> Outcome<'_> {
        self.finish.as_ref().map_or(Outcome::Completed, |finish| Outcome::of(finish, self.refused()))
    }

    fn refused(&self) -> bool {
        self.messages.iter().any(Message::refused)
    }
}

impl StreamEncoder for Encoder {
    fn encode(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Start(start) => return self.start(start, out),
            _ => self.start(&Start::default(), out),
        }
        match event {
            Event::Start(_) | Event::Error(_) => {}
            Event::BlockStart { index, choice, block } => self.open(*index, *choice, block, out),
            Event::Delta { index, delta } => self.delta(*index, delta, out),
            Event::BlockStop { index } => self.stop(*index, out),
            Event::Usage(usage) => self.usage.get_or_insert_default().merge(usage),
            Event::Finish { choice: 0, finish } => self.finish = Some(finish.clone()),
            Event::Finish { .. } => {}
            Event::End => self.end(out),
        }
    }

    /// What is open stays open: a client runs any call that is told as done.
    fn fail(&mut self, failure: &Failure, message: &str, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        self.start(&Start::default(), out);
        self.ended = true;
        let identity = error::Identity {
            id: Some(self.head.id.clone()),
            model: Some(self.head.model.clone()),
            created_at: Some(self.head.created_at),
        };
        error::event(failure, message, &identity, self.output.sequence(), out);
    }

    fn lost(&self) -> &Losses {
        &self.lost
    }
}
