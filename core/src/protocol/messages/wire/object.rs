//! JSON objects read field by field, each value as it was spelled, with errors that say where.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use crate::codec::json;
use crate::ir::{Ext, Raw};
use crate::protocol::convert::Invalid;

/// Where in the body a value stands: `messages[3].content[0]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'p> {
    parent: Option<&'p Self>,
    step: Step<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Root,
    Field(&'p str),
    Index(usize),
}

impl<'p> At<'p> {
    pub(crate) const ROOT: At<'static> = At { parent: None, step: Step::Root };

    pub(crate) fn field(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), step: Step::Field(name) }
    }

    pub(crate) fn index(&'p self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }

    /// How many values it stands in.
    pub(crate) fn depth(&self) -> usize {
        std::iter::successors(self.parent, |at| at.parent).count()
    }

    /// What is wrong there.
    pub(crate) fn invalid(&self, what: impl fmt::Display) -> Invalid {
        match self.step {
            Step::Root => Invalid(what.to_string()),
            Step::Field(_) | Step::Index(_) => Invalid(format!("{self}: {what}")),
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Field(name) if self.parent.is_none_or(|parent| matches!(parent.step, Step::Root)) => {
                f.write_str(name)
            }
            Step::Field(name) => write!(f, ".{name}"),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// The fields of an object that nobody took yet, in their order. A `null` is an absence.
#[derive(Debug)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    pub(crate) fn read(raw: &'a RawValue, at: &At<'_>) -> Result<Self, Invalid> {
        json::from_str(raw.get()).map_err(|_| at.invalid("expected an object"))
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let mut found = None;
        self.0.retain(|(key, value)| {
            let taken = key == name;
            if taken {
                found = Some(*value);
            }
            !taken
        });
        found.filter(|value| value.get() != "null")
    }

    /// Takes a field that must be `what` if it is there.
    pub(crate) fn read_as<T: Deserialize<'a>>(
        &mut self,
        name: &str,
        what: &str,
        at: &At<'_>,
    ) -> Result<Option<T>, Invalid> {
        let Some(value) = self.take(name) else { return Ok(None) };
        json::from_str(value.get()).map(Some).map_err(|_| at.invalid(format_args!("`{name}` must be {what}")))
    }

    pub(crate) fn text(&mut self, name: &str, at: &At<'_>) -> Result<Option<String>, Invalid> {
        self.read_as(name, "a string", at)
    }

    pub(crate) fn required_text(&mut self, name: &str, at: &At<'_>) -> Result<String, Invalid> {
        self.text(name, at)?.ok_or_else(|| at.invalid(format_args!("missing `{name}`")))
    }

    pub(crate) fn flag(&mut self, name: &str, at: &At<'_>) -> Result<Option<bool>, Invalid> {
        self.read_as(name, "true or false", at)
    }

    pub(crate) fn float(&mut self, name: &str, at: &At<'_>) -> Result<Option<f64>, Invalid> {
        self.read_as(name, "a number", at)
    }

    /// A whole number, also where it is spelled `1024.0`.
    pub(crate) fn count(&mut self, name: &str, at: &At<'_>) -> Result<Option<u64>, Invalid> {
        let Some(number) = self.read_as::<Number>(name, "a number", at)? else { return Ok(None) };
        let whole = number.as_f64().filter(|float| *float >= 0.0 && float.fract() == 0.0);
        number
            .as_u64()
            .or_else(|| whole.map(|float| float as u64))
            .map(Some)
            .ok_or_else(|| at.invalid(format_args!("`{name}` must be a whole number of at least 0")))
    }

    pub(crate) fn object(&mut self, name: &str, at: &At<'_>) -> Result<Option<Self>, Invalid> {
        self.take(name).map(|raw| Self::read(raw, &at.field(name))).transpose()
    }

    pub(crate) fn array(&mut self, name: &str, at: &At<'_>) -> Result<Vec<&'a RawValue>, Invalid> {
        self.read_as(name, "an array", at).map(Option::unwrap_or_default)
    }

    pub(crate) fn raw(&mut self, name: &str) -> Option<Raw> {
        self.take(name).map(keep)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What nobody took.
    pub(crate) fn rest(self) -> Ext {
        self.0
            .into_iter()
            .map(|(key, value)| (key.into_owned(), json::from_str(value.get()).unwrap_or(Value::Null)))
            .collect()
    }
}

/// A value beyond the life of the body.
pub(crate) fn keep(value: &RawValue) -> Raw {
    Raw::from(value)
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    fields.push((field.0.0, field.1));
                }
                Ok(Object(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// A string that is borrowed where no escape stands in it; `Option<Cow<str>>` alone would always copy.
#[derive(Debug, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);
