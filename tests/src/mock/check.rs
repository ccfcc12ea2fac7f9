//! Is what arrived a request the vendor would accept?
//!
//! Only what a vendor would refuse, or a gateway must never send, is a problem.

mod chat;
mod gemini;
mod json;
mod messages;
mod multipart;
mod responses;

use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;

use super::issued::Issued;
use super::route::{Operation, Protocol, Route};

/// Why a request is refused.
pub(super) struct Problem {
    pub(super) status: u16,
    pub(super) message: String,
}

impl Problem {
    fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// The same, found at `place`.
    fn at(self, place: impl std::fmt::Display) -> Self {
        Self { message: format!("{place}: {}", self.message), ..self }
    }
}

/// What a request says of itself.
pub(super) struct Checked {
    pub(super) model: Option<String>,
    pub(super) stream: bool,
    pub(super) body: Value,
}

/// Headers that belong to one connection or one client and stop at a gateway.
const STRAY: &[&str] = &[
    "cookie",
    "forwarded",
    "proxy-authorization",
    "te",
    "upgrade",
    "x-channel",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// `issued` is what this upstream handed out before.
pub(super) fn request(
    route: &Route,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
    issued: &Issued,
) -> Result<Checked, Problem> {
    if let Some(stray) = STRAY.iter().find(|name| headers.contains_key(**name)) {
        return Err(Problem::new(400, format!("header `{stray}` does not belong here")));
    }
    credential(route.protocol, route.operation, query, headers)?;
    if route.operation == Operation::Models {
        return Ok(Checked { model: None, stream: false, body: Value::Null });
    }
    if route.protocol == Protocol::Messages && !headers.contains_key("anthropic-version") {
        return Err(Problem::new(400, "anthropic-version: header is required"));
    }
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let edits = matches!(route.operation, Operation::ImageEdit | Operation::ImageVariation);
    if edits && media.starts_with("multipart/form-data") {
        return multipart::check(route.operation, media, body);
    }
    if !media.starts_with("application/json") {
        return Err(Problem::new(400, format!("content type `{media}` is not application/json")));
    }
    let checked = json::check(route.operation, body)?;
    conversation(route.operation, &checked.body, issued)?;
    Ok(checked)
}

/// What is said, and in which order.
fn conversation(operation: Operation, body: &Value, issued: &Issued) -> Result<(), Problem> {
    if body.to_string().contains("causeway1") {
        return refuse("a seal of the gateway does not belong here");
    }
    match operation {
        Operation::Messages | Operation::CountTokens => messages::check(body, issued),
        Operation::Chat => chat::check(body, issued),
        Operation::Responses => responses::check(body, issued),
        Operation::GeminiGenerate | Operation::GeminiStream => gemini::check(body, issued),
        _ => Ok(()),
    }
}

fn refuse(message: impl Into<String>) -> Result<(), Problem> {
    Err(Problem::new(400, message))
}

/// Fields that belong to other protocols are a conversion gone wrong.
fn foreign(body: &Value, fields: &[&str]) -> Result<(), Problem> {
    match fields.iter().find(|field| body.get(**field).is_some()) {
        Some(field) => refuse(format!("{field}: Extra inputs are not permitted")),
        None => Ok(()),
    }
}

/// Empty where there is no list.
fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Empty where there is no text.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Letters, digits and the characters of `more`, one to `longest` of them.
fn safe_name(name: &str, longest: usize, more: &str) -> bool {
    (1..=longest).contains(&name.len())
        && name.chars().all(|it| it.is_ascii_alphanumeric() || more.contains(it))
}

/// The credential of a request, wherever it stands.
pub(super) fn key(query: Option<&str>, headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    text(AUTHORIZATION.as_str())
        .and_then(|value| value.strip_prefix("Bearer "))
        .or_else(|| text("x-api-key"))
        .or_else(|| text("x-goog-api-key"))
        .or_else(|| query?.split('&').find_map(|pair| pair.strip_prefix("key=")))
        .map(str::to_owned)
}

fn credential(
    protocol: Protocol,
    operation: Operation,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let bearer = headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"Bearer "));
    let x_api_key = headers.contains_key("x-api-key");
    let google = headers.contains_key("x-goog-api-key");
    let in_query = query.is_some_and(|query| query.split('&').any(|pair| pair.starts_with("key=")));
    let carriers = [bearer, x_api_key, google, in_query].into_iter().filter(|it| *it).count();
    if carriers > 1 {
        return Err(Problem::new(400, "more than one credential"));
    }
    let fits = match protocol {
        Protocol::Messages => bearer || x_api_key,
        Protocol::Gemini => google || in_query,
        Protocol::Chat if operation == Operation::Models => bearer || x_api_key,
        Protocol::Chat | Protocol::Responses | Protocol::Images | Protocol::Embeddings => bearer,
    };
    if fits { Ok(()) } else { Err(Problem::new(401, "no credential in the way this API takes it")) }
}
