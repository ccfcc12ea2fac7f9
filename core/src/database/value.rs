//! What columns and parameters hold.

use std::fmt;

use compact_str::CompactString;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::time::Timestamp;

/// One value. As JSON it is `null`, a number or a string.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Integer(i64),
    Real(f64),
    /// Short ones, as most are, take no memory of their own.
    Text(CompactString),
}

/// What a column can be read as.
pub trait Column: Sized {
    /// `None` when `value` is something else.
    fn read(value: Value) -> Option<Self>;
}

impl Column for i64 {
    /// A Durable Object gives every number as a double: whole ones are integers again.
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Integer(integer) => Some(integer),
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and within 2^53")]
            Value::Real(real) if real.fract() == 0.0 && real.abs() <= 9_007_199_254_740_992.0 => {
                Some(real as Self)
            }
            _ => None,
        }
    }
}

impl Column for u64 {
    fn read(value: Value) -> Option<Self> {
        i64::read(value)?.try_into().ok()
    }
}

impl Column for u16 {
    fn read(value: Value) -> Option<Self> {
        i64::read(value)?.try_into().ok()
    }
}

impl Column for bool {
    fn read(value: Value) -> Option<Self> {
        i64::read(value).map(|integer| integer != 0)
    }
}

impl Column for f64 {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Real(real) => Some(real),
            #[expect(clippy::cast_precision_loss, reason = "integers stay within 2^53")]
            Value::Integer(integer) => Some(integer as Self),
            _ => None,
        }
    }
}

impl Column for String {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.into()),
            _ => None,
        }
    }
}

impl Column for Timestamp {
    fn read(value: Value) -> Option<Self> {
        u64::read(value).map(Self::from_millis)
    }
}

impl<T: Column> Column for Option<T> {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::read(value).map(Some),
        }
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<u64> for Value {
    /// The largest integer stands for those that do not fit.
    fn from(integer: u64) -> Self {
        Self::Integer(integer.try_into().unwrap_or(i64::MAX))
    }
}

impl From<u16> for Value {
    fn from(integer: u16) -> Self {
        Self::Integer(integer.into())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Integer(truth.into())
    }
}

impl From<f64> for Value {
    fn from(real: f64) -> Self {
        Self::Real(real)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        time.as_millis().into()
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Integer(integer) => serializer.serialize_i64(*integer),
            Self::Real(real) => serializer.serialize_f64(*real),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl Visitor<'_> for AnyValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("null, a number or a string")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Value, E> {
        Ok(Value::Integer(integer))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Value, E> {
        Ok(integer.into())
    }

    fn visit_f64<E>(self, real: f64) -> Result<Value, E> {
        Ok(Value::Real(real))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }
}
