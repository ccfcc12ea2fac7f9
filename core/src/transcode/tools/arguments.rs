//! Arguments of lowered tools, to the function's and back.

use serde_json::{Map, Value, json};

use super::Shape;
use super::freeform::INPUT;
use crate::codec::json;

/// What the function that stands for the tool is given.
pub(super) fn lower(shape: Shape, arguments: &str) -> String {
    match shape {
        Shape::Same | Shape::ToolSearch | Shape::Shell => arguments.to_owned(),
        Shape::Freeform => json!({INPUT: arguments}).to_string(),
        Shape::LocalShell => {
            object(arguments).map_or_else(|| arguments.to_owned(), |action| command(&action))
        }
        Shape::ApplyPatch => match object(arguments) {
            Some(operation) => json!({"operation": operation}).to_string(),
            None => arguments.to_owned(),
        },
    }
}

/// What the tool is given. Arguments that cannot be read stay what they are.
pub(super) fn raise(shape: Shape, arguments: &str) -> String {
    let read = match shape {
        Shape::Same | Shape::ToolSearch | Shape::Freeform => None,
        Shape::LocalShell => object(arguments).and_then(action),
        Shape::Shell => object(arguments).and_then(commands),
        Shape::ApplyPatch => object(arguments).map(operation),
    };
    read.map_or_else(|| arguments.to_owned(), |read| read.to_string())
}

fn object(json: &str) -> Option<Map<String, Value>> {
    json::from_str(json).ok()
}

fn command(action: &Map<String, Value>) -> String {
    let mut arguments = Map::new();
    let fields = [
        ("command", "command"),
        ("working_directory", "workdir"),
        ("timeout_ms", "timeout_ms"),
        ("env", "env"),
        ("user", "user"),
    ];
    for (from, to) in fields {
        match action.get(from) {
            None | Some(Value::Null) => {}
            Some(Value::Object(empty)) if empty.is_empty() => {}
            Some(value) => {
                arguments.insert(to.to_owned(), value.clone());
            }
        }
    }
    Value::Object(arguments).to_string()
}

fn action(mut arguments: Map<String, Value>) -> Option<Value> {
    let command = match take(&mut arguments, &["command", "cmd"])? {
        Value::String(line) => json!(["bash", "-lc", line]),
        list => list,
    };
    let mut action = json!({"type": "exec", "command": command});
    let env = take(&mut arguments, &["env"]).filter(Value::is_object).unwrap_or_else(|| json!({}));
    let fields = [
        ("env", Some(env)),
        ("timeout_ms", take(&mut arguments, &["timeout_ms", "timeout"])),
        ("user", take(&mut arguments, &["user"])),
        ("working_directory", take(&mut arguments, &["workdir", "working_directory"])),
    ];
    let action_fields = action.as_object_mut()?;
    action_fields.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Some(action)
}

fn commands(mut arguments: Map<String, Value>) -> Option<Value> {
    let commands = match take(&mut arguments, &["commands", "command"])? {
        line @ Value::String(_) => json!([line]),
        list => list,
    };
    arguments.insert("commands".to_owned(), commands);
    Some(Value::Object(arguments))
}

fn operation(mut arguments: Map<String, Value>) -> Value {
    match arguments.remove("operation") {
        Some(operation @ Value::Object(_)) => operation,
        // Given as a string of JSON.
        Some(Value::String(text)) => object(&text).map_or(Value::String(text), Value::Object),
        Some(other) => other,
        None => Value::Object(arguments),
    }
}

/// The first of `names` that has a value.
fn take(object: &mut Map<String, Value>, names: &[&str]) -> Option<Value> {
    names.iter().filter_map(|name| object.remove(*name)).find(|value| !value.is_null())
}
