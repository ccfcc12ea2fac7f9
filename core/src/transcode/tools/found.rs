//! Tools that a search of the client found.

use serde_json::{Map, Value};

use super::{Lowering, Original, Shape};
use crate::config::Protocol;
use crate::ir::{CallKind, Item, Namespace, Raw, ResultContent, Tool, ToolKind, ToolResult};

/// Appends what was found on the way to `tools`, in the order it came: earlier turns' prompts stay prefixes.
pub(super) fn add(tools: &mut Vec<Tool>, items: &[Item]) {
    for item in items {
        let Item::ToolResult(result) = item else { continue };
        if result.kind != CallKind::ToolSearch {
            continue;
        }
        for tool in self::tools(result) {
            tools.retain(|known| known.defer_loading != Some(true) || !is_same(known, &tool));
            if !tools.iter().any(|known| is_same(known, &tool)) {
                tools.push(tool);
            }
        }
    }
}

/// The tools that a search's result holds.
pub(super) fn tools(result: &ToolResult) -> Vec<Tool> {
    match &result.content {
        ResultContent::Json(raw) => read(&raw.value()),
        ResultContent::Text(_) | ResultContent::Blocks(_) => Vec::new(),
    }
}

/// A list of declarations as Responses writes them.
fn read(list: &Value) -> Vec<Tool> {
    list.as_array().into_iter().flatten().filter_map(Value::as_object).flat_map(declared).collect()
}

fn declared(declaration: &Map<String, Value>) -> Vec<Tool> {
    let text = |field: &str| declaration.get(field).and_then(Value::as_str).map(str::to_owned);
    let raw = |field: &str| declaration.get(field).filter(|value| !value.is_null()).cloned().map(Raw::from);
    let kind = match (text("type").as_deref(), text("name")) {
        (Some("namespace"), Some(name)) => {
            let namespace = Namespace { name, description: text("description") };
            let mut tools = declaration.get("tools").map(read).unwrap_or_default();
            for tool in &mut tools {
                tool.namespace = Some(namespace.clone());
            }
            return tools;
        }
        (Some("function"), Some(_)) => {
            let strict = declaration.get("strict").and_then(Value::as_bool);
            ToolKind::Function { parameters: raw("parameters"), strict }
        }
        (Some("custom"), Some(_)) => ToolKind::Custom { format: raw("format") },
        (Some(kind), _) => ToolKind::Builtin {
            owner: Protocol::Responses,
            kind: kind.to_owned(),
            raw: Value::Object(declaration.clone()).into(),
        },
        (None, _) => return Vec::new(),
    };
    let name = text("name").or_else(|| text("type")).unwrap_or_default();
    vec![Tool { description: text("description"), ..Tool::new(name, kind) }]
}

fn is_same(one: &Tool, other: &Tool) -> bool {
    let namespace = |tool: &Tool| tool.namespace.as_ref().map(|namespace| namespace.name.clone());
    one.name == other.name && namespace(one) == namespace(other)
}

impl Lowering<'_> {
    /// The upstream's name of a tool that was found.
    pub(super) fn known_as(&mut self, tool: &Tool) -> String {
        let shape = match &tool.kind {
            ToolKind::Custom { .. } if !self.custom => Shape::Freeform,
            ToolKind::Function { .. } | ToolKind::Custom { .. } | ToolKind::Builtin { .. } => Shape::Same,
        };
        let namespace = tool.namespace.as_ref().map(|namespace| namespace.name.clone());
        self.wire(Original { name: tool.name.clone(), namespace, shape })
    }
}
