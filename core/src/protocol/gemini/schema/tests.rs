use serde_json::{Value, json};

use super::*;
use crate::ir::Losses;

fn openapi(schema: &Value) -> (Value, String) {
    let mut lost = Losses::default();
    let converted = to_openapi(schema, &mut lost).unwrap_or_default();
    (converted, lost.to_string())
}

fn property(schema: Value) -> (Value, String) {
    let (converted, lost) = openapi(&json!({"type": "object", "properties": {"p": schema}}));
    (converted["properties"]["p"].clone(), lost)
}

#[test]
fn json_schema_is_cut_down_to_what_gemini_knows() {
    for (schema, expected, lost) in [
        (json!({"type": ["string", "null"]}), json!({"type": "STRING", "nullable": true}), ""),
        (
            json!({"type": ["string", "integer"], "description": "d", "minimum": 1}),
            json!({"description": "d", "anyOf": [{"type": "STRING"}, {"type": "INTEGER", "minimum": 1}]}),
            "",
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "null"}], "description": "d"}),
            json!({"type": "STRING", "description": "d", "nullable": true}),
            "",
        ),
        (json!({"const": "a"}), json!({"type": "STRING", "format": "enum", "enum": ["a"]}), ""),
        (
            json!({"enum": [1, 2, null]}),
            json!({"type": "INTEGER", "format": "enum", "enum": ["1", "2"], "nullable": true}),
            "",
        ),
        (json!({"type": "integer", "exclusiveMaximum": 5}), json!({"type": "INTEGER", "maximum": 4}), ""),
        (
            json!({"type": "number", "exclusiveMinimum": 0, "multipleOf": 2}),
            json!({"type": "NUMBER", "minimum": 0}),
            "schema.exclusiveMinimum=approximated, schema.multipleOf=dropped",
        ),
        (json!({"type": "string", "format": "uri"}), json!({"type": "STRING"}), "schema.format=dropped"),
        (
            json!({"type": "array", "uniqueItems": true, "items": {"$ref": "#/$defs/none"}}),
            json!({"type": "ARRAY", "items": {}}),
            "schema.uniqueItems=dropped, schema.$ref=approximated",
        ),
        (
            json!({"type": "array"}),
            json!({"type": "ARRAY", "items": {"type": "STRING"}}),
            "schema.items=approximated",
        ),
        (json!({"type": "object", "required": ["x"]}), json!({"type": "OBJECT"}), ""),
    ] {
        let (converted, told) = property(schema.clone());
        assert_eq!(converted, expected, "{schema}");
        assert_eq!(told, lost, "{schema}");
    }
}

#[test]
fn properties_may_be_called_as_keywords() {
    let text = json!({"type": "string"});
    let schema = json!({"$schema": "x", "type": "object", "title": "t", "additionalProperties": true,
        "properties": {"title": text, "default": text, "$schema": text, "properties": text, "$ref": text},
        "required": ["title", "gone"]});
    let (converted, lost) = openapi(&schema);
    let names: Vec<_> = converted["properties"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["title", "default", "$schema", "properties", "$ref"]);
    assert_eq!(converted["required"], json!(["title"]));
    assert_eq!(lost, "");
}

#[test]
fn references_are_put_in_place_until_they_recur() {
    let schema = json!({
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {"type": "object", "properties": {
                "next": {"$ref": "#/$defs/node"}, "color": {"$ref": "#/$defs/color", "description": "of it"},
            }},
            "color": {"allOf": [{"$ref": "#/$defs/base"}, {"enum": ["red"]}]},
            "base": {"type": "string"},
        },
    });
    let (converted, lost) = openapi(&schema);
    assert_eq!(
        converted,
        json!({"type": "OBJECT", "properties": {
            "next": {},
            "color": {"type": "STRING", "description": "of it", "format": "enum", "enum": ["red"]},
        }})
    );
    assert_eq!(lost, "schema.$ref=approximated");
}

#[test]
fn references_that_multiply_are_bounded() {
    let mut defs = Map::new();
    for level in 0..40 {
        let below = json!({"$ref": format!("#/$defs/l{}", level + 1)});
        let level_schema = json!({"type": "object", "properties": {"a": below, "b": below}});
        defs.insert(format!("l{level}"), level_schema);
    }
    let (_, lost) = openapi(&json!({"$ref": "#/$defs/l0", "$defs": defs}));
    assert!(lost.contains("schema.size=approximated"), "{lost}");
}

#[test]
fn an_object_of_nothing_is_no_parameters() {
    assert_eq!(openapi(&json!({"type": "object", "properties": {}})).0, Value::Null);
    assert_eq!(openapi(&json!({})).0, Value::Null);
}

#[test]
fn gemini_schemas_become_json_schema() {
    let schema = json!({
        "type": "OBJECT", "propertyOrdering": ["b", "a"], "nullable": true,
        "properties": {
            "a": {"type": "INTEGER", "format": "enum", "enum": ["1", "2"]},
            "b": {"type": "ARRAY", "items": {"type": "STRING"}, "min_items": "1"},
            "c": {"anyOf": [{"type": "NUMBER"}], "nullable": true},
        },
    });
    let converted = to_json_schema(&schema);
    assert_eq!(
        converted,
        json!({
            "type": ["object", "null"],
            "properties": {
                "a": {"type": "integer", "enum": [1, 2]},
                "b": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "c": {"anyOf": [{"type": "number"}, {"type": "null"}]},
            },
        })
    );
    assert_eq!(converted["properties"].as_object().unwrap().keys().next().unwrap(), "b");
}
