//! A message while it is written, part by part.

use super::output::{Output, Step};
use crate::ir::{Citation, Losses, Raw};
use crate::protocol::responses::write::{Annotation, Content, Item, List, Part};

pub(super) struct Message {
    output_index: usize,
    id: String,
    phase: Option<String>,
    parts: Vec<Open>,
    /// Whether no part will join any more.
    sealed: bool,
    done: bool,
}

/// A part, whether it is closed or not.
#[derive(Default)]
struct Open {
    refusal: bool,
    text: String,
    citations: Vec<Citation>,
    /// How many of the citations were told. One without offsets, and any behind it, waits for all the text.
    told: usize,
    logprobs: Option<Raw>,
    closed: bool,
}

impl Message {
    pub(super) fn open(
        id: Option<&str>,
        phase: Option<&str>,
        output: &mut Output,
        out: &mut Vec<u8>,
    ) -> Self {
        let id = output.id(id, "msg_");
        let mut message = Self {
            output_index: 0,
            id,
            phase: phase.map(String::from),
            parts: Vec::new(),
            sealed: false,
            done: false,
        };
        message.output_index = output.add(&message.item("in_progress"), out);
        message
    }

    /// Opens a part, and tells which it is.
    pub(super) fn part(&mut self, refusal: bool, output: &mut Output, out: &mut Vec<u8>) -> usize {
        let open = Open { refusal, ..Open::default() };
        let index = self.parts.len();
        let part = open.part();
        output.event(Step { part: Some(&part), ..self.step("response.content_part.added", index) }, out);
        drop(part);
        self.parts.push(open);
        index
    }

    pub(super) fn text(&mut self, index: usize, delta: &str, output: &mut Output, out: &mut Vec<u8>) {
        let Some(part) = self.parts.get_mut(index).filter(|_| !delta.is_empty()) else { return };
        part.text.push_str(delta);
        let refusal = part.refusal;
        let step = if refusal {
            self.step("response.refusal.delta", index)
        } else {
            Step { logprobs: Some(List::of(None)), ..self.step("response.output_text.delta", index) }
        };
        output.event(Step { delta: Some(delta), ..step }, out);
    }

    pub(super) fn cite(
        &mut self,
        index: usize,
        citation: &Citation,
        output: &mut Output,
        lost: &mut Losses,
        out: &mut Vec<u8>,
    ) {
        let Some(part) = self.parts.get_mut(index) else { return };
        if Annotation::of(citation, "").is_none() {
            return lost.dropped("citations");
        }
        let waits = matches!(citation, Citation::Url { end: None, .. }) || part.told < part.citations.len();
        part.citations.push(citation.clone());
        if !waits {
            self.tell_citations(index, output, out);
        }
    }

    fn tell_citations(&mut self, index: usize, output: &mut Output, out: &mut Vec<u8>) {
        let Some(part) = self.parts.get(index) else { return };
        for (position, citation) in part.citations.iter().enumerate().skip(part.told) {
            let annotation = Annotation::of(citation, &part.text);
            let step = Step {
                annotation: annotation.as_ref(),
                annotation_index: Some(position),
                ..self.step("response.output_text.annotation.added", index)
            };
            output.event(step, out);
        }
        if let Some(part) = self.parts.get_mut(index) {
            part.told = part.citations.len();
        }
    }

    /// Token probabilities are told where the part ends.
    pub(super) fn logprobs(&mut self, index: usize, more: &Raw) {
        let Some(part) = self.parts.get_mut(index) else { return };
        let joined = match &part.logprobs {
            None => more.clone(),
            Some(earlier) => joined(earlier, more),
        };
        part.logprobs = Some(joined);
    }

    pub(super) fn close(&mut self, index: usize, output: &mut Output, out: &mut Vec<u8>) {
        self.tell_citations(index, output, out);
        let Some(open) = self.parts.get_mut(index) else { return };
        open.closed = true;
        let Some(open) = self.parts.get(index) else { return };
        let step = if open.refusal {
            Step { refusal: Some(&open.text), ..self.step("response.refusal.done", index) }
        } else {
            let logprobs = Some(List::of(open.logprobs.as_ref()));
            Step { text: Some(&open.text), logprobs, ..self.step("response.output_text.done", index) }
        };
        output.event(step, out);
        let part = open.part();
        output.event(Step { part: Some(&part), ..self.step("response.content_part.done", index) }, out);
        drop(part);
        self.settle("completed", output, out);
    }

    /// Nothing will join: the item is done once its parts are.
    pub(super) fn seal(&mut self, status: &'static str, output: &mut Output, out: &mut Vec<u8>) {
        self.sealed = true;
        self.settle(status, output, out);
    }

    pub(super) fn refused(&self) -> bool {
        self.parts.iter().any(|part| part.refusal)
    }

    fn settle(&mut self, status: &'static str, output: &mut Output, out: &mut Vec<u8>) {
        if self.sealed && !self.done && self.parts.iter().all(|part| part.closed) {
            self.done = true;
            output.done(self.output_index, &self.item(status), out);
        }
    }

    fn item<'s>(&'s self, status: &'s str) -> Item<'s> {
        Item {
            kind: "message",
            id: Some(&self.id),
            status: Some(status),
            role: Some("assistant"),
            phase: self.phase.as_deref(),
            content: Some(self.parts.iter().map(|part| Content::Part(part.part())).collect()),
            ..Item::default()
        }
    }

    fn step(&self, kind: &'static str, index: usize) -> Step<'_> {
        Step {
            kind,
            item_id: Some(&self.id),
            output_index: Some(self.output_index),
            content_index: Some(index),
            ..Step::default()
        }
    }
}

impl Open {
    fn part(&self) -> Part<'_> {
        if self.refusal {
            return Part::refusal(&self.text);
        }
        let annotations = self.citations.iter().filter_map(|citation| Annotation::of(citation, &self.text));
        let logprobs = Some(List::of(self.logprobs.as_ref()));
        Part { logprobs, ..Part::output_text(self.text.as_str(), annotations.collect()) }
    }
}

/// One array of both arrays' elements.
fn joined(earlier: &Raw, later: &Raw) -> Raw {
    let inside = |raw: &Raw| -> Option<String> {
        Some(raw.get().trim().strip_prefix('[')?.strip_suffix(']')?.trim().to_owned())
    };
    match (inside(earlier), inside(later)) {
        (Some(head), Some(tail)) if !head.is_empty() && !tail.is_empty() => {
            Raw::parse(format!("[{head},{tail}]")).unwrap_or_else(|_| later.clone())
        }
        (Some(head), Some(tail)) if tail.is_empty() && !head.is_empty() => earlier.clone(),
        _ => later.clone(),
    }
}
