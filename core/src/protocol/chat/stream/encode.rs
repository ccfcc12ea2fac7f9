//! Events to a client's chunks.

mod blocks;

use serde::Serialize;
use serde_json::json;

use self::blocks::{Choice, Kind, Open};
use crate::codec::sse;
use crate::error::Failure;
use crate::ir::{
    BlockStart, CallKind, Citation, Delta, Event, Executor, Finish, FinishReason, Losses, Raw, SealKind,
    Sealed, Start, Usage,
};
use crate::protocol::chat::answer::{BREAK, Head, NO_ARGUMENTS, Told, extra_content, tool_name};
use crate::protocol::chat::finish::{self, Did};
use crate::protocol::chat::wire::annotation::{Annotation, Place};
use crate::protocol::convert::{Answering, StreamEncoder};
use crate::protocol::openai;

/// Writes the chunks of one answer.
pub(in crate::protocol) struct Encoder {
    answering: Answering,
    /// `data: {"id":…,"choices":[`: what all chunks start with.
    prefix: Vec<u8>,
    choices: Vec<Choice>,
    /// By their index.
    blocks: Vec<Open>,
    /// Citations that mean all of a block, by its index, until it is whole.
    held: Vec<(u32, Citation)>,
    usage: Option<Usage>,
    over: bool,
    lost: Losses,
}

impl Encoder {
    pub(in crate::protocol) fn new(answering: Answering) -> Self {
        Self {
            answering,
            prefix: Vec::new(),
            choices: Vec::new(),
            blocks: Vec::new(),
            held: Vec::new(),
            usage: None,
            over: false,
            lost: Losses::default(),
        }
    }
}

impl StreamEncoder for Encoder {
    fn encode(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.over {
            return;
        }
        if self.prefix.is_empty() && !matches!(event, Event::Start(_)) {
            self.begin(&Start::default());
        }
        match event {
            Event::Start(start) => {
                self.begin(start);
                self.choice(0, out);
            }
            Event::BlockStart { index, choice, block } => {
                let opened = self.open(*choice, block, out);
                let at = *index as usize;
                // What a stage before this one swallowed left a gap.
                self.blocks.resize(at, Open { kind: Kind::Silent, ..opened });
                self.blocks.push(opened);
            }
            Event::Delta { index, delta } => self.delta(*index, delta, out),
            Event::BlockStop { index } => self.stop(*index, out),
            Event::Usage(usage) => self.usage.get_or_insert_default().merge(usage),
            Event::Finish { choice, finish } => self.finish(*choice, finish, out),
            Event::End => self.end(out),
            Event::Error(_) => {}
        }
    }

    fn fail(&mut self, failure: &Failure, message: &str, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.over, true) {
            openai::error_event(failure, message, out);
        }
    }

    fn lost(&self) -> &Losses {
        &self.lost
    }
}

impl Encoder {
    fn begin(&mut self, start: &Start<'_>) {
        let told = Told {
            id: start.id.as_deref(),
            model: start.model.as_deref(),
            created: start.created,
            service_tier: start.service_tier.as_deref(),
            ext: Some(&start.ext),
        };
        let head = Head::new("chat.completion.chunk", &told, &self.answering);
        self.prefix.clear();
        self.prefix.extend_from_slice(b"data: ");
        write(&mut self.prefix, &head);
        self.prefix.pop();
        self.prefix.extend_from_slice(br#","choices":["#);
    }

    /// Introduces a choice that is new.
    fn choice(&mut self, number: u32, out: &mut Vec<u8>) -> usize {
        if let Some(at) = self.choices.iter().position(|choice| choice.number == number) {
            return at;
        }
        self.choices.push(Choice::new(number));
        self.text(number, r#"{"role":"assistant","content":"#, "", "}", out);
        self.choices.len() - 1
    }

    fn open(&mut self, choice: u32, block: &BlockStart<'_>, out: &mut Vec<u8>) -> Open {
        let at = self.choice(choice, out);
        let kind = self.kind(at, block);
        self.announce(choice, block, kind, out);
        Open { choice, at, kind }
    }

    fn kind(&mut self, at: usize, block: &BlockStart<'_>) -> Kind {
        let Some(state) = self.choices.get_mut(at) else { return Kind::Silent };
        match block {
            BlockStart::Text { joins, .. } => Kind::Text { breaks: !joins && state.said, length: 0 },
            BlockStart::Compaction { .. } => Kind::Compaction { breaks: state.said, empty: true },
            BlockStart::Refusal { .. } => {
                state.refused = true;
                Kind::Refusal
            }
            BlockStart::Reasoning { .. } => Kind::Reasoning { breaks: state.thought, part: None },
            BlockStart::ToolCall { executor: Executor::Client, kind, .. } => {
                let index = state.calls;
                state.calls += 1;
                Kind::Call { index, custom: *kind == CallKind::Custom, empty: true }
            }
            BlockStart::Audio { .. } => Kind::Audio,
            BlockStart::ToolCall { kind: CallKind::Other(kind), .. } => {
                self.lost.dropped(format!("items.{kind}"));
                Kind::Silent
            }
            BlockStart::ToolCall { .. } => {
                self.lost.dropped("items.tool_call");
                Kind::Silent
            }
            BlockStart::Image { .. } => {
                self.lost.dropped("items.image");
                Kind::Silent
            }
            BlockStart::Opaque(opaque) => {
                self.lost.dropped(format!("items.{}", opaque.kind));
                Kind::Silent
            }
        }
    }

    /// What is known of a block when it opens.
    fn announce(&mut self, choice: u32, block: &BlockStart<'_>, kind: Kind, out: &mut Vec<u8>) {
        match (block, kind) {
            (BlockStart::ToolCall { id, name, namespace, sealed, .. }, Kind::Call { index, custom, .. }) => {
                let name = tool_name(name, namespace.as_deref());
                let extra_content = extra_content(sealed.as_ref());
                if sealed.is_some() && extra_content.is_none() {
                    self.lost.dropped("reasoning.sealed");
                }
                let mut call = json!({"index": index, "id": id});
                if let Some(call) = call.as_object_mut() {
                    let (kind, called) = if custom {
                        ("custom", json!({"name": name, "input": ""}))
                    } else {
                        ("function", json!({"name": name, "arguments": ""}))
                    };
                    call.insert("type".into(), kind.into());
                    call.insert(kind.into(), called);
                    call.extend(extra_content.map(|extra| ("extra_content".to_owned(), extra)));
                }
                self.chunk(choice, &json!({"tool_calls": [call]}), out);
            }
            (BlockStart::Audio { id, .. }, Kind::Audio) => {
                let minted = format!("audio_{}", self.answering.seed);
                let id = id.as_deref().unwrap_or(&minted);
                self.text(choice, r#"{"audio":{"id":"#, id, "}}", out);
            }
            _ => {}
        }
    }

    fn delta(&mut self, index: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let Some(Open { choice, at, kind }) = self.blocks.get_mut(index as usize) else { return };
        let Some(state) = self.choices.get_mut(*at) else { return };
        let choice = *choice;
        let (head, breaks, text, tail) = match (delta, kind) {
            (_, Kind::Silent) => return,
            (Delta::Text(text), Kind::Text { breaks, length }) if !text.is_empty() => {
                state.said = true;
                let more = text.chars().count() as u64;
                *length += more;
                state.written += more + if *breaks { BREAK.len() as u64 } else { 0 };
                (r#"{"content":"#, std::mem::take(breaks), text, "}")
            }
            (Delta::Text(text), Kind::Compaction { breaks, empty }) if !text.is_empty() => {
                state.said = true;
                *empty = false;
                state.written += text.chars().count() as u64 + if *breaks { BREAK.len() as u64 } else { 0 };
                (r#"{"content":"#, std::mem::take(breaks), text, "}")
            }
            (Delta::Text(text), Kind::Refusal) => (r#"{"refusal":"#, false, text, "}"),
            (Delta::Text(text), Kind::Audio) => (r#"{"audio":{"transcript":"#, false, text, "}}"),
            (Delta::Media(data), Kind::Audio) => (r#"{"audio":{"data":"#, false, data, "}}"),
            (Delta::Reasoning(text), Kind::Reasoning { breaks, part }) if !text.is_empty() => {
                state.thought = true;
                let after_summary = part.take().is_some();
                (r#"{"reasoning_content":"#, std::mem::take(breaks) || after_summary, text, "}")
            }
            (Delta::Summary { part, text }, Kind::Reasoning { breaks, part: last }) if !text.is_empty() => {
                state.thought = true;
                let next = last.replace(*part).is_some_and(|last| last != *part);
                (r#"{"reasoning_content":"#, std::mem::take(breaks) || next, text, "}")
            }
            (Delta::Arguments(text), Kind::Call { index, custom, empty }) if !text.is_empty() => {
                *empty = false;
                let (index, custom) = (*index, *custom);
                return self.arguments(choice, index, custom, text, out);
            }
            (Delta::Logprobs(raw), Kind::Text { .. }) => return self.logprobs(choice, raw, out),
            (Delta::Citation(citation), _) => return self.cite(index, citation, out),
            (Delta::Sealed(_), Kind::Text { .. }) => return self.lost.dropped("text.sealed"),
            (Delta::Sealed(sealed), Kind::Reasoning { .. }) => return self.seal(choice, sealed, out),
            _ => return,
        };
        if breaks {
            self.text(choice, head, BREAK, tail, out);
        }
        self.text(choice, head, text, tail, out);
    }

    fn cite(&mut self, index: u32, citation: &Citation, out: &mut Vec<u8>) {
        if matches!(citation, Citation::Url { end: None, .. }) {
            return self.held.push((index, citation.clone()));
        }
        let Some(Open { choice, at, kind }) = self.blocks.get(index as usize).copied() else { return };
        let written = self.choices.get(at).map_or(0, |state| state.written);
        let place = match kind {
            Kind::Text { breaks: true, length } => Place { start: written + BREAK.len() as u64, length },
            Kind::Text { breaks: false, length } => Place { start: written.saturating_sub(length), length },
            _ => Place::default(),
        };
        match Annotation::encode(citation, &place) {
            Some(annotation) => self.chunk(choice, &json!({"annotations": [annotation]}), out),
            None => self.lost.dropped("citations"),
        }
    }

    fn seal(&mut self, choice: u32, sealed: &Sealed, out: &mut Vec<u8>) {
        match (sealed.kind, Raw::parse(sealed.data.as_str())) {
            (SealKind::Details, Ok(details)) => {
                self.write(choice, out, |out| {
                    out.extend_from_slice(br#"{"reasoning_details":"#);
                    write(out, &details);
                    out.extend_from_slice(b"}");
                    out.extend_from_slice(REST);
                });
            }
            _ => self.lost.dropped("reasoning.sealed"),
        }
    }

    fn stop(&mut self, index: u32, out: &mut Vec<u8>) {
        let Some(Open { choice, kind, .. }) = self.blocks.get(index as usize) else { return };
        match kind {
            Kind::Call { index, custom: false, empty: true } => {
                self.arguments(*choice, *index, false, NO_ARGUMENTS, out);
            }
            Kind::Text { length, .. } => {
                let whole = *length;
                while let Some(at) = self.held.iter().position(|(held, _)| *held == index) {
                    let (_, mut citation) = self.held.remove(at);
                    if let Citation::Url { end, .. } = &mut citation {
                        *end = Some(whole);
                    }
                    self.cite(index, &citation, out);
                }
            }
            Kind::Compaction { empty: true, .. } => self.lost.dropped("items.compaction"),
            Kind::Compaction { empty: false, .. } => self.lost.approximated("items.compaction"),
            _ => {}
        }
    }

    fn finish(&mut self, number: u32, finish: &Finish, out: &mut Vec<u8>) {
        let at = self.choice(number, out);
        let Some(state) = self.choices.get_mut(at) else { return };
        let declined =
            finish.message.as_deref().filter(|_| finish.reason == FinishReason::Refusal && !state.refused);
        state.refused |= declined.is_some();
        state.finished = true;
        let reason = finish::encode(finish.reason, Did { call: state.calls > 0, refuse: state.refused });
        if let Some(message) = declined {
            self.text(number, r#"{"refusal":"#, message, "}", out);
        }
        if let Some(feature) = finish::loss(finish.reason) {
            self.lost.approximated(feature);
        }
        self.reason(number, reason, out);
    }

    fn reason(&self, choice: u32, reason: &str, out: &mut Vec<u8>) {
        self.write(choice, out, |out| {
            out.extend_from_slice(br#"{},"logprobs":null,"finish_reason":"#);
            write(out, reason);
        });
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.over = true;
        for choice in self.choices.iter().filter(|choice| !choice.finished) {
            self.reason(choice.number, "stop", out);
        }
        if let Some(usage) = self.usage.filter(|_| self.answering.include_usage) {
            out.extend_from_slice(&self.prefix);
            out.extend_from_slice(br#"],"usage":"#);
            write(out, &openai::usage::encode_chat(&usage));
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn arguments(&self, choice: u32, call: u32, custom: bool, text: &str, out: &mut Vec<u8>) {
        self.write(choice, out, |out| {
            out.extend_from_slice(br#"{"tool_calls":[{"index":"#);
            write(out, &call);
            out.extend_from_slice(if custom {
                br#","custom":{"input":"#
            } else {
                br#","function":{"arguments":"#
            });
            write(out, text);
            out.extend_from_slice(b"}}]}");
            out.extend_from_slice(REST);
        });
    }

    /// Of the text that came just before.
    fn logprobs(&self, choice: u32, logprobs: &Raw, out: &mut Vec<u8>) {
        self.write(choice, out, |out| {
            out.extend_from_slice(br#"{"content":""},"logprobs":{"content":"#);
            write(out, logprobs);
            out.extend_from_slice(br#","refusal":null},"finish_reason":null"#);
        });
    }

    /// A chunk whose delta is one text between `head` and `tail`.
    fn text(&self, choice: u32, head: &str, text: &str, tail: &str, out: &mut Vec<u8>) {
        self.write(choice, out, |out| {
            out.extend_from_slice(head.as_bytes());
            write(out, text);
            out.extend_from_slice(tail.as_bytes());
            out.extend_from_slice(REST);
        });
    }

    fn chunk(&self, choice: u32, delta: &impl Serialize, out: &mut Vec<u8>) {
        self.write(choice, out, |out| {
            write(out, delta);
            out.extend_from_slice(REST);
        });
    }

    /// A chunk with one choice, whose delta and what follows it `rest` writes.
    fn write(&self, choice: u32, out: &mut Vec<u8>, rest: impl FnOnce(&mut Vec<u8>)) {
        out.extend_from_slice(&self.prefix);
        out.extend_from_slice(br#"{"index":"#);
        write(out, &choice);
        out.extend_from_slice(br#","delta":"#);
        let start = out.len();
        rest(out);
        sse::join_lines(out.get_mut(start..).unwrap_or_default());
        let usage: &[u8] = if self.answering.include_usage { br#"}],"usage":null}"# } else { b"}]}" };
        out.extend_from_slice(usage);
        out.extend_from_slice(b"\n\n");
    }
}

/// What follows a delta that is not the last.
const REST: &[u8] = br#","logprobs":null,"finish_reason":null"#;

fn write(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // Writing to memory cannot fail, and none of the values has keys that are no strings.
    let _ = serde_json::to_writer(out, value);
}
