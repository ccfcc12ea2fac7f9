//! Schemas that hold together, as one.

use serde_json::{Map, Value};

use crate::ir::Losses;

/// What only describes; two of them are no contradiction.
const WORDS: &[&str] = &["title", "description", "default", "examples", "$comment", "$id", "$schema"];

/// Adds what `other` demands. Where both say something of the same, `into` keeps its own, but properties
/// and what is required are put together.
pub(super) fn merge(into: &mut Map<String, Value>, other: &Map<String, Value>, lost: &mut Losses) {
    for (keyword, value) in other {
        match (keyword.as_str(), into.get_mut(keyword)) {
            (_, None) => {
                into.insert(keyword.clone(), value.clone());
            }
            ("properties" | "$defs" | "definitions", Some(Value::Object(mine))) => {
                let Value::Object(theirs) = value else { continue };
                for (name, schema) in theirs {
                    match (mine.get_mut(name), schema) {
                        (Some(Value::Object(mine)), Value::Object(theirs)) => merge(mine, theirs, lost),
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
            (keyword, Some(mine)) if mine != value && !WORDS.contains(&keyword) => {
                lost.approximated("schema.allOf");
            }
            (_, Some(_)) => {}
        }
    }
}
