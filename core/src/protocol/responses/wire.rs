//! What the bodies and events of Responses have in common on the wire.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::codec::json;
use crate::ir::Raw;
use crate::protocol::convert::Invalid;

/// A string that may be absent or null, borrowed wherever nothing in it is escaped.
pub(super) fn cow<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    #[derive(Deserialize)]
    struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);
    Ok(Option::<Borrowed<'de>>::deserialize(deserializer)?.map(|Borrowed(text)| text))
}

/// What a value says as text: a string's content, nothing for null, JSON for anything else.
pub(super) fn spelled(raw: Option<&RawValue>) -> String {
    match raw.map(RawValue::get) {
        None | Some("null") => String::new(),
        Some(json) => json::from_str(json).unwrap_or_else(|_| json.to_owned()),
    }
}

/// A string that stands where another kind of value may stand too.
pub(super) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);
    if !raw.get().starts_with('"') {
        return None;
    }
    json::from_str::<Borrowed<'_>>(raw.get()).ok().map(|Borrowed(text)| text)
}

/// The elements of an array; none of anything else.
pub(super) fn elements(raw: &RawValue) -> Vec<&RawValue> {
    json::from_str(raw.get()).unwrap_or_default()
}

pub(super) fn owned(raw: &RawValue) -> Raw {
    Raw::from(raw)
}

/// Reads one value, and says what is wrong without saying where: `: missing field ...`. Callers put the
/// place before it.
pub(super) fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Invalid> {
    json::from_str(raw.get()).map_err(|error| {
        let text = error.to_string();
        let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
        Invalid(format!(": {what}"))
    })
}

/// Puts a place before what is wrong in it.
pub(super) fn at(place: impl FnOnce() -> String) -> impl FnOnce(Invalid) -> Invalid {
    move |Invalid(what)| Invalid(place() + &what)
}
