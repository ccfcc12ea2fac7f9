//! Reading an object of another gateway's file field by field, so that none is passed over in silence.

use serde_json::{Map, Value};

use super::NotCarried;

/// Why fields with these names are left behind.
pub(super) type Reason<'a> = (&'a [&'a str], &'a str);

/// One object of the file. What is taken from it is meant to be carried; [`finish`](Self::finish) tells the rest.
pub(super) struct Fields<'a> {
    object: Option<&'a Map<String, Value>>,
    path: String,
    taken: Vec<&'a str>,
    notes: Vec<NotCarried>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value, path: impl Into<String>) -> Self {
        let mut fields =
            Self { object: value.as_object(), path: path.into(), taken: Vec::new(), notes: Vec::new() };
        if fields.object.is_none() {
            fields.notes.push(NotCarried::new(fields.path.as_str(), "is not an object"));
        }
        fields
    }

    /// Where in the file the field stands.
    pub(super) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The field, if it says anything.
    pub(super) fn value(&mut self, name: &'a str) -> Option<&'a Value> {
        self.taken.push(name);
        self.object?.get(name).filter(|value| !says_nothing(value))
    }

    pub(super) fn text(&mut self, name: &'a str) -> Option<&'a str> {
        self.read(name, "is not a text", Value::as_str).map(str::trim)
    }

    pub(super) fn flag(&mut self, name: &'a str) -> Option<bool> {
        self.read(name, "is neither true nor false", Value::as_bool)
    }

    /// Whether a flag that is on unless said otherwise is off.
    pub(super) fn is_off(&mut self, name: &'a str) -> bool {
        self.taken.push(name);
        self.object.and_then(|object| object.get(name)) == Some(&Value::Bool(false))
    }

    /// A whole number from 0; a negative one means something else than an amount.
    pub(super) fn number(&mut self, name: &'a str) -> Option<u64> {
        self.read(name, "is not a number from 0", Value::as_u64)
    }

    pub(super) fn items(&mut self, name: &'a str) -> &'a [Value] {
        self.read(name, "is not a list", Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(super) fn object(&mut self, name: &'a str) -> Option<&'a Map<String, Value>> {
        self.read(name, "is not an object", Value::as_object)
    }

    /// The texts of a list.
    pub(super) fn texts(&mut self, name: &'a str) -> Vec<&'a str> {
        let texts: Vec<_> = self.items(name).iter().map(Value::as_str).collect();
        for (index, text) in texts.iter().enumerate() {
            if text.is_none() {
                self.note(&format!("{name}[{index}]"), "is not a text");
            }
        }
        texts.into_iter().flatten().map(str::trim).collect()
    }

    /// The texts of an object.
    pub(super) fn pairs(&mut self, name: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut pairs = Vec::new();
        for (key, value) in self.object(name).into_iter().flatten() {
            match value.as_str() {
                Some(text) => pairs.push((key.as_str(), text.trim())),
                None => self.note(&format!("{name}.{key}"), "is not a text"),
            }
        }
        pairs
    }

    /// Tells that what stands at `name` is not carried.
    pub(super) fn note(&mut self, name: &str, why: impl Into<String>) {
        self.notes.push(NotCarried::new(self.path(name), why));
    }

    /// Says of a field, whatever it holds, that nothing is lost with it.
    pub(super) fn skip(&mut self, names: &[&'a str]) {
        self.taken.extend(names);
    }

    /// Tells of every field that says something and was not taken, with its reason from `reasons`.
    pub(super) fn finish(mut self, reasons: &[Reason<'_>], notes: &mut Vec<NotCarried>) {
        for (name, value) in self.object.into_iter().flatten() {
            if self.taken.contains(&name.as_str()) || says_nothing(value) {
                continue;
            }
            let known = reasons.iter().find(|(names, _)| names.contains(&name.as_str()));
            self.note(name, known.map_or("has no counterpart here", |(_, why)| why));
        }
        notes.append(&mut self.notes);
    }

    fn read<T>(
        &mut self,
        name: &'a str,
        wrong: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let read = read(self.value(name)?);
        if read.is_none() {
            self.note(name, wrong);
        }
        read
    }
}

/// Whether a field might as well not be there.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}
