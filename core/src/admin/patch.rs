//! A field of a change: left out, set back, or set.

use serde::{Deserialize, Deserializer};

/// Absent leaves a field as it is, null sets it back to its default.
#[derive(Clone, Debug, Default)]
pub(super) enum Patch<T> {
    #[default]
    Absent,
    Null,
    Value(T),
}

impl<T> Patch<T> {
    /// The value to set, where there is one; null gives the default of `U`.
    pub(super) fn into_change<U: Default>(self, convert: impl FnOnce(T) -> U) -> Option<U> {
        match self {
            Self::Absent => None,
            Self::Null => Some(U::default()),
            Self::Value(value) => Some(convert(value)),
        }
    }

    /// Sets `target`; null sets it to `default`.
    pub(super) fn apply_or(self, target: &mut T, default: T) {
        match self {
            Self::Absent => {}
            Self::Null => *target = default,
            Self::Value(value) => *target = value,
        }
    }
}

impl<T: Default> Patch<T> {
    /// Sets `target`; null sets it to the default of its type.
    pub(super) fn apply(self, target: &mut T) {
        self.apply_or(target, T::default());
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}
