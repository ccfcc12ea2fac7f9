//! An answer to the events that tell it.

use std::borrow::Cow;

use super::block::{Block, Source};
use super::item::{Item, Message, Reasoning, ToolCall};
use super::response::Response;
use super::stream::{BlockStart, Delta, Event, Start};

/// Tells `response` as a stream that has come to its end; one that was cut (a choice without a finish) ends
/// without [`Event::End`].
pub fn replay<'r>(response: &'r Response, each: &mut dyn FnMut(Event<'r>)) {
    each(Event::Start(Start {
        id: response.id.as_deref().map(Cow::Borrowed),
        model: response.model.as_deref().map(Cow::Borrowed),
        created: response.created,
        service_tier: response.service_tier.as_deref().map(Cow::Borrowed),
        ext: response.ext.clone(),
    }));
    let mut replay = Replay { each, next: 0, choice: 0 };
    for (number, choice) in (0..).zip(&response.choices) {
        replay.choice = number;
        choice.items.iter().for_each(|item| replay.item(item));
    }
    if let Some(usage) = response.usage {
        each(Event::Usage(usage));
    }
    for (number, choice) in (0..).zip(&response.choices) {
        if let Some(finish) = &choice.finish {
            each(Event::Finish { choice: number, finish: finish.clone() });
        }
    }
    if response.choices.iter().all(|choice| choice.finish.is_some()) {
        each(Event::End);
    }
}

struct Replay<'e, 'r> {
    each: &'e mut dyn FnMut(Event<'r>),
    next: u32,
    choice: u32,
}

impl<'r> Replay<'_, 'r> {
    fn item(&mut self, item: &'r Item) {
        match item {
            Item::Message(message) => self.message(message),
            Item::Reasoning(reasoning) => self.reasoning(reasoning),
            Item::ToolCall(call) => self.call(call),
            Item::Compaction(compaction) => {
                let start = BlockStart::Compaction { id: compaction.id.as_deref().map(Cow::Borrowed) };
                let summary = compaction.summary.as_deref().map(|text| Delta::Text(Cow::Borrowed(text)));
                let sealed = compaction.sealed.clone().map(Delta::Sealed);
                self.block(start, summary.into_iter().chain(sealed));
            }
            Item::Opaque(opaque) => self.block(BlockStart::Opaque(opaque.clone()), []),
            // Results are what a client sends; no answer has one.
            Item::ToolResult(_) => {}
        }
    }

    fn message(&mut self, message: &'r Message) {
        let id = message.id.as_deref().map(Cow::Borrowed);
        for (position, block) in message.blocks.iter().enumerate() {
            let joins = position > 0;
            match block {
                Block::Text(text) => {
                    let phase = message.phase.as_deref().map(Cow::Borrowed);
                    let start = BlockStart::Text { joins, message_id: id.clone(), phase };
                    let written = (!text.text.is_empty()).then(|| Delta::Text(Cow::Borrowed(&text.text)));
                    let logprobs = text.logprobs.clone().map(Delta::Logprobs);
                    let citations = text.citations.iter().cloned().map(Delta::Citation);
                    let sealed = text.sealed.clone().map(Delta::Sealed);
                    self.block(start, written.into_iter().chain(logprobs).chain(citations).chain(sealed));
                }
                Block::Refusal(refusal) => {
                    let start = BlockStart::Refusal { joins, message_id: id.clone() };
                    self.block(start, [Delta::Text(Cow::Borrowed(refusal))]);
                }
                Block::Image(image) => {
                    if let Source::Base64 { mime, data } = &image.source {
                        let start = BlockStart::Image { joins, mime: Cow::Borrowed(mime) };
                        self.block(start, [Delta::Media(Cow::Borrowed(data))]);
                    }
                }
                Block::Audio(audio) => {
                    if let Source::Base64 { mime, data } = &audio.source {
                        let id = audio.id.as_deref().map(Cow::Borrowed);
                        let start = BlockStart::Audio { joins, mime: Cow::Borrowed(mime), id };
                        let said = audio.transcript.as_deref().map(|text| Delta::Text(Cow::Borrowed(text)));
                        self.block(start, said.into_iter().chain([Delta::Media(Cow::Borrowed(data))]));
                    }
                }
                Block::Opaque(opaque) => self.block(BlockStart::Opaque(opaque.clone()), []),
                // Models answer with neither.
                Block::File(_) | Block::Video(_) => {}
            }
        }
    }

    fn reasoning(&mut self, reasoning: &'r Reasoning) {
        let id = reasoning.id.as_deref().map(Cow::Borrowed);
        let start = BlockStart::Reasoning { id, redacted: reasoning.redacted };
        let summary = (0..)
            .zip(&reasoning.summary)
            .map(|(part, text)| Delta::Summary { part, text: Cow::Borrowed(text.as_str()) });
        let text = reasoning.text.as_deref().map(|text| Delta::Reasoning(Cow::Borrowed(text)));
        self.block(start, summary.chain(text).chain(reasoning.sealed.clone().map(Delta::Sealed)));
    }

    fn call(&mut self, call: &'r ToolCall) {
        let start = BlockStart::ToolCall {
            id: Cow::Borrowed(&call.id),
            item_id: call.item_id.as_deref().map(Cow::Borrowed),
            name: Cow::Borrowed(&call.name),
            namespace: call.namespace.as_deref().map(Cow::Borrowed),
            kind: call.kind.clone(),
            executor: call.executor,
            sealed: call.sealed.clone(),
        };
        let arguments =
            (!call.arguments.is_empty()).then(|| Delta::Arguments(Cow::Borrowed(&call.arguments)));
        self.block(start, arguments);
    }

    fn block(&mut self, block: BlockStart<'r>, deltas: impl IntoIterator<Item = Delta<'r>>) {
        let index = self.next;
        self.next += 1;
        (self.each)(Event::BlockStart { index, choice: self.choice, block });
        for delta in deltas {
            (self.each)(Event::Delta { index, delta });
        }
        (self.each)(Event::BlockStop { index });
    }
}
