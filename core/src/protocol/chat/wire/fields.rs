//! The fields of an object, taken out one by one; whatever is left over is kept.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::codec::json;
use crate::ir::{Ext, Raw};
use crate::protocol::convert::Invalid;

/// An object whose values are not read yet.
pub(in crate::protocol::chat) struct Fields<'a>(Vec<Field<'a>>);

struct Field<'a> {
    name: Cow<'a, str>,
    /// `None` once it was taken.
    value: Option<&'a RawValue>,
}

/// What is wrong with a request, and where.
#[derive(Debug)]
pub(in crate::protocol::chat) struct Wrong {
    path: String,
    what: String,
}

impl Wrong {
    pub(in crate::protocol::chat) fn new(what: impl Into<String>) -> Self {
        Self { path: String::new(), what: what.into() }
    }

    pub(in crate::protocol::chat) fn missing(field: &str) -> Self {
        Self::new(format!("missing `{field}`"))
    }

    /// The same, seen from one level further out.
    pub(in crate::protocol::chat) fn at(mut self, step: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{step}{dot}{}", self.path);
        self
    }

    /// The same, seen from the array around it.
    pub(in crate::protocol::chat) fn nth(self, position: usize) -> Self {
        self.at(&format!("[{position}]"))
    }

    fn of_json(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        Self::new(what)
    }
}

impl From<Wrong> for Invalid {
    fn from(Wrong { path, what }: Wrong) -> Self {
        Self(if path.is_empty() { what } else { format!("{path}: {what}") })
    }
}

/// Reads a value that is known to be well-formed JSON.
pub(in crate::protocol::chat) fn read<'a, T: Deserialize<'a>>(value: &'a RawValue) -> Result<T, Wrong> {
    json::from_str(value.get()).map_err(|error| Wrong::of_json(&error))
}

impl<'a> Fields<'a> {
    pub(in crate::protocol::chat) fn of_body(body: &'a [u8]) -> Result<Self, Wrong> {
        json::read(body).map_err(|error| Wrong::new(format!("the body is no JSON object: {error}")))
    }

    pub(in crate::protocol::chat) fn of(value: &'a RawValue) -> Result<Self, Wrong> {
        read(value)
    }

    /// The field's value as it is spelled; `null` is no value.
    pub(in crate::protocol::chat) fn raw(&mut self, name: &str) -> Option<&'a RawValue> {
        let mut last = None;
        for field in self.0.iter_mut().filter(|field| field.name == name) {
            last = field.value.take().or(last);
        }
        last.filter(|value| value.get() != "null")
    }

    /// Takes the field out and reads it; `null` is `None`.
    pub(in crate::protocol::chat) fn take<T: Deserialize<'a>>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, Wrong> {
        let value = self.raw(name);
        value.map(|value| read(value).map_err(|wrong| wrong.at(name))).transpose()
    }

    pub(in crate::protocol::chat) fn text(&mut self, name: &str) -> Result<Option<String>, Wrong> {
        self.take(name)
    }

    pub(in crate::protocol::chat) fn need(&mut self, name: &str) -> Result<String, Wrong> {
        self.text(name)?.ok_or_else(|| Wrong::missing(name))
    }

    /// A whole number. Imitators read a negative one as no limit.
    pub(in crate::protocol::chat) fn count(&mut self, name: &str) -> Result<Option<u64>, Wrong> {
        Ok(self.take::<f64>(name)?.filter(|number| *number >= 0.0).map(|number| number as u64))
    }

    pub(in crate::protocol::chat) fn kept(&mut self, name: &str) -> Option<Raw> {
        self.raw(name).map(Raw::from)
    }

    pub(in crate::protocol::chat) fn object(&mut self, name: &str) -> Result<Option<Self>, Wrong> {
        self.take(name)
    }

    /// Reads each value of an array.
    pub(in crate::protocol::chat) fn each<T>(
        &mut self,
        name: &str,
        mut decode: impl FnMut(usize, &'a RawValue) -> Result<T, Wrong>,
    ) -> Result<Vec<T>, Wrong> {
        let values: Vec<&'a RawValue> = self.take(name)?.unwrap_or_default();
        let decoded = values
            .into_iter()
            .enumerate()
            .map(|(position, value)| decode(position, value).map_err(|wrong| wrong.nth(position)));
        decoded.collect::<Result<_, _>>().map_err(|wrong| wrong.at(name))
    }

    /// Leaves a value to [`Fields::rest`] after all.
    pub(in crate::protocol::chat) fn put_back(&mut self, name: &'static str, value: &'a RawValue) {
        self.0.push(Field { name: Cow::Borrowed(name), value: Some(value) });
    }

    pub(in crate::protocol::chat) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|field| field.name == name && field.value.is_some())
    }

    /// What nobody took.
    pub(in crate::protocol::chat) fn rest(self) -> Ext {
        let left = self.0.into_iter().filter_map(|Field { name, value }| {
            let value = value.filter(|value| value.get() != "null")?;
            Some((name.into_owned(), json::from_str(value.get()).ok()?))
        });
        left.collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(Key(name)) = entries.next_key()? {
                    fields.push(Field { name, value: Some(entries.next_value()?) });
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
