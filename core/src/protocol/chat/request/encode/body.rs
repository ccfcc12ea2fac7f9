//! A body as it is written, field by field.

use std::borrow::Cow;

use serde::Serialize;

use crate::config::compat::Compat;
use crate::ir::Losses;
use crate::protocol::convert::Encoded;

/// An object that leaves out what the upstream's sheet omits, and lets the sheet's own fields win.
pub(super) struct Body<'c> {
    pub(super) compat: &'c Compat,
    pub(super) lost: Losses,
    out: Vec<u8>,
    written: Vec<String>,
}

impl<'c> Body<'c> {
    pub(super) fn new(compat: &'c Compat) -> Self {
        Self { compat, lost: Losses::default(), out: vec![b'{'], written: Vec::new() }
    }

    /// Writes what the client asked for.
    pub(super) fn field(&mut self, name: &str, value: &impl Serialize) {
        if self.compat.omits(name) {
            self.lost.dropped(feature(name));
        } else {
            self.own(name, value);
        }
    }

    /// Writes what the gateway wants itself.
    pub(super) fn own(&mut self, name: &str, value: &impl Serialize) {
        if !self.compat.omits(name) && !self.compat.extra_body.contains_key(name) {
            self.write(name, value);
            self.written.push(name.to_owned());
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.written.iter().any(|written| written == name)
    }

    pub(super) fn option(&mut self, name: &str, value: Option<&impl Serialize>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    pub(super) fn finish(mut self) -> Encoded {
        for (name, value) in &self.compat.extra_body {
            self.write(name, value);
        }
        self.out.push(b'}');
        Encoded { body: self.out, headers: Vec::new(), lost: self.lost }
    }

    fn write(&mut self, name: &str, value: &impl Serialize) {
        let start = self.out.len();
        if start > 1 {
            self.out.push(b',');
        }
        let written = serde_json::to_writer(&mut self.out, name).and_then(|()| {
            self.out.push(b':');
            serde_json::to_writer(&mut self.out, value)
        });
        if written.is_err() {
            self.out.truncate(start);
        }
    }
}

/// What a field is called in a loss.
fn feature(field: &str) -> Cow<'static, str> {
    Cow::Borrowed(match field {
        "max_tokens" | "max_completion_tokens" => "max_output",
        "response_format" => "output.format",
        "verbosity" => "output.verbosity",
        "prediction" => "output.prediction",
        "audio" => "output.audio",
        "modalities" => "output.modalities",
        "reasoning_effort" => "reasoning.effort",
        "thinking_budget" => "reasoning.budget",
        "thinking" | "enable_thinking" | "chat_template_kwargs" => "reasoning",
        "web_search_options" => "tools.web_search_options",
        _ => return Cow::Owned(field.to_owned()),
    })
}
