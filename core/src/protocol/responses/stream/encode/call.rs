//! A tool call while it is written.

use std::borrow::Cow;

use super::output::{Output, Step};
use crate::ir::{CallKind, ToolCall};
use crate::protocol::responses::write::{self, FUNCTION_CALL, Item, Said};

pub(super) struct Call {
    /// `None` for a kind whose arguments are an object of the item, which thus comes whole. One whose
    /// arguments are none is a function call at its end.
    output_index: Option<usize>,
    item_id: String,
    call: ToolCall,
}

impl Call {
    pub(super) fn open(call: ToolCall, output: &mut Output, out: &mut Vec<u8>) -> Self {
        let prefix = match &call.kind {
            CallKind::Custom => "ctc_",
            CallKind::LocalShell => "lsh_",
            CallKind::ToolSearch => "ts_",
            CallKind::ApplyPatch => "apc_",
            CallKind::Other(name) if name == "shell" => "sh_",
            CallKind::Function | CallKind::Other(_) => "fc_",
        };
        let item_id = output.id(call.item_id.as_deref(), prefix);
        let mut open = Self { output_index: None, item_id, call };
        if open.streams() {
            let empty = Some(Said::Text(Cow::Borrowed("")));
            let item = open.item("in_progress");
            let arguments = if item.arguments.is_some() { empty } else { None };
            open.output_index = Some(output.add(&Item { arguments, ..item }, out));
        }
        open
    }

    pub(super) fn arguments(&mut self, delta: &str, output: &mut Output, out: &mut Vec<u8>) {
        self.call.arguments.push_str(delta);
        if !delta.is_empty() && self.output_index.is_some() {
            output.event(Step { delta: Some(delta), ..self.step(Stage::Delta) }, out);
        }
    }

    pub(super) fn close(mut self, output: &mut Output, out: &mut Vec<u8>) {
        let Some(output_index) = self.output_index else {
            if self.item("in_progress").kind == FUNCTION_CALL {
                self.call.kind = CallKind::Function;
                let item =
                    Item { arguments: Some(Said::Text(Cow::Borrowed(""))), ..self.item("in_progress") };
                self.output_index = Some(output.add(&item, out));
                let arguments = std::mem::take(&mut self.call.arguments);
                self.arguments(&arguments, output, out);
                return self.close(output, out);
            }
            let output_index = output.add(&self.item("in_progress"), out);
            return output.done(output_index, &self.item("completed"), out);
        };
        let step = if self.call.kind == CallKind::Custom {
            Step { input: Some(&self.call.arguments), ..self.step(Stage::Done) }
        } else {
            if self.call.arguments.is_empty() {
                self.arguments(write::or_empty_object(""), output, out);
            }
            Step { arguments: Some(&self.call.arguments), ..self.step(Stage::Done) }
        };
        output.event(step, out);
        output.done(output_index, &self.item("completed"), out);
    }

    fn streams(&self) -> bool {
        match &self.call.kind {
            CallKind::Function | CallKind::Custom => true,
            CallKind::Other(name) => name != "shell",
            CallKind::LocalShell | CallKind::ToolSearch | CallKind::ApplyPatch => false,
        }
    }

    fn item<'s>(&'s self, status: &'s str) -> Item<'s> {
        Item { id: Some(&self.item_id), ..write::call(&self.call, &self.call.kind, Some(status)) }
    }

    fn step(&self, stage: Stage) -> Step<'_> {
        let kind = match (&self.call.kind, stage) {
            (CallKind::Custom, Stage::Delta) => "response.custom_tool_call_input.delta",
            (CallKind::Custom, Stage::Done) => "response.custom_tool_call_input.done",
            (_, Stage::Delta) => "response.function_call_arguments.delta",
            (_, Stage::Done) => "response.function_call_arguments.done",
        };
        Step { kind, item_id: Some(&self.item_id), output_index: self.output_index, ..Step::default() }
    }
}

#[derive(Clone, Copy)]
enum Stage {
    Delta,
    Done,
}
