//! What the gateway must know of a request before it is sent on: one borrowed pass, nothing is built.

mod multipart;
mod needs;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use http::header::{self, HeaderMap};

use self::needs::Places;
use super::{Operation, gemini};
use crate::codec::{json, splice};
use crate::config::Protocol;

pub use self::needs::Facts;

/// What the gateway must know of a request; borrowed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peek<'a> {
    /// As the client asked for it.
    pub model: Cow<'a, str>,
    /// Where the body names the model: the JSON string with its quotes, or the value of a form field.
    /// `None` when the path names it.
    pub model_span: Option<Range<usize>>,
    /// Whether the client wants a stream.
    pub stream: bool,
    /// What stays the same over a conversation.
    pub session: Option<Cow<'a, str>>,
    places: Places,
}

/// What a body says, JSON or form.
#[derive(Debug, Default)]
struct Said<'a> {
    model: Option<(Cow<'a, str>, Range<usize>)>,
    stream: bool,
    session: Option<Cow<'a, str>>,
    places: Places,
}

impl Peek<'_> {
    /// The same, bound to nothing.
    pub fn to_owned(&self) -> Peek<'static> {
        let owned = |text: &Cow<'_, str>| Cow::Owned(text.clone().into_owned());
        Peek {
            model: owned(&self.model),
            model_span: self.model_span.clone(),
            stream: self.stream,
            session: self.session.as_ref().map(owned),
            places: self.places.clone(),
        }
    }

    /// What the request asks of the model, found by a look at the whole of `body`, which is the one that was
    /// read. Nothing where the operation does not answer a conversation.
    pub fn facts(&self, operation: Operation, body: &[u8]) -> Facts {
        if operation.converts() { self.places.facts(operation.protocol(), body) } else { Facts::default() }
    }
}

/// Reads a request. `path_model` is the percent-decoded model of the path, where the path names it.
///
/// A JSON body is checked to its end: UTF-8, grammar, depth, one `model`.
///
/// # Errors
/// A sentence for the client: ``missing `model` ``, `the body is not valid JSON: …`.
pub fn peek<'a>(
    operation: Operation,
    headers: &'a HeaderMap,
    body: &'a [u8],
    path_model: Option<&'a str>,
) -> Result<Peek<'a>, String> {
    let content_type = content_type(headers);
    let said = match media_type(content_type).as_str() {
        "multipart/form-data" if operation.takes_multipart() => multipart::read(content_type, body)?,
        form @ ("multipart/form-data" | "application/x-www-form-urlencoded") => {
            return Err(format!("the content type must be application/json, not {form}"));
        }
        _ => read_json(operation.protocol(), body)?,
    };
    let (model, model_span) = match (operation.model_in_path(), said.model) {
        (true, _) => (path_model.map(Cow::Borrowed), None),
        (false, Some((model, span))) => (Some(model), Some(span)),
        (false, None) => (None, None),
    };
    let model = model.filter(|model| !model.is_empty()).ok_or("missing `model`")?;
    Ok(Peek {
        model,
        model_span,
        stream: match operation {
            Operation::GeminiStream => true,
            _ => said.stream && !operation.model_in_path(),
        },
        session: session_header(headers).map(Cow::Borrowed).or(said.session),
        places: said.places,
    })
}

/// The body with the upstream's name of the model in place of the client's, all other bytes as they are.
///
/// Gemini's path names the model; of its bodies, those change that repeat the name.
pub fn with_model(operation: Operation, peek: &Peek<'_>, body: &Bytes, model: &str) -> Bytes {
    let Some(span) = &peek.model_span else {
        return gemini::request::with_model(operation, body, model);
    };
    let quoted = body.get(span.start) == Some(&b'"') && span.len() != peek.model.len();
    let replacement = if quoted { serde_json::Value::from(model).to_string() } else { model.to_owned() };
    Bytes::from(splice(body, &[(span.clone(), replacement.as_bytes())]))
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("")
}

fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

/// Body fields that stay the same over a conversation, the most telling first; `metadata.user_id` is the
/// second.
const SESSION_FIELDS: [&str; 3] = ["prompt_cache_key", "user", "safety_identifier"];

fn read_json(protocol: Protocol, body: &[u8]) -> Result<Said<'_>, String> {
    if body.trim_ascii().is_empty() {
        return Err("the body is empty".to_owned());
    }
    let invalid = |error: json::ScanError| format!("the body is not valid JSON: {error}");
    json::check_utf8(body).map_err(invalid)?;
    let mut said = Said::default();
    let mut sessions = [const { None }; SESSION_FIELDS.len()];
    let mut metadata = None;
    for field in json::fields(body) {
        let field = field.map_err(invalid)?;
        said.places.note(protocol, &field);
        if json::key_is(field.key, "model") {
            let model = json::string(field.value).ok_or("`model` must be a string")?;
            if said.model.replace((model, field.span)).is_some() {
                return Err("`model` is given twice".to_owned());
            }
        } else if json::key_is(field.key, "stream") {
            said.stream = field.value == b"true";
        } else if json::key_is(field.key, "metadata") {
            metadata = user_id(field.value);
        } else {
            for (name, slot) in SESSION_FIELDS.iter().zip(&mut sessions) {
                if json::key_is(field.key, name) {
                    *slot = json::string(field.value);
                }
            }
        }
    }
    let [cache_key, user, safety] = sessions;
    said.session = [cache_key, metadata, user, safety].into_iter().flatten().find(|hint| !hint.is_empty());
    Ok(said)
}

fn user_id(metadata: &[u8]) -> Option<Cow<'_, str>> {
    let field =
        json::fields(metadata).map_while(Result::ok).find(|field| json::key_is(field.key, "user_id"))?;
    json::string(field.value)
}

/// Headers that stay the same over a conversation, the most telling first. None is made per request.
const SESSION_HEADERS: [&str; 7] = [
    "x-claude-code-session-id",
    "session-id",
    "session_id",
    "thread-id",
    "conversation_id",
    "conversation-id",
    "x-gemini-api-privileged-user-id",
];

fn session_header(headers: &HeaderMap) -> Option<&str> {
    SESSION_HEADERS
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok())
        .map(str::trim)
        .find(|hint| !hint.is_empty())
}
