//! A Responses stream to events.
//!
//! What a delta belongs to is told by its index or id, never by what came last; and whatever only the end
//! of a part, of an item or of the answer holds is told then.

mod item;
mod items;
mod kind;
mod teller;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::items::Items;
use self::kind::Kind;
use self::teller::{Progress, Teller};
use crate::codec::{json, sse};
use crate::ir::{Event, Role};
use crate::protocol::convert::StreamDecoder;
use crate::protocol::responses::answer::{self, Answer, End};
use crate::protocol::responses::{content, wire};
use crate::protocol::{Signal, UpstreamError, decode_error, event};

#[derive(Default)]
pub(in crate::protocol) struct Decoder {
    started: bool,
    ended: bool,
    items: Items,
    progress: Progress,
}

/// Any event; each type has only some of the fields.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Step<'a> {
    output_index: Option<u64>,
    #[serde(borrow, deserialize_with = "wire::cow")]
    item_id: Option<Cow<'a, str>>,
    content_index: Option<u64>,
    summary_index: Option<u64>,
    #[serde(borrow, deserialize_with = "wire::cow")]
    delta: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "wire::cow")]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "wire::cow")]
    refusal: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "wire::cow")]
    arguments: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "wire::cow")]
    input: Option<Cow<'a, str>>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
    #[serde(borrow)]
    annotation: Option<&'a RawValue>,
    #[serde(borrow)]
    part: Option<&'a RawValue>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
}

impl StreamDecoder for Decoder {
    fn decode(&mut self, event: &sse::Event<'_>, each: &mut dyn FnMut(Event<'_>)) {
        if self.ended {
            return;
        }
        let data = event.data.as_ref();
        let name = event::kind(event);
        let name = std::str::from_utf8(&name).unwrap_or_default();
        if name == "error" {
            return self.fail(decode_error(data), each);
        }
        let Some(kind) = Kind::of(name) else {
            if let Signal::Failed(error) = unknown(name, data, self.started) {
                self.fail(error, each);
            }
            return;
        };
        match json::read::<Step<'_>>(data) {
            Ok(step) => self.step(kind, name, &step, each),
            Err(error) => {
                let message = format!("The upstream sent an event that cannot be read: {error}");
                self.fail(UpstreamError { message, ..UpstreamError::default() }, each);
            }
        }
    }

    fn finish(&mut self, _each: &mut dyn FnMut(Event<'_>)) {}
}

fn unknown(name: &str, data: &[u8], started: bool) -> Signal {
    if name.starts_with("response.") { Signal::Quiet } else { event::stray(data, started) }
}

impl Decoder {
    fn step(&mut self, kind: Kind, name: &str, step: &Step<'_>, each: &mut dyn FnMut(Event<'_>)) {
        if kind == Kind::Ended {
            return self.end(name, step.response, each);
        }
        self.start(step.response, each);
        let items = &mut self.items;
        let mut teller = Teller { progress: &mut self.progress, each };
        let teller = &mut teller;
        let part = step.content_index.unwrap_or(0);
        let summary = step.summary_index.unwrap_or(0);
        let delta = step.delta.as_deref().unwrap_or_default();
        let text = step.text.as_deref().unwrap_or_default();
        match kind {
            Kind::Started | Kind::Ended => {}
            Kind::ItemAdded => items.added(step, teller),
            Kind::ItemDone => items.done(step, teller),
            Kind::PartAdded => {
                if let Some(refusal) = step.part.and_then(is_refusal) {
                    items.message(step).part(part, refusal, teller);
                }
            }
            Kind::PartDone => {
                let whole = step.part.filter(|part| is_refusal(part).is_some());
                if let Some(Ok(block)) = whole.map(|part| content::block(part, Role::Assistant)) {
                    items.message(step).part_done(part, block, teller);
                }
            }
            Kind::Text => {
                let message = items.message(step);
                message.text(part, false, delta, teller);
                if let Some(logprobs) = content::some_array(step.logprobs) {
                    message.logprobs(part, logprobs, teller);
                }
            }
            Kind::TextDone => items.message(step).text_done(part, false, text, teller),
            Kind::Annotation => {
                if let Some(annotation) = step.annotation {
                    items.message(step).cite(part, content::citation(annotation), teller);
                }
            }
            Kind::Refusal => items.message(step).text(part, true, delta, teller),
            Kind::RefusalDone => {
                let refusal = step.refusal.as_deref().unwrap_or_default();
                items.message(step).text_done(part, true, refusal, teller);
            }
            Kind::Summary => items.reasoning(step).summarised(summary, delta, teller),
            Kind::SummaryDone => items.reasoning(step).summary_done(summary, text, teller),
            Kind::Thought => items.reasoning(step).thought(part, delta, teller),
            Kind::ThoughtDone => items.reasoning(step).thought_done(part, text, teller),
            Kind::Arguments => {
                if let Some(call) = items.call(step) {
                    call.arguments(delta, teller);
                }
            }
            Kind::ArgumentsDone => {
                if let Some(call) = items.call(step) {
                    let all = step.arguments.as_deref().or(step.input.as_deref());
                    call.arguments_done(all.unwrap_or_default(), teller);
                }
            }
        }
    }

    fn start(&mut self, response: Option<&RawValue>, each: &mut dyn FnMut(Event<'_>)) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let answer = response.and_then(|raw| wire::read::<Answer<'_>>(raw).ok());
        each(Event::Start(answer.as_ref().map(Answer::start).unwrap_or_default()));
    }

    /// Reads the terminal event, which may be all that an upstream sends.
    fn end(&mut self, name: &str, response: Option<&RawValue>, each: &mut dyn FnMut(Event<'_>)) {
        self.start(response, each);
        let answer = response.and_then(|raw| wire::read::<Answer<'_>>(raw).ok()).unwrap_or_default();
        let mut teller = Teller { progress: &mut self.progress, each };
        for (position, raw) in (0..).zip(answer.output()) {
            self.items.settle(position, raw, &mut teller);
        }
        self.items.abandon(&mut teller);
        if let Some(usage) = answer.usage() {
            each(Event::Usage(usage));
        }
        let finish = match answer.end(name.strip_prefix("response.").unwrap_or_default()) {
            End::Error(error) => return self.fail(error, each),
            End::Finish(finish) => finish,
            End::Whole => answer::whole(self.progress.called, self.progress.refused),
        };
        each(Event::Finish { choice: 0, finish });
        each(Event::End);
        self.ended = true;
    }

    fn fail(&mut self, error: UpstreamError, each: &mut dyn FnMut(Event<'_>)) {
        self.ended = true;
        each(Event::Error(error));
    }
}

/// Whether a part of a message is a refusal; `None` for what is no part of one.
fn is_refusal(part: &RawValue) -> Option<bool> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
    }
    match wire::read::<Kind<'_>>(part).ok()?.kind.as_ref() {
        "output_text" | "text" => Some(false),
        "refusal" => Some(true),
        _ => None,
    }
}
