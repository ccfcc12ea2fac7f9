//! JSON Schemas as Claude takes them.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::codec::json::{self as scan, key_is};
use crate::ir::{Losses, Raw};

/// A tool's input is an object, and its schema says so.
pub(super) fn of_input(schema: Option<&Raw>) -> Cow<'_, Raw> {
    let empty = || Cow::Owned(Raw::from(json!({"type": "object", "properties": {}})));
    let Some(schema) = schema else { return empty() };
    let mut fields = scan::fields(schema.get().as_bytes()).map_while(Result::ok);
    if fields.any(|field| key_is(field.key, "type")) {
        return Cow::Borrowed(schema);
    }
    match schema.value() {
        Value::Object(fields) if fields.is_empty() => empty(),
        Value::Object(fields) => {
            let typed = std::iter::once(("type".to_owned(), "object".into())).chain(fields);
            Cow::Owned(Raw::from(Value::Object(typed.collect())))
        }
        _ => empty(),
    }
}

/// An answer's objects hold the properties that are named and no others.
/// <https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations>
pub(super) fn of_output(schema: &Raw, lost: &mut Losses) -> Raw {
    let mut value = schema.value();
    close(&mut value, lost);
    Raw::from(value)
}

fn close(schema: &mut Value, lost: &mut Losses) {
    let Value::Object(fields) = schema else { return };
    if is_object(fields) {
        match fields.insert("additionalProperties".into(), false.into()) {
            None | Some(Value::Bool(false)) => {}
            Some(_) => lost.approximated("output.format.schema"),
        }
    }
    for (keyword, value) in fields {
        match (keyword.as_str(), value) {
            ("properties" | "$defs" | "definitions", Value::Object(schemas)) => {
                schemas.values_mut().for_each(|schema| close(schema, lost));
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(|schema| close(schema, lost));
            }
            ("items" | "not", schema) => close(schema, lost),
            _ => {}
        }
    }
}

fn is_object(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => schema.contains_key("properties"),
    }
}
