//! Answers in a given form, from upstreams that cannot be asked for them.

mod raise;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

pub use self::raise::Raiser;
use crate::config::compat::{Compat, StructuredOutput};
use crate::ir::{Block, Format, Losses, Raw, Request, Tool, ToolChoice, ToolKind};

/// What the tool is called whose arguments are the answer.
const TOOL: &str = "answer";

/// The one argument of a tool whose answer is no object.
const VALUE: &str = "value";

/// A tool stands for the form of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emulation {
    tool: String,
    /// Whether the answer is within an object.
    wrapped: bool,
}

/// Asks for the form that `request` wants by the means the upstream has. An emulation changes the answer.
pub fn lower(request: &mut Request, compat: &Compat, lost: &mut Losses) -> Option<Emulation> {
    let style = compat.structured_output.unwrap_or(StructuredOutput::Schema);
    let (description, schema) = match &request.output.format {
        Some(Format::JsonSchema { description, schema, .. }) if style != StructuredOutput::Schema => {
            (description.clone(), schema.clone())
        }
        Some(Format::JsonObject) if style == StructuredOutput::Tool => {
            (None, json!({"type": "object"}).into())
        }
        _ => return None,
    };
    lost.emulated("output.format");
    if style == StructuredOutput::Object || compat.tools == Some(false) {
        let asked =
            format!("Answer with JSON and nothing else. It must match this JSON Schema:\n{}", schema.get());
        request.instructions.push(Block::text(asked));
        request.output.format = Some(Format::JsonObject);
        return None;
    }
    request.output.format = None;
    Some(with_tool(request, description, &schema))
}

impl Emulation {
    /// What undoes it in one answer.
    pub fn raiser(&self) -> Raiser {
        Raiser::new(self.clone())
    }
}

fn with_tool(request: &mut Request, description: Option<String>, schema: &Raw) -> Emulation {
    let mut tool = TOOL.to_owned();
    while request.tools.iter().any(|other| other.name == tool) {
        tool.push('_');
    }
    let asked =
        format!("Give the final answer by calling the tool `{tool}`, once, and say nothing beside it.");
    request.instructions.push(Block::text(asked));
    choose(request, &tool);
    let tree = schema.value();
    let wrapped = tree.get("type").and_then(Value::as_str) != Some("object");
    let parameters = if wrapped { wrap(tree).into() } else { schema.clone() };
    let kind = ToolKind::Function { parameters: Some(parameters), strict: None };
    let description = description.unwrap_or_else(|| "Gives the final answer.".to_owned());
    request.tools.push(Tool { description: Some(description), ..Tool::new(tool.clone(), kind) });
    Emulation { tool, wrapped }
}

/// Sees to it that the model calls the tool, or one that the client chose.
fn choose(request: &mut Request, tool: &str) {
    let has_others = !request.tools.is_empty();
    match &mut request.tool_choice {
        Some(ToolChoice::Allowed { required, names }) => {
            *required = true;
            names.push(tool.to_owned());
        }
        Some(ToolChoice::Named { .. } | ToolChoice::Builtin { .. } | ToolChoice::Required) => {}
        choice @ (None | Some(ToolChoice::Auto)) if has_others => *choice = Some(ToolChoice::Required),
        choice @ (None | Some(ToolChoice::Auto | ToolChoice::None)) => {
            *choice = Some(ToolChoice::Named { name: tool.to_owned(), namespace: None });
        }
    }
}

/// An object whose one member has `schema`; references keep their targets.
fn wrap(mut schema: Value) -> Value {
    let mut outer = Map::from_iter([("type".to_owned(), "object".into())]);
    if let Some(inner) = schema.as_object_mut() {
        for shared in ["$defs", "definitions"] {
            outer.extend(inner.shift_remove(shared).map(|targets| (shared.to_owned(), targets)));
        }
    }
    outer.insert("properties".to_owned(), json!({VALUE: schema}));
    outer.insert("required".to_owned(), json!([VALUE]));
    Value::Object(outer)
}
