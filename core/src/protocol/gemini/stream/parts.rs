//! Events to the parts of each candidate.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::grounding::{self, Cited};
use crate::config::Protocol;
use crate::ir::{
    BlockStart, CallKind, Delta, Event, Executor, Finish, FinishReason, Losses, Opaque, Raw, SealKind, Sealed,
};
use crate::protocol::gemini::logprobs;
use crate::protocol::gemini::wire::answer::Ending;
use crate::protocol::gemini::wire::part::{FunctionCall, Part, Written, args, wrapped_args};
use crate::sorted::ByIndex;

/// Text kept to tell which of it is cited, in bytes.
const MAX_TEXT: usize = 1024 * 1024;

/// What is open, and what is known of each candidate.
#[derive(Debug, Default)]
pub(in crate::protocol::gemini) struct Parts {
    open: ByIndex<Open>,
    candidates: BTreeMap<u32, Candidate>,
    pub lost: Losses,
}

#[derive(Debug)]
struct Open {
    choice: u32,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Text(String),
    Refusal,
    /// The part of the summary that comes.
    Reasoning(Option<u32>),
    Call(Call),
    Image {
        mime: String,
        data: String,
    },
    Audio {
        mime: String,
    },
    Lost,
}

/// Clients expect calls whole.
#[derive(Debug)]
struct Call {
    id: String,
    name: String,
    custom: bool,
    arguments: String,
    signature: Option<String>,
}

#[derive(Debug, Default)]
struct Candidate {
    /// Of a thought: clients send back calls and their signatures, not thoughts.
    signature: Option<String>,
    /// Bytes of text written.
    length: usize,
    cited: Vec<Cited>,
    logprobs: Vec<Value>,
    finish: Option<Finish>,
}

type Each<'e> = &'e mut dyn FnMut(u32, Written<'_>);

impl Parts {
    pub(in crate::protocol::gemini) fn take(&mut self, event: &Event<'_>, each: Each<'_>) {
        match event {
            Event::BlockStart { index, choice, block } => self.start(*index, *choice, block, each),
            Event::Delta { index, delta } => self.delta(*index, delta, each),
            Event::BlockStop { index } => self.stop(*index, each),
            Event::Finish { choice, finish } => {
                if finish.reason == FinishReason::Pause {
                    self.lost.approximated("finish.pause");
                }
                if finish.stop_sequence.is_some() {
                    self.lost.dropped("stop_sequence");
                }
                self.candidate(*choice).finish = Some(finish.clone());
            }
            Event::Start(_) | Event::Usage(_) | Event::End | Event::Error(_) => {}
        }
    }

    /// Writes what was kept for a part that did not come.
    pub(in crate::protocol::gemini) fn flush(&mut self, each: Each<'_>) {
        for (choice, candidate) in &mut self.candidates {
            if let Some(signature) = candidate.signature.take() {
                each(*choice, written(Part::text("").signed(Some(signature))));
            }
        }
    }

    /// Each candidate, by its number, and how it ended.
    pub(in crate::protocol::gemini) fn endings(
        &self,
    ) -> impl Iterator<Item = (u32, Option<&Finish>, Ending<'_>)> {
        self.candidates.iter().map(|(choice, candidate)| {
            let mut ending = candidate.finish.as_ref().map(Ending::of).unwrap_or_default();
            if ending.grounding_metadata.is_none() && ending.citation_metadata.is_none() {
                ending.grounding_metadata = grounding::encode(&candidate.cited);
            }
            if !candidate.logprobs.is_empty() {
                ending.logprobs_result =
                    logprobs::encode(&Raw::from(Value::Array(candidate.logprobs.clone())));
            }
            (*choice, candidate.finish.as_ref(), ending)
        })
    }

    fn start(&mut self, index: u32, choice: u32, block: &BlockStart<'_>, each: Each<'_>) {
        let kind = match block {
            BlockStart::Text { .. } => Kind::Text(String::new()),
            BlockStart::Refusal { .. } => Kind::Refusal,
            BlockStart::Reasoning { .. } => Kind::Reasoning(None),
            BlockStart::ToolCall { kind: CallKind::Other(kind), .. } => {
                self.lost.dropped(format!("items.{kind}"));
                Kind::Lost
            }
            BlockStart::ToolCall { name, executor: Executor::Server, .. } => {
                self.lost.dropped(format!("items.{name}"));
                Kind::Lost
            }
            BlockStart::ToolCall { id, name, namespace, kind, sealed, .. } => {
                if namespace.is_some() {
                    self.lost.approximated("tools.namespace");
                }
                if *kind != CallKind::Function {
                    self.lost.approximated("tools.custom");
                }
                Kind::Call(Call {
                    id: id.as_ref().to_owned(),
                    name: name.as_ref().to_owned(),
                    custom: *kind == CallKind::Custom,
                    arguments: String::new(),
                    signature: sealed.as_ref().and_then(|sealed| self.signature(sealed)),
                })
            }
            BlockStart::Image { mime, .. } => {
                Kind::Image { mime: mime.as_ref().to_owned(), data: String::new() }
            }
            BlockStart::Audio { mime, .. } => Kind::Audio { mime: mime.as_ref().to_owned() },
            BlockStart::Compaction { .. } => {
                self.lost.dropped("items.compaction");
                Kind::Lost
            }
            BlockStart::Opaque(Opaque { owner: Protocol::Gemini, raw, .. }) => {
                each(choice, Written::Raw(raw));
                Kind::Lost
            }
            BlockStart::Opaque(opaque) => {
                self.lost.dropped(format!("items.{}", opaque.kind));
                Kind::Lost
            }
        };
        self.candidate(choice);
        self.open.insert(index, Open { choice, kind });
    }

    fn delta(&mut self, index: u32, delta: &Delta<'_>, each: Each<'_>) {
        let Some(Open { choice, mut kind }) = self.open.remove(index) else { return };
        match (&mut kind, delta) {
            (Kind::Text(text), Delta::Text(more)) => {
                if text.len() + more.len() <= MAX_TEXT {
                    text.push_str(more);
                }
                self.text(choice, more, each);
            }
            (Kind::Refusal, Delta::Text(more)) => self.text(choice, more, each),
            (Kind::Text(_), Delta::Sealed(sealed)) => {
                if let Some(signature) = self.signature(sealed) {
                    each(choice, written(Part::text("").signed(Some(signature))));
                }
            }
            (Kind::Text(text), Delta::Citation(citation)) => {
                let candidate = self.candidate(choice);
                let base = candidate.length.saturating_sub(text.len());
                match Cited::of(citation, base, text) {
                    Some(cited) => candidate.cited.push(cited),
                    None => self.lost.dropped("citations"),
                }
            }
            (Kind::Text(_), Delta::Logprobs(tokens)) => {
                if let Value::Array(tokens) = tokens.value() {
                    self.candidate(choice).logprobs.extend(tokens);
                }
            }
            (Kind::Reasoning(_), Delta::Reasoning(text)) => thought(choice, text, each),
            (Kind::Reasoning(part), Delta::Summary { part: new, text }) => {
                if part.is_some_and(|part| part != *new) {
                    thought(choice, "\n\n", each);
                }
                *part = Some(*new);
                thought(choice, text, each);
            }
            (Kind::Reasoning(_), Delta::Sealed(sealed)) => {
                if let Some(signature) = self.signature(sealed) {
                    let earlier = self.candidate(choice).signature.replace(signature);
                    if let Some(earlier) = earlier {
                        each(choice, written(Part::text("").signed(Some(earlier))));
                    }
                }
            }
            (Kind::Call(call), Delta::Arguments(more)) => call.arguments.push_str(more),
            (Kind::Image { data, .. }, Delta::Media(more)) => data.push_str(more),
            (Kind::Audio { mime }, Delta::Media(data)) if !data.is_empty() => {
                each(choice, written(Part::inline(mime.as_str(), data.as_ref())));
            }
            (Kind::Audio { .. }, Delta::Text(_)) => self.lost.approximated("items.audio"),
            _ => {}
        }
        self.open.insert(index, Open { choice, kind });
    }

    fn stop(&mut self, index: u32, each: Each<'_>) {
        let Some(Open { choice, kind }) = self.open.remove(index) else { return };
        match kind {
            Kind::Call(call) => self.call(choice, call, each),
            Kind::Image { mime, data } => each(choice, written(Part::inline(mime, data))),
            _ => {}
        }
    }

    fn call(&mut self, choice: u32, call: Call, each: Each<'_>) {
        let object = args(&call.arguments).filter(|_| !call.custom);
        if object.is_none() && !call.custom {
            self.lost.approximated("items.tool_call");
        }
        let args = object.unwrap_or_else(|| wrapped_args(&call.arguments));
        let kept = &mut self.candidate(choice).signature;
        let signature = match call.signature {
            Some(own) => {
                // Told once.
                kept.take_if(|kept| *kept == own);
                Some(own)
            }
            None => kept.take(),
        };
        let function_call = Some(FunctionCall { id: Cow::Owned(call.id), name: Cow::Owned(call.name), args });
        each(choice, written(Part { function_call, ..Part::default() }.signed(signature)));
    }

    fn text(&mut self, choice: u32, text: &str, each: Each<'_>) {
        if !text.is_empty() {
            self.candidate(choice).length += text.len();
            each(choice, written(Part::text(text)));
        }
    }

    fn signature(&mut self, sealed: &Sealed) -> Option<String> {
        if sealed.kind != SealKind::Thought {
            self.lost.dropped("reasoning.sealed");
            return None;
        }
        Some(sealed.data.clone())
    }

    fn candidate(&mut self, choice: u32) -> &mut Candidate {
        self.candidates.entry(choice).or_default()
    }
}

fn thought(choice: u32, text: &str, each: Each<'_>) {
    if !text.is_empty() {
        each(choice, written(Part { thought: true, ..Part::text(text) }));
    }
}

fn written(part: Part<'_>) -> Written<'_> {
    Written::Part(Box::new(part))
}
