//! Schemas that hold together, as one.

use serde_json::{Map, Value};

/// Adds what `other` demands. Where both say something of the same, `into` keeps its own, but properties
/// and what is required are put together.
pub(super) fn merge(into: &mut Map<String, Value>, other: &Map<String, Value>) {
    for (keyword, value) in other {
        match (keyword.as_str(), into.get_mut(keyword)) {
            (_, None) => {
                into.insert(keyword.clone(), value.clone());
            }
            ("properties" | "$defs" | "definitions", Some(Value::Object(mine))) => {
                let Value::Object(theirs) = value else { continue };
                for (name, schema) in theirs {
                    match (mine.get_mut(name), schema) {
                        (Some(Value::Object(mine)), Value::Object(theirs)) => merge(mine, theirs),
                        (Some(_), _) => {}
                        (None, _) => {
                            mine.insert(name.clone(), schema.clone());
                        }
                    }
                }
            }
            ("required" | "allOf", Some(Value::Array(mine))) => {
                let Value::Array(theirs) = value else { continue };
                let new: Vec<_> = theirs.iter().filter(|value| !mine.contains(value)).cloned().collect();
                mine.extend(new);
            }
            ("anyOf" | "oneOf", Some(_)) => {
                // Both choices must hold; the first one stands for them.
            }
            (_, Some(_)) => {}
        }
    }
}
