//! Calls and results of lowered tools in the conversation so far.

use std::collections::BTreeMap;

use super::{Lowering, Original, SHELL, Shape, arguments, found};
use crate::ir::{CallKind, Executor, Item, ResultContent, ToolCall, ToolResult};

impl Lowering<'_> {
    pub(super) fn history(&mut self, items: &mut [Item]) {
        let mut called = BTreeMap::new();
        for item in items {
            match item {
                Item::ToolCall(call) => {
                    self.call(call);
                    called.insert(call.id.clone(), call.name.clone());
                }
                Item::ToolResult(result) => {
                    self.result(result);
                    if let (Some(name), Some(wire)) = (&mut result.name, called.get(&result.call_id)) {
                        name.clone_from(wire);
                    }
                }
                Item::Message(_) | Item::Reasoning(_) | Item::Compaction(_) | Item::Opaque(_) => {}
            }
        }
    }

    fn call(&mut self, call: &mut ToolCall) {
        let Some(shape) = self.shape(&call.kind) else { return };
        if self.codex && (call.namespace.is_some() || call.kind != CallKind::Function) {
            return;
        }
        let name = std::mem::take(&mut call.name);
        let name = match shape {
            Shape::LocalShell | Shape::Shell | Shape::ApplyPatch | Shape::ToolSearch => {
                self.of_shape(shape).unwrap_or(name)
            }
            Shape::Same | Shape::Freeform => name,
        };
        let namespace = call.namespace.take();
        call.name = self.wire(Original { name, namespace, shape });
        if shape != Shape::Same {
            call.arguments = arguments::lower(shape, &call.arguments);
            call.kind = CallKind::Function;
            call.executor = Executor::Client;
        }
    }

    fn result(&mut self, result: &mut ToolResult) {
        if result.kind == CallKind::ToolSearch && !self.codex {
            let names: Vec<String> = found::tools(result).iter().map(|tool| self.known_as(tool)).collect();
            let said = if names.is_empty() {
                "Found no tools.".into()
            } else {
                format!("Found: {}", names.join(", "))
            };
            result.content = ResultContent::Text(said);
        }
        if self.shape(&result.kind).is_some_and(|shape| shape != Shape::Same) {
            result.kind = CallKind::Function;
            result.executor = Executor::Client;
        }
    }

    /// What becomes of a call; `None` if it is not for here.
    fn shape(&self, kind: &CallKind) -> Option<Shape> {
        match kind {
            CallKind::Function => Some(Shape::Same),
            CallKind::Custom if self.custom => Some(Shape::Same),
            CallKind::Custom => Some(Shape::Freeform),
            CallKind::LocalShell | CallKind::ToolSearch | CallKind::ApplyPatch if self.codex => None,
            CallKind::LocalShell => Some(Shape::LocalShell),
            CallKind::ToolSearch => Some(Shape::ToolSearch),
            CallKind::ApplyPatch => Some(Shape::ApplyPatch),
            CallKind::Other(kind) if kind == SHELL && !self.codex => Some(Shape::Shell),
            CallKind::Other(_) => None,
        }
    }

    /// The name that the declared tool of `shape` has at the client.
    fn of_shape(&self, shape: Shape) -> Option<String> {
        self.wires.keys().find(|original| original.shape == shape).map(|original| original.name.clone())
    }
}
