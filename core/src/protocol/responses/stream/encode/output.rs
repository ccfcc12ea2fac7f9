//! The numbered events of an answer, and the items it holds.

use serde::Serialize;

use crate::codec::sse;
use crate::ir::Raw;
use crate::protocol::convert::Ids;
use crate::protocol::responses::write::{Annotation, Item, List, Part};

/// Any event; each type has only some of the fields.
#[derive(Default, Serialize)]
pub(super) struct Step<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) sequence_number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response: Option<&'a Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) annotation_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item: Option<&'a Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<&'a Part<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) annotation: Option<&'a Annotation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delta: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs: Option<List<'a>>,
}

pub(super) struct Output {
    /// Whether only the items matter, as for an answer that is not streamed.
    quiet: bool,
    ids: Ids,
    /// Events so far, which is the next one's number.
    sequence: u64,
    /// By output index; those that are not done yet are missing.
    items: Vec<Option<Raw>>,
}

impl Output {
    pub(super) fn new(ids: Ids, quiet: bool) -> Self {
        Self { quiet, ids, sequence: 0, items: Vec::new() }
    }

    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The upstream's id, or one of ours.
    pub(super) fn id(&mut self, given: Option<&str>, prefix: &str) -> String {
        given.map_or_else(|| self.ids.next(prefix), String::from)
    }

    /// Writes an event under the next number.
    pub(super) fn event(&mut self, step: Step<'_>, out: &mut Vec<u8>) {
        if self.quiet {
            return;
        }
        let step = Step { sequence_number: self.sequence, ..step };
        self.sequence += 1;
        let start = out.len();
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(step.kind.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        let json = out.len();
        if serde_json::to_writer(&mut *out, &step).is_err() {
            return out.truncate(start);
        }
        sse::join_lines(out.get_mut(json..).unwrap_or_default());
        out.extend_from_slice(b"\n\n");
    }

    /// Opens an item.
    pub(super) fn add(&mut self, item: &Item<'_>, out: &mut Vec<u8>) -> usize {
        let output_index = self.items.len();
        self.items.push(None);
        if !self.quiet
            && let Ok(raw) = Raw::of(item)
        {
            let kind = "response.output_item.added";
            let step = Step { kind, output_index: Some(output_index), item: Some(&raw), ..Step::default() };
            self.event(step, out);
        }
        output_index
    }

    /// Closes an item, and keeps it for the end.
    pub(super) fn done(&mut self, output_index: usize, item: &impl Serialize, out: &mut Vec<u8>) {
        let Ok(raw) = Raw::of(item) else { return };
        let kind = "response.output_item.done";
        let step = Step { kind, output_index: Some(output_index), item: Some(&raw), ..Step::default() };
        self.event(step, out);
        if let Some(slot) = self.items.get_mut(output_index) {
            *slot = Some(raw);
        }
    }

    /// Writes an item that comes whole.
    pub(super) fn whole(&mut self, item: &Raw, out: &mut Vec<u8>) {
        let output_index = self.items.len();
        self.items.push(None);
        let kind = "response.output_item.added";
        self.event(Step { kind, output_index: Some(output_index), item: Some(item), ..Step::default() }, out);
        self.done(output_index, item, out);
    }

    /// The items that are done.
    pub(super) fn items(&self) -> Vec<&Raw> {
        self.items.iter().flatten().collect()
    }
}
