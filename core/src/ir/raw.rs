//! JSON kept as it was spelled.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer, ser};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::codec::json;

/// One JSON value as its text: key order, number spelling and white space survive, but for line breaks,
/// which would tear an event of a stream apart and are written as spaces.
///
/// Reading one inside of a `#[serde(flatten)]` or an untagged or internally tagged enum fails: serde
/// buffers those, and the text is gone.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Raw(Box<RawValue>);

impl Raw {
    /// # Errors
    /// When `json` is not one JSON value.
    pub fn parse(json: impl Into<String>) -> Result<Self, serde_json::Error> {
        RawValue::from_string(json.into()).map(Self)
    }

    /// # Errors
    /// When `value` has maps whose keys are no strings.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        to_raw_value(value).map(Self)
    }

    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// As a tree.
    pub fn value(&self) -> Value {
        json::from_str(self.get()).unwrap_or_default()
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.get().contains(['\r', '\n']) {
            return self.0.serialize(serializer);
        }
        // Within strings they are escaped.
        let line = self.get().replace(['\r', '\n'], " ");
        RawValue::from_string(line).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl From<&RawValue> for Raw {
    fn from(value: &RawValue) -> Self {
        Self(value.to_owned())
    }
}

impl From<Value> for Raw {
    fn from(value: Value) -> Self {
        Self(to_raw_value(&value).unwrap_or_default())
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Raw {}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}
