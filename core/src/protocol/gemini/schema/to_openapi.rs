//! JSON Schema to Gemini's `Schema`, for upstreams that know nothing else.

use serde_json::{Map, Value};

use super::merge::merge;
use crate::ir::Losses;

/// Schemas written at most: references within references multiply.
const MAX_SCHEMAS: usize = 4_000;

/// What is kept as it is.
const KEPT: &[&str] = &[
    "title",
    "description",
    "default",
    "example",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "pattern",
    "nullable",
];

/// What says nothing of the values.
const SILENT: &[&str] =
    &["$schema", "$id", "$comment", "$anchor", "$defs", "definitions", "deprecated", "readOnly", "writeOnly"];

/// `None` for an object without properties, which Gemini does not take for parameters.
pub(in crate::protocol::gemini) fn to_openapi(schema: &Value, lost: &mut Losses) -> Option<Value> {
    let mut converter = Converter { root: schema, open: Vec::new(), schemas: 0, lost };
    let converted = converter.schema(schema);
    let empty = converted.get("properties").is_none()
        && converted.get("anyOf").is_none()
        && converted.get("type").is_none_or(|kind| kind == "OBJECT");
    (!empty).then_some(Value::Object(converted))
}

struct Converter<'s, 'l> {
    root: &'s Value,
    /// The references that are being followed.
    open: Vec<String>,
    schemas: usize,
    lost: &'l mut Losses,
}

impl Converter<'_, '_> {
    fn schema(&mut self, schema: &Value) -> Map<String, Value> {
        self.schemas += 1;
        let Value::Object(fields) = schema else { return Map::new() };
        if self.schemas > MAX_SCHEMAS {
            self.lost.approximated("schema.size");
            return Map::new();
        }
        let mut fields = fields.clone();
        let followed = self.open.len();
        self.resolve(&mut fields);
        self.collapse(&mut fields);
        let converted = self.convert(fields);
        self.open.truncate(followed);
        converted
    }

    /// Puts what `$ref` and `allOf` point to in their place.
    fn resolve(&mut self, fields: &mut Map<String, Value>) {
        loop {
            let reference = fields.shift_remove("$ref");
            let all = fields.shift_remove("allOf");
            if reference.is_none() && all.is_none() {
                return;
            }
            if let Some(Value::String(reference)) = reference {
                let target = reference.strip_prefix('#').and_then(|path| self.root.pointer(path));
                match target {
                    Some(Value::Object(target)) if !self.open.contains(&reference) => {
                        merge(fields, target, self.lost);
                        self.open.push(reference);
                    }
                    _ => self.lost.approximated("schema.$ref"),
                }
            }
            if let Some(Value::Array(all)) = all {
                for part in all {
                    if let Value::Object(mut part) = part {
                        self.resolve(&mut part);
                        merge(fields, &part, self.lost);
                    }
                }
            }
        }
    }

    /// One spelling for what has several: choices, `null`, constants.
    fn collapse(&mut self, fields: &mut Map<String, Value>) {
        if let Some(variants) = fields.shift_remove("oneOf") {
            if fields.contains_key("anyOf") {
                self.lost.dropped("schema.oneOf");
            } else {
                fields.insert("anyOf".into(), variants);
            }
        }
        if let Some(value) = fields.shift_remove("const") {
            fields.insert("enum".into(), Value::Array(vec![value]));
        }
        let mut nullable = false;
        if let Some(Value::Array(mut kinds)) = fields.get("type").cloned() {
            let all = kinds.len();
            kinds.retain(|kind| kind != "null");
            nullable = kinds.len() < all;
            match <[Value; 1]>::try_from(kinds) {
                Ok([kind]) => {
                    fields.insert("type".into(), kind);
                }
                Err(kinds) => split(fields, kinds),
            }
        }
        if let Some(Value::Array(values)) = fields.get_mut("enum") {
            let all = values.len();
            values.retain(|value| !value.is_null());
            nullable |= values.len() < all;
        }
        if let Some(Value::Array(variants)) = fields.get_mut("anyOf") {
            let all = variants.len();
            variants.retain(|variant| !is_null(variant));
            nullable |= variants.len() < all;
            if let [Value::Object(only)] = variants.as_slice() {
                let only = only.clone();
                fields.shift_remove("anyOf");
                merge(fields, &only, self.lost);
                self.resolve(fields);
                self.collapse(fields);
            }
        }
        if nullable {
            fields.insert("nullable".into(), true.into());
        }
    }

    fn convert(&mut self, mut fields: Map<String, Value>) -> Map<String, Value> {
        let mut out = Map::new();
        let kind = self.kind(&fields);
        if let Some(kind) = kind {
            out.insert("type".into(), kind.into());
        }
        self.limits(&mut fields, kind == Some("INTEGER"));
        for (keyword, value) in &fields {
            match keyword.as_str() {
                "properties" => self.properties(value, &mut out),
                "anyOf" => {
                    let variants = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    let variants: Vec<_> = variants.iter().map(|variant| self.schema(variant)).collect();
                    if variants.iter().all(|variant| !variant.contains_key("type")) && kind.is_some() {
                        self.lost.dropped("schema.anyOf");
                    } else {
                        let variants = variants.into_iter().map(Value::Object);
                        out.insert("anyOf".into(), variants.collect());
                    }
                }
                "items" if value.is_object() => {
                    out.insert("items".into(), Value::Object(self.schema(value)));
                }
                "items" | "prefixItems" if value.is_array() => {
                    self.lost.approximated("schema.prefixItems");
                    let mut any = Map::new();
                    any.insert("anyOf".into(), value.clone());
                    out.insert("items".into(), Value::Object(self.schema(&Value::Object(any))));
                }
                "enum" => self.values(value, kind, &mut out),
                "format" => self.format(value, kind, &mut out),
                "examples" => {
                    out.extend(value.get(0).map(|first| ("example".to_owned(), first.clone())));
                }
                "type" | "required" => {}
                "additionalProperties" if *value == true => {}
                keyword if KEPT.contains(&keyword) => {
                    out.insert(keyword.to_owned(), value.clone());
                }
                keyword if SILENT.contains(&keyword) => {}
                keyword => self.lost.dropped(format!("schema.{keyword}")),
            }
        }
        if kind == Some("ARRAY") && !out.contains_key("items") {
            self.lost.approximated("schema.items");
            out.insert("items".into(), serde_json::json!({"type": "STRING"}));
        }
        required(&fields, &mut out);
        out
    }

    fn kind(&mut self, fields: &Map<String, Value>) -> Option<&'static str> {
        match fields.get("type").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
            Some("string") => Some("STRING"),
            Some("number") => Some("NUMBER"),
            Some("integer") => Some("INTEGER"),
            Some("boolean") => Some("BOOLEAN"),
            Some("array") => Some("ARRAY"),
            Some("object") => Some("OBJECT"),
            Some(_) => {
                self.lost.approximated("schema.type");
                Some("STRING")
            }
            None if fields.contains_key("anyOf") => None,
            None if fields.contains_key("properties") => Some("OBJECT"),
            None if fields.contains_key("items") || fields.contains_key("prefixItems") => Some("ARRAY"),
            None => fields.get("enum").and_then(|values| values.get(0)).map(|value| match value {
                Value::Number(number) if number.is_f64() => "NUMBER",
                Value::Number(_) => "INTEGER",
                Value::Bool(_) => "BOOLEAN",
                _ => "STRING",
            }),
        }
    }

    fn properties(&mut self, properties: &Value, out: &mut Map<String, Value>) {
        let Value::Object(properties) = properties else { return };
        let converted: Map<_, _> = properties
            .iter()
            .map(|(name, schema)| (name.clone(), Value::Object(self.schema(schema))))
            .collect();
        if !converted.is_empty() {
            out.insert("properties".into(), Value::Object(converted));
        }
    }

    /// Exclusive bounds become inclusive ones, which for integers is the same.
    fn limits(&mut self, fields: &mut Map<String, Value>, integer: bool) {
        for (exclusive, inclusive, step) in
            [("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1)]
        {
            let Some(bound) = fields.shift_remove(exclusive) else { continue };
            let whole = bound.as_i64().filter(|_| integer).and_then(|bound| bound.checked_add(step));
            match (whole, bound.is_number()) {
                (Some(bound), _) => {
                    fields.insert(inclusive.into(), bound.into());
                }
                (None, true) => {
                    self.lost.approximated(format!("schema.{exclusive}"));
                    fields.insert(inclusive.into(), bound);
                }
                (None, false) => self.lost.dropped(format!("schema.{exclusive}")),
            }
        }
    }

    /// Values are texts, and booleans have none.
    fn values(&mut self, values: &Value, kind: Option<&str>, out: &mut Map<String, Value>) {
        let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
        if kind == Some("BOOLEAN") {
            return self.lost.dropped("schema.enum");
        }
        let texts: Vec<Value> = values
            .iter()
            .map(|value| match value {
                Value::String(_) => value.clone(),
                other => other.to_string().into(),
            })
            .filter(|text| text != "")
            .collect();
        if texts.len() < values.len() {
            self.lost.approximated("schema.enum");
        }
        if !texts.is_empty() {
            out.insert("format".into(), "enum".into());
            out.insert("enum".into(), Value::Array(texts));
        }
    }

    fn format(&mut self, format: &Value, kind: Option<&str>, out: &mut Map<String, Value>) {
        let known = matches!(
            (kind, format.as_str()),
            (Some("STRING") | None, Some("date-time" | "enum"))
                | (Some("NUMBER"), Some("float" | "double"))
                | (Some("INTEGER"), Some("int32" | "int64"))
        );
        if !known {
            self.lost.dropped("schema.format");
        } else if !out.contains_key("enum") {
            out.insert("format".into(), format.clone());
        }
    }
}

/// A choice between the types, each with what is said of all.
fn split(fields: &mut Map<String, Value>, kinds: Vec<Value>) {
    if kinds.is_empty() {
        fields.shift_remove("type");
        return;
    }
    let shared: Map<_, _> = ["title", "description", "default"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), fields.shift_remove(name)?)))
        .collect();
    let own = std::mem::replace(fields, shared);
    let variants = kinds.into_iter().map(|kind| {
        let mut variant = own.clone();
        variant.retain(|keyword, _| belongs(keyword, kind.as_str().unwrap_or_default()));
        variant.insert("type".into(), kind);
        Value::Object(variant)
    });
    fields.insert("anyOf".into(), variants.collect());
}

/// Whether a keyword says something of values of this type.
fn belongs(keyword: &str, kind: &str) -> bool {
    match keyword {
        "properties" | "required" | "additionalProperties" | "minProperties" | "maxProperties" => {
            kind.eq_ignore_ascii_case("object")
        }
        "items" | "prefixItems" | "minItems" | "maxItems" | "uniqueItems" => {
            kind.eq_ignore_ascii_case("array")
        }
        "pattern" | "minLength" | "maxLength" | "format" => kind.eq_ignore_ascii_case("string"),
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
            matches!(kind.to_ascii_lowercase().as_str(), "number" | "integer")
        }
        _ => true,
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|kind| kind == "null") || schema.get("const").is_some_and(Value::is_null)
}

/// Only what exists can be required.
fn required(fields: &Map<String, Value>, out: &mut Map<String, Value>) {
    let Some(Value::Array(names)) = fields.get("required") else { return };
    let Some(Value::Object(properties)) = out.get("properties") else { return };
    let existing = |name: &&Value| name.as_str().is_some_and(|name| properties.contains_key(name));
    let names: Vec<Value> = names.iter().filter(existing).cloned().collect();
    if !names.is_empty() {
        out.insert("required".into(), Value::Array(names));
    }
}
