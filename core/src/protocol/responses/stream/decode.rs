//! A Responses stream to events.
//!
//! What a delta belongs to is told by its index or id, never by what came last; and whatever only the end
//! of a part, of an item or of the answer holds is told then.

mod item;
mod teller;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::item::Open;
use self::teller::{Progress, Teller};
use crate::codec::sse;
use crate::ir::{Event, Item, Role};
use crate::protocol::convert::StreamDecoder;
use crate::protocol::responses::answer::{self, Answer, End};
use crate::protocol::responses::item::Head;
use crate::protocol::responses::{content, wire};
use crate::protocol::{Signal, UpstreamError, decode_error, event};

#[derive(Default)]
pub(in crate::protocol) struct Decoder {
    started: bool,
    ended: bool,
    items: Vec<Open>,
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
        let kind = event::kind(event);
        let kind = std::str::from_utf8(&kind).unwrap_or_default();
        if kind == "error" {
            return self.fail(decode_error(data), each);
        }
        if !is_known(kind) {
            if let Signal::Failed(error) = unknown(kind, data, self.started) {
                self.fail(error, each);
            }
            return;
        }
        match serde_json::from_slice::<Step<'_>>(data) {
            Ok(step) => self.step(kind, &step, each),
            Err(error) => {
                let message = format!("The upstream sent an event that cannot be read: {error}");
                self.fail(UpstreamError { message, ..UpstreamError::default() }, each);
            }
        }
    }

    fn finish(&mut self, _each: &mut dyn FnMut(Event<'_>)) {}
}

/// The events that say something, each of an item or of the answer.
fn is_known(kind: &str) -> bool {
    matches!(
        kind.strip_prefix("response.").unwrap_or_default(),
        "created"
            | "queued"
            | "in_progress"
            | "output_item.added"
            | "output_item.done"
            | "content_part.added"
            | "content_part.done"
            | "output_text.delta"
            | "output_text.done"
            | "output_text.annotation.added"
            | "refusal.delta"
            | "refusal.done"
            | "reasoning_summary_text.delta"
            | "reasoning_summary_text.done"
            | "reasoning_text.delta"
            | "reasoning_text.done"
            | "function_call_arguments.delta"
            | "function_call_arguments.done"
            | "custom_tool_call_input.delta"
            | "custom_tool_call_input.done"
            | "completed"
            | "incomplete"
            | "failed"
            | "cancelled"
            | "done"
    )
}

fn unknown(kind: &str, data: &[u8], started: bool) -> Signal {
    if kind.starts_with("response.") { Signal::Quiet } else { event::stray(data, started) }
}

impl Decoder {
    fn step(&mut self, kind: &str, step: &Step<'_>, each: &mut dyn FnMut(Event<'_>)) {
        let kind = kind.strip_prefix("response.").unwrap_or_default();
        match kind {
            "created" | "queued" | "in_progress" => return self.start(step.response, each),
            "completed" | "incomplete" | "failed" | "cancelled" | "done" => {
                return self.end(kind, step.response, each);
            }
            _ => self.start(None, each),
        }
        let mut teller = Teller { progress: &mut self.progress, each };
        let content_index = step.content_index.unwrap_or(0);
        let delta = step.delta.as_deref().unwrap_or_default();
        let text = step.text.as_deref().unwrap_or_default();
        let items = &mut self.items;
        match kind {
            "output_item.added" => {
                if let Some(raw) = step.item {
                    added(items, step, raw, &mut teller);
                }
            }
            "output_item.done" => {
                if let Some(raw) = step.item {
                    completed(items, step, raw, &mut teller);
                }
            }
            "content_part.added" => {
                if let Some(refusal) = step.part.and_then(is_refusal) {
                    open(items, step, "message").part(content_index, refusal, &mut teller);
                }
            }
            "content_part.done" => {
                let part = step.part.filter(|part| is_refusal(part).is_some());
                if let Some(Ok(block)) = part.map(|part| content::block(part, Role::Assistant)) {
                    open(items, step, "message").part_done(content_index, block, &mut teller);
                }
            }
            "output_text.delta" => {
                let message = open(items, step, "message");
                message.text(content_index, false, delta, &mut teller);
                if let Some(logprobs) = content::some_array(step.logprobs) {
                    message.logprobs(content_index, logprobs, &mut teller);
                }
            }
            "output_text.done" => {
                open(items, step, "message").text_done(content_index, false, text, &mut teller)
            }
            "output_text.annotation.added" => {
                if let Some(annotation) = step.annotation {
                    open(items, step, "message").cite(
                        content_index,
                        content::citation(annotation),
                        &mut teller,
                    );
                }
            }
            "refusal.delta" => open(items, step, "message").text(content_index, true, delta, &mut teller),
            "refusal.done" => {
                let refusal = step.refusal.as_deref().unwrap_or_default();
                open(items, step, "message").text_done(content_index, true, refusal, &mut teller);
            }
            "reasoning_summary_text.delta" => {
                open(items, step, "reasoning").summarised(
                    step.summary_index.unwrap_or(0),
                    delta,
                    &mut teller,
                );
            }
            "reasoning_summary_text.done" => {
                open(items, step, "reasoning").summary_done(
                    step.summary_index.unwrap_or(0),
                    text,
                    &mut teller,
                );
            }
            "reasoning_text.delta" => {
                open(items, step, "reasoning").thought(content_index, delta, &mut teller)
            }
            "reasoning_text.done" => {
                open(items, step, "reasoning").thought_done(content_index, text, &mut teller)
            }
            "function_call_arguments.delta" | "custom_tool_call_input.delta" => {
                if let Some(call) = known(items, step) {
                    call.arguments(delta, &mut teller);
                }
            }
            "function_call_arguments.done" | "custom_tool_call_input.done" => {
                if let Some(call) = known(items, step) {
                    let all = step.arguments.as_deref().or(step.input.as_deref());
                    call.arguments_done(all.unwrap_or_default(), &mut teller);
                }
            }
            _ => {}
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
    fn end(&mut self, kind: &str, response: Option<&RawValue>, each: &mut dyn FnMut(Event<'_>)) {
        self.start(response, each);
        let answer = response.and_then(|raw| wire::read::<Answer<'_>>(raw).ok()).unwrap_or_default();
        let mut teller = Teller { progress: &mut self.progress, each };
        for (position, raw) in (0..).zip(answer.output()) {
            settle(&mut self.items, position, raw, &mut teller);
        }
        self.items.iter_mut().for_each(|item| item.abandon(&mut teller));
        if let Some(usage) = answer.usage() {
            each(Event::Usage(usage));
        }
        let finish = match answer.end(kind) {
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

/// Where the item is that an event is about: by index and id, or by either where an upstream sends only
/// one or changes ids on the way.
fn find(items: &[Open], index: Option<u64>, id: Option<&str>) -> Option<usize> {
    let by_index = |item: &Open| index.is_some() && item.output_index == index;
    let by_id = |item: &Open| id.is_some() && item.id.as_deref() == id;
    items
        .iter()
        .rposition(|item| item.output_index == index && item.id.as_deref() == id)
        .or_else(|| items.iter().rposition(by_index))
        .or_else(|| items.iter().rposition(|item| index.is_none() && by_id(item)))
}

fn known<'i>(items: &'i mut [Open], step: &Step<'_>) -> Option<&'i mut Open> {
    find(items, step.output_index, step.item_id.as_deref()).and_then(|at| items.get_mut(at))
}

/// An upstream may leave out that an item begins.
fn open<'i>(items: &'i mut Vec<Open>, step: &Step<'_>, kind: &str) -> &'i mut Open {
    let id = step.item_id.as_deref();
    let at = find(items, step.output_index, id).unwrap_or_else(|| {
        items.push(Open::new(step.output_index, id.map(String::from), kind, None));
        items.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "it was found or pushed")]
    &mut items[at]
}

/// The item as one that nothing was told of yet.
fn unopened(raw: &RawValue, output_index: Option<u64>) -> Option<Open> {
    #[derive(Deserialize)]
    struct Identity {
        id: Option<String>,
        phase: Option<String>,
    }
    let head: Head<'_> = wire::read(raw).ok()?;
    let Identity { id, phase } = wire::read(raw).ok()?;
    Some(Open::new(output_index, id, head.kind(), phase))
}

fn added(items: &mut Vec<Open>, step: &Step<'_>, raw: &RawValue, teller: &mut Teller<'_>) {
    let Some(mut open) = unopened(raw, step.output_index) else { return };
    let named = open.id.is_some() || open.output_index.is_some();
    if named && items.iter().any(|item| item.output_index == open.output_index && item.id == open.id) {
        return;
    }
    if open.kind == "reasoning" {
        open.reasoning(teller);
    } else if let Ok(Item::ToolCall(call)) = answer::item(raw)
        && item::streams(&call.kind)
        && !call.name.is_empty()
    {
        open.call(&call, teller);
    }
    items.push(open);
}

fn completed(items: &mut Vec<Open>, step: &Step<'_>, raw: &RawValue, teller: &mut Teller<'_>) {
    let Some(open) = unopened(raw, step.output_index) else { return };
    let same = |item: &Open| item.id == open.id || !item.done && item.kind == open.kind;
    let at = find(items, step.output_index, open.id.as_deref()).filter(|at| items.get(*at).is_some_and(same));
    complete(items, at, open, raw, teller);
}

/// An item of the whole answer: told already, or only in part, or not at all.
fn settle(items: &mut Vec<Open>, position: u64, raw: &RawValue, teller: &mut Teller<'_>) {
    let Some(open) = unopened(raw, Some(position)) else { return };
    let by_id = |item: &Open| open.id.is_some() && item.id == open.id;
    let by_place =
        |item: &Open| item.output_index.is_none_or(|index| index == position) && item.kind == open.kind;
    let at = items.iter().position(by_id).or_else(|| items.iter().position(by_place));
    complete(items, at, open, raw, teller);
}

fn complete(items: &mut Vec<Open>, at: Option<usize>, new: Open, raw: &RawValue, teller: &mut Teller<'_>) {
    let Ok(item) = answer::item(raw) else { return };
    let at = at.unwrap_or_else(|| {
        items.push(new);
        items.len() - 1
    });
    if let Some(open) = items.get_mut(at) {
        open.complete(item, teller);
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
