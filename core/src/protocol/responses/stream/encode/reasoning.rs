//! A reasoning item while it is written.

use super::output::{Output, Step};
use crate::protocol::responses::write::{Content, Item, Part};

pub(super) struct Reasoning {
    output_index: usize,
    id: String,
    /// Which part of the upstream's summary each of ours is; `None` is thinking itself, which clients are
    /// shown as a summary. The last one is open.
    keys: Vec<Option<u32>>,
    summary: Vec<String>,
    /// Thinking that came beside a summary.
    content: Option<String>,
    encrypted: Option<String>,
}

impl Reasoning {
    pub(super) fn open(id: Option<&str>, output: &mut Output, out: &mut Vec<u8>) -> Self {
        let mut reasoning = Self {
            output_index: 0,
            id: output.id(id, "rs_"),
            keys: Vec::new(),
            summary: Vec::new(),
            content: None,
            encrypted: None,
        };
        reasoning.output_index = output.add(&reasoning.item(), out);
        reasoning
    }

    pub(super) fn thought(&mut self, delta: &str, output: &mut Output, out: &mut Vec<u8>) {
        if !self.keys.iter().any(Option::is_some) {
            return self.summarised(None, delta, output, out);
        }
        if delta.is_empty() {
            return;
        }
        if self.content.is_none() {
            let part = Part::text("reasoning_text", "");
            output.event(Step { part: Some(&part), ..self.content_step("response.content_part.added") }, out);
        }
        self.content.get_or_insert_default().push_str(delta);
        output.event(Step { delta: Some(delta), ..self.content_step("response.reasoning_text.delta") }, out);
    }

    /// More of a summary's part; another one than before is a new part.
    pub(super) fn summarised(
        &mut self,
        key: Option<u32>,
        delta: &str,
        output: &mut Output,
        out: &mut Vec<u8>,
    ) {
        if delta.is_empty() {
            return;
        }
        if self.keys.last() != Some(&key) {
            self.close_part(output, out);
            self.keys.push(key);
            self.summary.push(String::new());
            let part = Part::text("summary_text", "");
            let step = self.summary_step("response.reasoning_summary_part.added");
            output.event(Step { part: Some(&part), ..step }, out);
        }
        if let Some(text) = self.summary.last_mut() {
            text.push_str(delta);
        }
        let step = self.summary_step("response.reasoning_summary_text.delta");
        output.event(Step { delta: Some(delta), ..step }, out);
    }

    /// What the client sends back with the item, which so waits for its end.
    pub(super) fn seal(&mut self, encrypted: &str) {
        self.encrypted = Some(encrypted.to_owned());
    }

    pub(super) fn close(mut self, output: &mut Output, out: &mut Vec<u8>) {
        self.close_part(output, out);
        if let Some(text) = &self.content {
            let step = self.content_step("response.reasoning_text.done");
            output.event(Step { text: Some(text), ..step }, out);
            let part = Part::text("reasoning_text", text.as_str());
            output.event(Step { part: Some(&part), ..self.content_step("response.content_part.done") }, out);
        }
        output.done(self.output_index, &self.item(), out);
    }

    fn close_part(&mut self, output: &mut Output, out: &mut Vec<u8>) {
        let Some(text) = self.summary.last() else { return };
        let step = self.summary_step("response.reasoning_summary_text.done");
        output.event(Step { text: Some(text), ..step }, out);
        let part = Part::text("summary_text", text.as_str());
        let step = self.summary_step("response.reasoning_summary_part.done");
        output.event(Step { part: Some(&part), ..step }, out);
    }

    fn item(&self) -> Item<'_> {
        Item {
            kind: "reasoning",
            id: Some(&self.id),
            summary: Some(
                self.summary.iter().map(|text| Part::text("summary_text", text.as_str())).collect(),
            ),
            content: self
                .content
                .as_deref()
                .map(|text| vec![Content::Part(Part::text("reasoning_text", text))]),
            encrypted_content: self.encrypted.as_deref(),
            ..Item::default()
        }
    }

    fn summary_step(&self, kind: &'static str) -> Step<'_> {
        let summary_index = Some(self.summary.len().saturating_sub(1));
        Step {
            kind,
            item_id: Some(&self.id),
            output_index: Some(self.output_index),
            summary_index,
            ..Step::default()
        }
    }

    fn content_step(&self, kind: &'static str) -> Step<'_> {
        let content_index = Some(0);
        Step {
            kind,
            item_id: Some(&self.id),
            output_index: Some(self.output_index),
            content_index,
            ..Step::default()
        }
    }
}
