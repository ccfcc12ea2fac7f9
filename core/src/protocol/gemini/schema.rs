//! JSON Schema and Gemini's `Schema`, a subset of OpenAPI 3.0 with types in upper case.
//! <https://ai.google.dev/api/caching#Schema>

mod from_openapi;
mod merge;
mod to_openapi;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub(super) use from_openapi::to_json_schema;
pub(super) use to_openapi::to_openapi;

/// Keywords whose value is a schema, a list of schemas, a map of names to schemas.
const ONE: &[&str] =
    &["items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"];
const LIST: &[&str] = &["anyOf", "oneOf", "allOf", "prefixItems", "items"];
const NAMED: &[&str] = &["properties", "$defs", "definitions", "patternProperties", "dependentSchemas"];

/// Writes types in JSON Schema's lower case; tells whether any was not.
pub(super) fn lower_types(schema: &mut Value) -> bool {
    let Value::Object(fields) = schema else { return false };
    let mut changed = match fields.get_mut("type") {
        Some(Value::String(kind)) => lower(kind),
        Some(Value::Array(kinds)) => kinds.iter_mut().fold(false, |changed, kind| match kind {
            Value::String(kind) => lower(kind) | changed,
            _ => changed,
        }),
        _ => false,
    };
    for child in children(fields) {
        changed |= lower_types(child);
    }
    changed
}

fn lower(kind: &mut str) -> bool {
    let upper = kind.bytes().any(|byte| byte.is_ascii_uppercase());
    kind.make_ascii_lowercase();
    upper
}

/// The schemas right below this one. A property that is called as a keyword is none.
fn children(fields: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    fields.iter_mut().flat_map(|(keyword, value)| {
        let keyword = keyword.as_str();
        if value.is_object() && ONE.contains(&keyword) {
            return vec![value];
        }
        let below: Vec<&mut Value> = match value {
            Value::Array(list) if LIST.contains(&keyword) => list.iter_mut().collect(),
            Value::Object(named) if NAMED.contains(&keyword) => named.values_mut().collect(),
            _ => Vec::new(),
        };
        below
    })
}
