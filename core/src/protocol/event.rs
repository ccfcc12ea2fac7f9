//! What the protocols' streams have in common: telling events apart without parsing them.

use std::borrow::Cow;

use memchr::memmem::Finder;
use serde_json::Value;

use super::tap::Signal;
use super::upstream_error::{UpstreamError, plain_text};
use crate::codec::json::{self, Step};
use crate::codec::sse;

/// How far a stream has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) started: bool,
    pub(super) content: bool,
    pub(super) ended: bool,
}

impl Progress {
    /// Takes note of what an event came to.
    pub(super) fn note(&mut self, signal: Signal) -> Signal {
        self.started = true;
        self.content |= signal == Signal::Content;
        self.ended |= matches!(signal, Signal::Failed(_) | Signal::Done);
        signal
    }
}

/// What an event says it is: its name, or else the `type` of its data. Empty when it says nothing.
/// `message` is what the SSE standard calls an event without a name.
pub(super) fn kind<'e>(event: &'e sse::Event<'_>) -> Cow<'e, [u8]> {
    if let Some(name) = event.name.as_deref().filter(|name| !matches!(*name, b"" | b"message")) {
        return Cow::Borrowed(name);
    }
    let quick =
        event.data.strip_prefix(br#"{"type":""#).and_then(|rest| rest.split(|byte| *byte == b'"').next());
    if let Some(kind) = quick {
        return Cow::Borrowed(kind);
    }
    match field(&event.data, "type").and_then(json::string) {
        Some(Cow::Borrowed(kind)) => Cow::Borrowed(kind.as_bytes()),
        Some(Cow::Owned(kind)) => Cow::Owned(kind.into_bytes()),
        None => Cow::Borrowed(b""),
    }
}

/// Bytes as text, with a mark in place of what is no UTF-8. The check is the fast one: hardly anything is not.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The raw value of an object's field, found without a tree.
pub(super) fn field<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    at(object, &[name])
}

/// The raw value found by following `path` down from an object.
pub(super) fn at<'a>(object: &'a [u8], path: &[&str]) -> Option<&'a [u8]> {
    json::at(object, path.iter().map(|name| Step::Field(name)))
}

/// A raw value as a tree; for what is small by nature.
pub(super) fn parse(raw: &[u8]) -> Option<Value> {
    json::read(raw).ok()
}

/// Whether a quoted key stands anywhere. Inside of a string its quotes would be escaped.
pub(super) fn mentions(data: &[u8], key: &Finder<'_>) -> bool {
    key.find(data).is_some()
}

/// Whether a quoted key stands anywhere with a value other than `null`.
pub(super) fn has_value(data: &[u8], key: &Finder<'_>) -> bool {
    key.find_iter(data).any(|position| {
        let rest = data.get(position + key.needle().len()..).unwrap_or_default().trim_ascii_start();
        let value = rest.strip_prefix(b":").unwrap_or(rest).trim_ascii_start();
        !value.starts_with(b"null")
    })
}

/// Whether a value holds anything to see: text, or something that holds text.
pub(super) fn filled(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(filled),
        Value::Object(fields) => fields.values().any(filled),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// As [`filled`], of a raw value.
pub(super) fn is_filled(raw: &[u8]) -> bool {
    match raw.first() {
        Some(b'"') => raw != br#""""#,
        Some(b'[' | b'{') => parse(raw).as_ref().is_some_and(filled),
        _ => false,
    }
}

/// Whether a top-level `error` is one. Some vendors send it along with success, as `null`, empty, or zero.
pub(super) fn is_error(value: &Value) -> bool {
    match value {
        Value::Bool(failed) => *failed,
        Value::Object(fields) => {
            fields.values().any(|value| filled(value) || value.as_i64().is_some_and(|code| code != 0))
        }
        _ => filled(value),
    }
}

/// The error that an answer or an event carries at its top level.
pub(super) fn error_of(raw: &[u8]) -> Option<UpstreamError> {
    let value = parse(raw)?;
    is_error(&value).then(|| UpstreamError::of(&serde_json::json!({ "error": value })))
}

/// Judges an event that the protocol does not know: an error in any shape is one, and so is a stream
/// that `started` with something else than JSON.
pub(super) fn stray(data: &[u8], started: bool) -> Signal {
    if let Some(error) = field(data, "error").and_then(error_of) {
        return Signal::Failed(error);
    }
    if !started && serde_json::from_slice::<serde::de::IgnoredAny>(data).is_err() {
        return Signal::Failed(UpstreamError { message: plain_text(data), ..UpstreamError::default() });
    }
    Signal::Quiet
}
