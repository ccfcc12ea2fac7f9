//! The fields of a body, less what an upstream must not see, and with what its operator adds.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use crate::codec::json;
use crate::config::compat::Compat;
use crate::ir::{Losses, Raw};
use crate::protocol::gemini::wire::path;

/// Named values in their order, and below them objects of the same sort. Schemas keep their spelling.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    omit: Vec<String>,
    fields: Vec<(String, Raw)>,
    objects: BTreeMap<String, Self>,
}

impl Document {
    pub(super) fn new(compat: &Compat) -> Self {
        Self { omit: compat.omit.clone(), ..Self::default() }
    }

    /// Writes `field`, or tells the loss of `feature` where the upstream must not see it.
    pub(super) fn set(
        &mut self,
        field: &str,
        feature: &'static str,
        value: impl Serialize,
        lost: &mut Losses,
    ) {
        if self.omit.iter().any(|omitted| omitted == field) {
            lost.dropped(feature);
        } else if let Ok(value) = Raw::of(&value) {
            self.fields.push((field.to_owned(), value));
        }
    }

    pub(super) fn set_if(
        &mut self,
        possible: bool,
        field: &str,
        feature: &'static str,
        value: impl Serialize,
        lost: &mut Losses,
    ) {
        if possible { self.set(field, feature, value, lost) } else { lost.dropped(feature) }
    }

    /// Writes a field by its path: `generationConfig.speechConfig`.
    pub(super) fn set_at(&mut self, path: &str, value: &Value) {
        let (field, below) = path::split(path);
        if self.omit.contains(&field) {
            return;
        }
        match below {
            Some(below) => self.within(&field).set_at(below, value),
            None => {
                self.fields.retain(|(name, _)| *name != field);
                self.fields.push((field, Raw::from(value.clone())));
            }
        }
    }

    /// The object `field`; it is not written while it is empty.
    pub(super) fn within(&mut self, field: &str) -> &mut Self {
        let omit = &self.omit;
        self.objects.entry(field.to_owned()).or_insert_with(|| Self { omit: omit.clone(), ..Self::default() })
    }

    fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.objects.values().all(Self::is_empty)
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        for (name, object) in self.objects.iter().filter(|(_, object)| !object.is_empty()) {
            map.serialize_entry(name, object)?;
        }
        map.end()
    }
}

/// The body with the operator's fields over the client's; objects are put together.
pub(super) fn with_extra(body: Vec<u8>, compat: &Compat) -> Vec<u8> {
    if compat.extra_body.is_empty() {
        return body;
    }
    let Ok(mut fields) = json::read::<Map<String, Value>>(&body) else { return body };
    overlay(&mut fields, &compat.extra_body);
    serde_json::to_vec(&fields).unwrap_or(body)
}

fn overlay(fields: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (name, value) in over {
        match (fields.get_mut(name), value) {
            (Some(Value::Object(fields)), Value::Object(over)) => overlay(fields, over),
            _ => {
                fields.insert(name.clone(), value.clone());
            }
        }
    }
}
