//! Events to an answer.

use super::block::{Audio, Block, Image, Source, Text};
use super::item::{Compaction, Item, Message, Reasoning, Role, ToolCall};
use super::raw::Raw;
use super::response::{Choice, Finish, Response};
use super::stream::{BlockStart, Delta, Event, Start};
use super::{Ext, Usage};
use crate::protocol::UpstreamError;

/// Folds the events of one stream into the answer they tell.
#[derive(Debug, Default)]
pub struct Accumulator {
    response: Response,
    blocks: Vec<Building>,
    ended: bool,
    error: Option<UpstreamError>,
}

/// A block, whether it is closed or not.
#[derive(Debug)]
struct Building {
    choice: u32,
    piece: Piece,
}

#[derive(Debug)]
enum Piece {
    /// Part of a message; a new one unless it `joins` the one before.
    Part {
        joins: bool,
        id: Option<String>,
        phase: Option<String>,
        block: Block,
    },
    Item(Item),
}

impl Accumulator {
    /// Takes in the next event. What contradicts the rules of [`Event`] is passed over.
    pub fn push(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(start) => self.start(start),
            Event::BlockStart { index, choice, block } => {
                if *index as usize == self.blocks.len() {
                    self.blocks.push(Building { choice: *choice, piece: Piece::open(block) });
                }
            }
            Event::Delta { index, delta } => {
                if let Some(block) = self.blocks.get_mut(*index as usize) {
                    block.piece.extend(delta);
                }
            }
            Event::BlockStop { .. } => {}
            Event::Usage(usage) => self.response.usage.get_or_insert_default().merge(usage),
            Event::Finish { choice, finish } => self.choice(*choice).finish = Some(finish.clone()),
            Event::End => self.ended = true,
            Event::Error(error) => self.error = Some(error.clone()),
        }
    }

    pub fn usage(&self) -> Option<Usage> {
        self.response.usage
    }

    /// Whether [`Event::End`] came.
    pub fn ended(&self) -> bool {
        self.ended
    }

    pub fn error(&self) -> Option<&UpstreamError> {
        self.error.as_ref()
    }

    /// Why the first choice ended, if that is known yet.
    pub fn finish(&self) -> Option<&Finish> {
        self.response.choices.first()?.finish.as_ref()
    }

    /// What came until now.
    pub fn into_response(mut self) -> Response {
        for Building { choice, piece } in std::mem::take(&mut self.blocks) {
            let items = &mut self.choice(choice).items;
            match (piece, items.last_mut()) {
                (Piece::Item(item), _) => items.push(item),
                (Piece::Part { joins: true, block, .. }, Some(Item::Message(message))) => {
                    message.blocks.push(block);
                }
                (Piece::Part { id, phase, block, .. }, _) => {
                    let message = Message { id, phase, ..Message::new(Role::Assistant, vec![block]) };
                    items.push(Item::Message(message));
                }
            }
        }
        self.response
    }

    fn start(&mut self, start: &Start<'_>) {
        let response = &mut self.response;
        response.id = start.id.as_deref().map(Into::into);
        response.model = start.model.as_deref().map(Into::into);
        response.created = start.created;
        response.service_tier = start.service_tier.as_deref().map(Into::into);
        response.ext.clone_from(&start.ext);
        self.choice(0);
    }

    fn choice(&mut self, choice: u32) -> &mut Choice {
        let choices = &mut self.response.choices;
        let at = (choice as usize).min(choices.len());
        if at == choices.len() {
            choices.push(Choice::default());
        }
        let last = choices.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "`at` was pushed if it was missing")]
        &mut choices[at.min(last)]
    }
}

impl Piece {
    fn open(start: &BlockStart<'_>) -> Self {
        let owned = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(String::from);
        match start {
            BlockStart::Text { joins, message_id, phase } => Self::Part {
                joins: *joins,
                id: owned(message_id),
                phase: owned(phase),
                block: Block::Text(Text::default()),
            },
            BlockStart::Refusal { joins, message_id } => Self::Part {
                joins: *joins,
                id: owned(message_id),
                phase: None,
                block: Block::Refusal(String::new()),
            },
            BlockStart::Image { joins, mime } => {
                Self::media(*joins, Block::Image(Image { source: base64(mime), detail: None, cache: None }))
            }
            BlockStart::Audio { joins, mime, id } => Self::media(
                *joins,
                Block::Audio(Audio { source: base64(mime), transcript: None, id: owned(id) }),
            ),
            BlockStart::Reasoning { id, redacted } => Self::Item(Item::Reasoning(Reasoning {
                id: owned(id),
                redacted: *redacted,
                ..Reasoning::default()
            })),
            BlockStart::ToolCall { id, item_id, name, namespace, kind, executor, sealed } => {
                Self::Item(Item::ToolCall(ToolCall {
                    id: id.as_ref().into(),
                    item_id: owned(item_id),
                    name: name.as_ref().into(),
                    namespace: owned(namespace),
                    kind: kind.clone(),
                    arguments: String::new(),
                    executor: *executor,
                    sealed: sealed.clone(),
                    cache: None,
                    ext: Ext::new(),
                }))
            }
            BlockStart::Compaction { id } => {
                Self::Item(Item::Compaction(Compaction { id: owned(id), ..Compaction::default() }))
            }
            BlockStart::Opaque(opaque) => Self::Item(Item::Opaque(opaque.clone())),
        }
    }

    fn media(joins: bool, block: Block) -> Self {
        Self::Part { joins, id: None, phase: None, block }
    }

    fn extend(&mut self, delta: &Delta<'_>) {
        match self {
            Self::Part { block: Block::Text(text), .. } => extend_text(text, delta),
            Self::Part { block: Block::Refusal(refusal), .. } => {
                if let Delta::Text(more) = delta {
                    refusal.push_str(more);
                }
            }
            Self::Part { block: Block::Image(image), .. } => extend_media(&mut image.source, delta),
            Self::Part { block: Block::Audio(audio), .. } => match delta {
                Delta::Text(more) => audio.transcript.get_or_insert_default().push_str(more),
                _ => extend_media(&mut audio.source, delta),
            },
            Self::Item(Item::Reasoning(reasoning)) => extend_reasoning(reasoning, delta),
            Self::Item(Item::ToolCall(call)) => {
                if let Delta::Arguments(more) = delta {
                    call.arguments.push_str(more);
                }
            }
            Self::Item(Item::Compaction(compaction)) => match delta {
                Delta::Text(more) => compaction.summary.get_or_insert_default().push_str(more),
                Delta::Sealed(sealed) => compaction.sealed = Some(sealed.clone()),
                _ => {}
            },
            Self::Part { .. } | Self::Item(_) => {}
        }
    }
}

fn base64(mime: &str) -> Source {
    Source::Base64 { mime: mime.into(), data: String::new() }
}

fn extend_text(text: &mut Text, delta: &Delta<'_>) {
    match delta {
        Delta::Text(more) => text.text.push_str(more),
        Delta::Sealed(sealed) => text.sealed = Some(sealed.clone()),
        Delta::Citation(citation) => text.citations.push(citation.clone()),
        Delta::Logprobs(more) => text.logprobs = Some(joined(text.logprobs.take(), more)),
        Delta::Reasoning(_) | Delta::Summary { .. } | Delta::Arguments(_) | Delta::Media(_) => {}
    }
}

fn extend_reasoning(reasoning: &mut Reasoning, delta: &Delta<'_>) {
    match delta {
        Delta::Reasoning(more) => reasoning.text.get_or_insert_default().push_str(more),
        Delta::Summary { part, text } => {
            let part = (*part as usize).min(reasoning.summary.len());
            match reasoning.summary.get_mut(part) {
                Some(summary) => summary.push_str(text),
                None => reasoning.summary.push(text.as_ref().into()),
            }
        }
        Delta::Sealed(sealed) => reasoning.sealed = Some(sealed.clone()),
        _ => {}
    }
}

fn extend_media(source: &mut Source, delta: &Delta<'_>) {
    if let (Source::Base64 { data, .. }, Delta::Media(more)) = (source, delta) {
        data.push_str(more);
    }
}

/// One array of both arrays' elements.
fn joined(earlier: Option<Raw>, later: &Raw) -> Raw {
    let Some(earlier) = earlier else { return later.clone() };
    match (earlier.value(), later.value()) {
        (serde_json::Value::Array(mut all), serde_json::Value::Array(more)) => {
            all.extend(more);
            Raw::from(serde_json::Value::Array(all))
        }
        _ => later.clone(),
    }
}
