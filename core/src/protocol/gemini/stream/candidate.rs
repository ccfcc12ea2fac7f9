//! One candidate of an answer: parts to blocks.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::grounding;
use super::partial::PartialCall;
use crate::codec::json;
use crate::config::Protocol;
use crate::ir::{
    BlockStart, CallKind, Delta, Event, Executor, Finish, FinishReason, Opaque, Raw, Role, SealKind, Sealed,
};
use crate::protocol::convert::Ids;
use crate::protocol::gemini::wire::chunk::{self, FunctionCall, InlineData, Part, Spelled, Text};
use crate::protocol::gemini::{finish, logprobs};

/// Text kept to tell which of it is cited, in bytes.
const MAX_TEXT: usize = 1024 * 1024;

/// Numbers for blocks, over all candidates.
#[derive(Debug, Default)]
pub(super) struct Indexes(u32);

impl Indexes {
    pub(super) fn next(&mut self) -> u32 {
        let index = self.0;
        self.0 += 1;
        index
    }
}

#[derive(Debug, Default)]
pub(super) struct Candidate {
    seen: bool,
    open: Option<Open>,
    /// Whether the block before belongs to a message.
    in_message: bool,
    /// A call whose arguments come piecewise.
    partial: Option<PartialCall>,
    call_ids: BTreeSet<String>,
    /// Of the text block that is open.
    text: String,
    finish: Option<Finish>,
    details: Details,
}

#[derive(Debug)]
struct Open {
    index: u32,
    kind: Kind,
    /// Nothing may follow: it is signed, or its base64 has come to an end.
    complete: bool,
}

#[derive(Debug, PartialEq)]
enum Kind {
    Text,
    Thought,
    Audio(String),
}

#[derive(Debug, Default)]
struct Details {
    reason: Option<String>,
    safety: Option<String>,
    citations: Option<String>,
    grounding: Option<String>,
    urls: Option<String>,
    /// Whether there are sources that no text was told to rest on.
    uncited: bool,
}

type Each<'e> = &'e mut dyn FnMut(Event<'_>);

impl Candidate {
    /// One that has nothing but an end.
    pub(super) fn ending(finish: Finish) -> Self {
        Self { seen: true, finish: Some(finish), ..Self::default() }
    }

    /// Whether it said why it ended, unless it never was there.
    pub(super) fn finished(&self) -> bool {
        !self.seen || self.finish.is_some()
    }

    /// `source` is the chunk and the candidate's place in it.
    pub(super) fn read(
        &mut self,
        choice: u32,
        candidate: chunk::Candidate<'_>,
        source: (&Spelled<'_>, usize),
        ids: &mut Ids,
        indexes: &mut Indexes,
        each: Each<'_>,
    ) {
        self.seen = true;
        let mut reading = Reading { state: self, choice, ids, indexes, each };
        let parts = candidate.content.and_then(|content| content.parts).unwrap_or_default();
        for (position, part) in parts.into_iter().enumerate() {
            reading.part(part, || source.0.part(source.1, position));
        }
        if let (Some(open), Some(result)) = (&reading.state.open, candidate.logprobs_result)
            && open.kind == Kind::Text
            && let Some(tokens) = logprobs::decode(result.get())
        {
            (reading.each)(Event::Delta { index: open.index, delta: Delta::Logprobs(tokens) });
        }
        let told = |value: Option<&serde_json::value::RawValue>| {
            value.map(serde_json::value::RawValue::get).filter(|json| *json != "{}").map(str::to_owned)
        };
        let details = &mut self.details;
        details.uncited |= candidate.citation_metadata.is_some() || candidate.grounding_metadata.is_some();
        details.citations = told(candidate.citation_metadata).or_else(|| details.citations.take());
        details.grounding = told(candidate.grounding_metadata).or_else(|| details.grounding.take());
        details.urls = told(candidate.url_context_metadata).or_else(|| details.urls.take());
        if let Some(Text(reason)) = candidate.finish_reason {
            details.safety = told(candidate.safety_ratings);
            let decoded = finish::decode(&reason, !self.call_ids.is_empty());
            let message = candidate.finish_message.map(|message| message.0.into_owned());
            self.finish = Some(Finish { message, ..Finish::new(decoded) });
            details.reason = (finish::encode(decoded) != reason).then(|| reason.into_owned());
        }
    }

    /// The answer is over: closes what is open. Nothing is told of a candidate that was cut.
    pub(super) fn close(&mut self, choice: u32, indexes: &mut Indexes, each: Each<'_>) {
        let Some(mut finish) = self.finish.take() else { return };
        let mut ids = Ids::new("");
        Reading { state: self, choice, ids: &mut ids, indexes, each }.end_block();
        if finish.reason == FinishReason::Stop && !self.call_ids.is_empty() {
            finish.reason = FinishReason::ToolCalls;
        }
        finish.details = finish.details.or_else(|| self.details.encode());
        each(Event::Finish { choice, finish });
    }
}

struct Reading<'r> {
    state: &'r mut Candidate,
    choice: u32,
    ids: &'r mut Ids,
    indexes: &'r mut Indexes,
    each: Each<'r>,
}

impl Reading<'_> {
    fn part<'p>(&mut self, part: Part<'p>, raw: impl Fn() -> Option<&'p serde_json::value::RawValue>) {
        let sealed = part
            .thought_signature
            .map(|signature| signature.0.into_owned())
            .filter(|data| !data.is_empty())
            .map(|data| Sealed { kind: SealKind::Thought, data });
        let thought = part.thought == Some(true);
        match (part.text, part.inline_data, part.function_call) {
            (Some(Text(text)), None, None) => self.text(text, thought, sealed),
            (None, Some(data), None) if is_shown(&data) => self.media(data),
            (None, None, Some(call)) if self.state.partial.is_some() || is_named(&call) => {
                self.call(call, sealed);
            }
            _ => match raw().filter(|raw| !is_signature(raw.get())) {
                Some(raw) => self.opaque(raw.get()),
                None => self.text(Cow::Borrowed(""), thought, sealed),
            },
        }
    }

    fn text(&mut self, text: Cow<'_, str>, thought: bool, sealed: Option<Sealed>) {
        if text.is_empty() && sealed.is_none() {
            return;
        }
        let kind = if thought { Kind::Thought } else { Kind::Text };
        let index = match &self.state.open {
            Some(open) if open.kind == kind && !open.complete => open.index,
            _ => {
                let joins = self.state.in_message;
                self.open(kind, |_| match thought {
                    true => BlockStart::Reasoning { id: None, redacted: false },
                    false => BlockStart::Text { joins, message_id: None, phase: None },
                })
            }
        };
        if !text.is_empty() {
            if !thought && self.state.text.len() + text.len() <= MAX_TEXT {
                self.state.text.push_str(&text);
            }
            let delta = if thought { Delta::Reasoning(text) } else { Delta::Text(text) };
            (self.each)(Event::Delta { index, delta });
        }
        if let Some(sealed) = sealed {
            (self.each)(Event::Delta { index, delta: Delta::Sealed(sealed) });
            if let Some(open) = &mut self.state.open {
                open.complete = true;
            }
        }
    }

    fn media(&mut self, data: InlineData<'_>) {
        let mime = data.mime_type.map(|mime| mime.0).unwrap_or_default();
        let content = data.data.map(|data| data.0).unwrap_or_default();
        let joins = self.state.in_message;
        if mime.starts_with("image/") {
            self.end_block();
            let block = BlockStart::Image { joins, mime };
            let index = self.indexes.next();
            (self.each)(Event::BlockStart { index, choice: self.choice, block });
            (self.each)(Event::Delta { index, delta: Delta::Media(content) });
            (self.each)(Event::BlockStop { index });
            self.state.in_message = true;
            return;
        }
        let kind = Kind::Audio(mime.clone().into_owned());
        let index = match &self.state.open {
            Some(open) if open.kind == kind && !open.complete => open.index,
            _ => self.open(kind, |_| BlockStart::Audio { joins, mime: mime.clone(), id: None }),
        };
        // Base64 goes on only where it was not filled up.
        if let Some(open) = &mut self.state.open {
            open.complete = content.ends_with('=') || !content.len().is_multiple_of(4);
        }
        (self.each)(Event::Delta { index, delta: Delta::Media(content) });
    }

    fn call(&mut self, call: FunctionCall<'_>, sealed: Option<Sealed>) {
        let goes_on = call.will_continue == Some(true);
        let named = is_named(&call);
        let pieces = call.partial_args.unwrap_or_default();
        if let (Some(partial), true) = (&mut self.state.partial, !named) {
            partial.add(pieces);
            if !goes_on {
                self.end_call();
            }
            return;
        }
        self.end_block();
        let name = call.name.map(|name| name.0).unwrap_or_default();
        let given = call.id.map(|id| id.0).filter(|id| !id.is_empty());
        let fresh = given.filter(|id| !self.state.call_ids.contains(id.as_ref()));
        let id = fresh.unwrap_or_else(|| self.ids.next("call_").into());
        self.state.call_ids.insert(id.clone().into_owned());
        self.state.in_message = false;
        let index = self.indexes.next();
        let block = BlockStart::ToolCall {
            id,
            item_id: None,
            name,
            namespace: None,
            kind: CallKind::Function,
            executor: Executor::Client,
            sealed,
        };
        (self.each)(Event::BlockStart { index, choice: self.choice, block });
        if goes_on || !pieces.is_empty() {
            let mut partial = PartialCall::new(index, call.args.map(serde_json::value::RawValue::get));
            partial.add(pieces);
            self.state.partial = Some(partial);
            if !goes_on {
                self.end_call();
            }
            return;
        }
        let arguments = call.args.map_or("{}", serde_json::value::RawValue::get);
        (self.each)(Event::Delta { index, delta: Delta::Arguments(arguments.into()) });
        (self.each)(Event::BlockStop { index });
    }

    fn opaque(&mut self, raw: &str) {
        let Ok(raw) = Raw::parse(raw) else { return };
        self.end_block();
        let kind = raw.value().as_object().and_then(|part| {
            part.keys().find(|name| !matches!(name.as_str(), "thought" | "thoughtSignature")).cloned()
        });
        let opaque =
            Opaque { owner: Protocol::Gemini, role: Role::Assistant, kind: kind.unwrap_or_default(), raw };
        let index = self.indexes.next();
        let block = BlockStart::Opaque(opaque);
        (self.each)(Event::BlockStart { index, choice: self.choice, block });
        (self.each)(Event::BlockStop { index });
        self.state.in_message = false;
    }

    fn open<'b>(&mut self, kind: Kind, block: impl FnOnce(&Kind) -> BlockStart<'b>) -> u32 {
        self.end_block();
        let index = self.indexes.next();
        (self.each)(Event::BlockStart { index, choice: self.choice, block: block(&kind) });
        self.state.in_message = kind != Kind::Thought;
        self.state.open = Some(Open { index, kind, complete: false });
        index
    }

    fn end_block(&mut self) {
        self.end_call();
        let Some(open) = self.state.open.take() else { return };
        if open.kind == Kind::Text {
            let text = std::mem::take(&mut self.state.text);
            // What is known of sources by now is of this text.
            let fresh = std::mem::take(&mut self.state.details.uncited);
            let details = Some(&self.state.details).filter(|_| fresh);
            let (grounding, citations) =
                details.map_or((None, None), |told| (told.grounding.as_deref(), told.citations.as_deref()));
            for citation in grounding::decode(grounding, citations, &text) {
                (self.each)(Event::Delta { index: open.index, delta: Delta::Citation(citation) });
            }
        }
        (self.each)(Event::BlockStop { index: open.index });
    }

    fn end_call(&mut self) {
        let Some(partial) = self.state.partial.take() else { return };
        let index = partial.index();
        (self.each)(Event::Delta { index, delta: Delta::Arguments(partial.arguments().into()) });
        (self.each)(Event::BlockStop { index });
    }
}

impl Details {
    /// Everything that was said, in Gemini's own words.
    fn encode(&self) -> Option<Raw> {
        let reason = self.reason.as_ref().map(|reason| serde_json::Value::from(reason.as_str()).to_string());
        let fields: Vec<String> = [
            ("finishReason", &reason),
            ("safetyRatings", &self.safety),
            ("citationMetadata", &self.citations),
            ("groundingMetadata", &self.grounding),
            ("urlContextMetadata", &self.urls),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some(format!(r#""{name}":{}"#, value.as_ref()?)))
        .collect();
        if fields.is_empty() { None } else { Raw::parse(format!("{{{}}}", fields.join(","))).ok() }
    }
}

/// Only a call that goes on is not.
fn is_named(call: &FunctionCall<'_>) -> bool {
    call.name.as_ref().is_some_and(|name| !name.0.is_empty())
}

/// Whether there is a block for it.
fn is_shown(data: &InlineData<'_>) -> bool {
    let mime = data.mime_type.as_ref().map(Text::as_str).unwrap_or_default();
    mime.starts_with("image/") || mime.starts_with("audio/")
}

/// Whether a part has nothing but its signature.
fn is_signature(part: &str) -> bool {
    let Ok(fields) = json::from_str::<crate::ir::Ext>(part) else { return true };
    fields.keys().all(|name| matches!(name.as_str(), "thought" | "thoughtSignature"))
}
