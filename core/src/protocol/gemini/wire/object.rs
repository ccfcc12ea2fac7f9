//! JSON objects of a request, read field by field: Google takes every name in two spellings, and ignores none.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::codec::json;
use crate::ir::{Ext, Raw};
use crate::protocol::convert::Invalid;
use crate::protocol::gemini::wire::path;

/// An object of a request. `topP` and `top_p` are the same field, and `null` is as good as its absence.
/// <https://protobuf.dev/programming-guides/json/>
#[derive(Clone, Debug)]
pub(in crate::protocol::gemini) struct Object<'a> {
    /// Where it stands, for people: `contents[3].parts[0]`.
    at: String,
    fields: Vec<(String, &'a str)>,
}

impl<'a> Object<'a> {
    pub(in crate::protocol::gemini) fn read(json: &'a str, at: impl Into<String>) -> Result<Self, Invalid> {
        let at = at.into();
        let mut fields = Vec::new();
        for field in json::fields(json.as_bytes()) {
            let field = field.map_err(|error| invalid(&at, &error.to_string()))?;
            let key = std::str::from_utf8(field.key).unwrap_or_default();
            let value = json.get(field.span).unwrap_or("null");
            if value != "null" {
                fields.push((camel(key), value));
            }
        }
        Ok(Self { at, fields })
    }

    /// Where the field `name` stands.
    pub(in crate::protocol::gemini) fn path(&self, name: &str) -> String {
        if self.at.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at) }
    }

    pub(in crate::protocol::gemini) fn invalid(&self, what: &str) -> Invalid {
        invalid(&self.at, what)
    }

    /// The field as it is spelled, which is gone from here then. Of one that is there twice the last counts.
    pub(in crate::protocol::gemini) fn take(&mut self, name: &str) -> Option<&'a str> {
        self.fields.extract_if(.., |(key, _)| key == name).last().map(|(_, value)| value)
    }

    pub(in crate::protocol::gemini) fn raw(&mut self, name: &str) -> Result<Option<Raw>, Invalid> {
        let at = self.path(name);
        self.take(name).map(|value| raw(value, &at)).transpose()
    }

    pub(in crate::protocol::gemini) fn parse<T: DeserializeOwned>(
        &mut self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>, Invalid> {
        let at = self.path(name);
        let Some(value) = self.take(name) else { return Ok(None) };
        json::from_str(value).map(Some).map_err(|_| Invalid(format!("{at}: expected {expected}")))
    }

    pub(in crate::protocol::gemini) fn text(&mut self, name: &str) -> Result<Option<String>, Invalid> {
        self.parse(name, "a string")
    }

    /// A number; as text too, which is how some clients write 64 bits.
    pub(in crate::protocol::gemini) fn float(&mut self, name: &str) -> Result<Option<f64>, Invalid> {
        let at = self.path(name);
        let Some(value) = self.take(name) else { return Ok(None) };
        let number = json::number(value.trim_matches('"'));
        number.map(Some).ok_or_else(|| Invalid(format!("{at}: expected a number")))
    }

    pub(in crate::protocol::gemini) fn integer(&mut self, name: &str) -> Result<Option<i64>, Invalid> {
        Ok(self.float(name)?.map(|number| number as i64))
    }

    /// An integer that is not negative; a negative one says nothing.
    pub(in crate::protocol::gemini) fn count(&mut self, name: &str) -> Result<Option<u64>, Invalid> {
        Ok(self.integer(name)?.and_then(|number| u64::try_from(number).ok()))
    }

    pub(in crate::protocol::gemini) fn object(&mut self, name: &str) -> Result<Option<Self>, Invalid> {
        let at = self.path(name);
        self.take(name).map(|value| Self::read(value, at)).transpose()
    }

    /// The objects of an array; one that stands for itself is as good as an array of it.
    pub(in crate::protocol::gemini) fn objects(&mut self, name: &str) -> Result<Vec<Self>, Invalid> {
        let at = self.path(name);
        self.take(name).map_or_else(|| Ok(Vec::new()), |value| objects(value, &at))
    }

    /// Refuses two of `names`, as Google does where they are a union.
    pub(in crate::protocol::gemini) fn one_of(&self, names: &[&str]) -> Result<(), Invalid> {
        let mut given = names.iter().filter(|name| self.fields.iter().any(|(field, _)| field == *name));
        match (given.next(), given.next()) {
            (Some(one), Some(other)) => {
                Err(self.invalid(&format!("`{one}` and `{other}` exclude each other")))
            }
            _ => Ok(()),
        }
    }

    /// The fields nobody took.
    pub(in crate::protocol::gemini) fn rest(self, ext: &mut Ext) {
        ext.extend(self.fields.into_iter().map(|(name, value)| (name, kept(value))));
    }

    /// The fields nobody took, by their paths from the body's top; `above` is the way to them.
    pub(in crate::protocol::gemini) fn rest_at(self, above: &str, ext: &mut Ext) {
        let at = |name: &str| format!("{above}{}", path::segment(name));
        ext.extend(self.fields.into_iter().map(|(name, value)| (at(&name), kept(value))));
    }

    /// What is still there.
    pub(in crate::protocol::gemini) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }
}

fn kept(value: &str) -> Value {
    json::from_str(value).unwrap_or(Value::Null)
}

/// The objects of an array, or the one that `json` is.
pub(in crate::protocol::gemini) fn objects<'a>(json: &'a str, at: &str) -> Result<Vec<Object<'a>>, Invalid> {
    if !json.starts_with('[') {
        return Ok(vec![Object::read(json, at)?]);
    }
    let mut objects = Vec::new();
    for (position, element) in json::elements(json.as_bytes()).enumerate() {
        let element = element.map_err(|error| invalid(at, &error.to_string()))?;
        objects.push(Object::read(json.get(element.span).unwrap_or("null"), format!("{at}[{position}]"))?);
    }
    Ok(objects)
}

pub(in crate::protocol::gemini) fn raw(value: &str, at: &str) -> Result<Raw, Invalid> {
    Raw::parse(value).map_err(|error| invalid(at, &error.to_string()))
}

fn invalid(at: &str, what: &str) -> Invalid {
    if at.is_empty() { Invalid(what.to_owned()) } else { Invalid(format!("{at}: {what}")) }
}

/// `inline_data` as `inlineData`; a leading underscore stays.
fn camel(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut raise = false;
    for letter in name.chars() {
        if letter == '_' && !camel.is_empty() {
            raise = true;
        } else if std::mem::take(&mut raise) {
            camel.push(letter.to_ascii_uppercase());
        } else {
            camel.push(letter);
        }
    }
    camel
}
