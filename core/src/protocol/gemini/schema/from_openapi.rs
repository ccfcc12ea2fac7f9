//! Gemini's `Schema` to JSON Schema.

use serde_json::{Map, Value, json};

use crate::codec::json;

/// What Gemini writes as `Schema`, in the words of JSON Schema 2020-12.
pub(in crate::protocol::gemini) fn to_json_schema(schema: &Value) -> Value {
    let Value::Object(fields) = schema else { return schema.clone() };
    let mut out = Map::new();
    let (mut nullable, mut ordering) = (false, None);
    for (name, value) in fields {
        match name.as_str() {
            "type" => {
                let kind = value.as_str().map(str::to_ascii_lowercase).unwrap_or_default();
                if kind != "type_unspecified" {
                    out.insert("type".into(), kind.into());
                }
            }
            "nullable" => nullable = value.as_bool() == Some(true),
            "format" if value == "enum" => {}
            "propertyOrdering" | "property_ordering" => ordering = value.as_array(),
            "properties" => {
                out.insert("properties".into(), each_value(value));
            }
            "defs" | "$defs" => {
                out.insert("$defs".into(), each_value(value));
            }
            "ref" | "$ref" => {
                let target = value.as_str().unwrap_or_default().replacen("#/defs/", "#/$defs/", 1);
                out.insert("$ref".into(), target.into());
            }
            "anyOf" | "any_of" => {
                let variants = value.as_array().map(Vec::as_slice).unwrap_or_default();
                out.insert("anyOf".into(), variants.iter().map(to_json_schema).collect());
            }
            "items" => {
                out.insert("items".into(), to_json_schema(value));
            }
            "additionalProperties" | "additional_properties" => {
                out.insert("additionalProperties".into(), to_json_schema(value));
            }
            "example" => {
                out.insert("examples".into(), json!([value]));
            }
            _ => {
                let (name, value) = limit(name, value);
                out.insert(name.into(), value);
            }
        }
    }
    if let (Some(order), Some(Value::Object(properties))) = (ordering, out.get_mut("properties")) {
        sort(properties, order);
    }
    number_values(&mut out);
    if nullable {
        allow_null(&mut out);
    }
    Value::Object(out)
}

fn each_value(named: &Value) -> Value {
    let Value::Object(named) = named else { return named.clone() };
    named.iter().map(|(name, schema)| (name.clone(), to_json_schema(schema))).collect()
}

/// Limits may be written as text, which is how Google writes 64 bits, and in either spelling.
fn limit<'n>(name: &'n str, value: &Value) -> (&'n str, Value) {
    let name = match name {
        "min_items" | "minItems" => "minItems",
        "max_items" | "maxItems" => "maxItems",
        "min_length" | "minLength" => "minLength",
        "max_length" | "maxLength" => "maxLength",
        "min_properties" | "minProperties" => "minProperties",
        "max_properties" | "maxProperties" => "maxProperties",
        _ => return (name, value.clone()),
    };
    let number = value.as_str().and_then(|text| text.parse::<u64>().ok()).map(Value::from);
    (name, number.unwrap_or_else(|| value.clone()))
}

/// Gemini writes the values of every `enum` as text.
fn number_values(schema: &mut Map<String, Value>) {
    let number = matches!(schema.get("type").and_then(Value::as_str), Some("integer" | "number"));
    if let (true, Some(Value::Array(values))) = (number, schema.get_mut("enum")) {
        for value in values {
            let parsed = value.as_str().and_then(|text| json::from_str::<serde_json::Number>(text).ok());
            if let Some(parsed) = parsed {
                *value = Value::Number(parsed);
            }
        }
    }
}

fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    } else if let Some(Value::Array(variants)) = schema.get_mut("anyOf") {
        variants.push(json!({"type": "null"}));
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.push(Value::Null);
    }
}

/// Puts the properties that `order` names first, in its order.
fn sort(properties: &mut Map<String, Value>, order: &[Value]) {
    let mut rest = std::mem::take(properties);
    for name in order.iter().filter_map(Value::as_str) {
        if let Some(schema) = rest.shift_remove(name) {
            properties.insert(name.to_owned(), schema);
        }
    }
    properties.extend(rest);
}
