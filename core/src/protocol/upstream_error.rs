//! Reads what an upstream says went wrong, whatever shape it chose.
//!
//! The shape does not follow from the protocol: a vendor's Claude endpoint answers with OpenAI's
//! envelope, Google's OpenAI endpoint with Gemini's in an array, and a proxy in between with HTML.

use serde_json::Value;

use crate::codec::json;

/// An upstream's error, as far as its body tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamError {
    /// The vendor's class: `rate_limit_error`, `invalid_request_error`, `RESOURCE_EXHAUSTED`.
    pub kind: Option<String>,
    /// The vendor's finer code: `context_length_exceeded`, `1302`, `API_KEY_INVALID`.
    pub code: Option<String>,
    /// The limits that are used up, by the vendor's names of them: `GenerateRequestsPerDayPerProjectPerModel`.
    pub limit: Option<String>,
    /// When to come back, as a field spells it: seconds, a span (`34s`), Unix time, RFC 3339.
    pub reset: Option<String>,
    /// For people; at most [`MAX_MESSAGE`] bytes, empty when the body says nothing.
    pub message: String,
}

/// Longest message kept, in bytes.
pub const MAX_MESSAGE: usize = 2048;

/// Longest name of limits and longest time kept, in bytes.
const MAX_DETAIL: usize = 512;

/// Longest message taken from a body that is no JSON, in characters.
const MAX_TEXT: usize = 200;

/// Reads the body of an error answer. Never fails: what is no JSON becomes the message.
pub fn decode_error(body: &[u8]) -> UpstreamError {
    match json::read::<Value>(body) {
        Ok(value) => UpstreamError::of(&value),
        Err(_) => UpstreamError { message: plain_text(body), ..UpstreamError::default() },
    }
}

impl UpstreamError {
    /// Reads an error envelope, or the error object within.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Array(items) => items.first().map(Self::of).unwrap_or_default(),
            Value::Object(_) => Self::of_object(value),
            Value::String(text) => Self { message: capped(text), ..Self::default() },
            _ => Self::default(),
        }
    }

    fn of_object(envelope: &Value) -> Self {
        let inner = ["error", "base_resp"]
            .iter()
            .filter_map(|name| envelope.get(name))
            .find(|inner| inner.is_object() || inner.is_string())
            .unwrap_or(envelope);
        let kind = text_of(inner, &["type", "status"])
            .or_else(|| text_of(inner, &["__type"]).map(|kind| without_namespace(&kind)))
            .or_else(|| text_of(envelope, &["type"]))
            .or_else(|| text_of(envelope, &["error"]).filter(|_| envelope.get("message").is_some()))
            .filter(|kind| kind != "error");
        let code = reason(inner)
            .or_else(|| text_of(inner, &["code", "error_code", "Code", "RetCode", "status_code"]))
            .or_else(|| text_of(envelope, &["code", "error_code"]));
        let message = upstreams_own(inner)
            .or_else(|| text_of(inner, MESSAGES))
            .or_else(|| text_of(envelope, &["message"]))
            .or_else(|| inner.as_str().map(str::to_owned))
            .or_else(|| text_of(envelope, MESSAGES))
            .or_else(|| detail(inner.get("detail")?))
            .or_else(|| detail(inner.get("message").map(|told| told.get("detail").unwrap_or(told))?))
            .unwrap_or_default();
        let reset = reset(inner).or_else(|| text_of(envelope, RESETS)).map(|told| cut(&told, MAX_DETAIL));
        let limit = limits(inner).map(|names| cut(&names, MAX_DETAIL));
        // Some gateways put the vendor's own envelope, as text, into their message.
        if let Some(nested) = nested_envelope(&message) {
            let nested = Self::of(&nested);
            if !nested.message.is_empty() {
                return Self {
                    kind: nested.kind.or(kind),
                    code: nested.code.or(code),
                    limit: nested.limit.or(limit),
                    reset: nested.reset.or(reset),
                    ..nested
                };
            }
        }
        Self { kind, code, limit, reset, message: capped(&message) }
    }
}

const MESSAGES: &[&str] =
    &["message", "Message", "msg", "error_msg", "status_msg", "errorMessage", "error_description", "title"];

/// The first of `names` that holds something to say; numbers are spelled out.
fn text_of(object: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match object.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Codex: <https://github.com/router-for-me/CLIProxyAPI/issues/1666>. Cloudflare:
/// <https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/>.
const RESETS: &[&str] = &["resets_in_seconds", "resets_at", "retry_after", "retryAfter"];

/// Google's `details`. <https://cloud.google.com/apis/design/errors#error_model>
fn details(error: &Value) -> impl Iterator<Item = &Value> {
    error.get("details").and_then(Value::as_array).into_iter().flatten()
}

/// Google's finer code. <https://cloud.google.com/apis/design/errors#error_info>
fn reason(error: &Value) -> Option<String> {
    details(error).find_map(|detail| text_of(detail, &["reason"]))
}

/// When to come back: Google's `ErrorInfo` of a quota (<https://github.com/google-gemini/gemini-cli/issues/29425>),
/// its `RetryInfo`, a field beside the message, or the headers that OpenRouter quotes
/// (<https://openrouter.ai/docs/api-reference/limits>).
fn reset(error: &Value) -> Option<String> {
    let of_quota =
        |detail: &Value| text_of(detail.get("metadata")?, &["quotaResetDelay", "quotaResetTimeStamp"]);
    details(error)
        .find_map(of_quota)
        .or_else(|| details(error).find_map(|detail| text_of(detail, &["retryDelay"])))
        .or_else(|| text_of(error, RESETS))
        .or_else(|| text_of(error.get("metadata")?.get("headers")?, &["X-RateLimit-Reset"]))
}

/// The names of the quotas that Google's `QuotaFailure` says are used up.
/// <https://cloud.google.com/apis/design/errors#error_payloads>
fn limits(error: &Value) -> Option<String> {
    let violations = details(error).filter_map(|detail| detail.get("violations")?.as_array()).flatten();
    let names: Vec<_> =
        violations.filter_map(|violation| text_of(violation, &["quotaId", "quotaMetric"])).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// What a vendor behind OpenRouter said itself, which its own message leaves out.
/// <https://openrouter.ai/docs/api-reference/errors>
fn upstreams_own(error: &Value) -> Option<String> {
    let hidden = error.get("message")?.as_str()? == "Provider returned error";
    hidden.then(|| text_of(error.get("metadata")?, &["raw"]))?
}

/// `com.amazon.coral.service#ThrottlingException` without what stands in front.
fn without_namespace(kind: &str) -> String {
    kind.rsplit_once('#').map_or(kind, |(_, name)| name).to_owned()
}

/// FastAPI's `detail`: a text, an object, or a list of `{loc, msg}`.
fn detail(detail: &Value) -> Option<String> {
    match detail {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.iter().find_map(|item| {
            let message = text_of(item, MESSAGES)?;
            let place = place(item);
            Some(if place.is_empty() { message } else { format!("{place}: {message}") })
        }),
        nested => text_of(nested, MESSAGES),
    }
}

/// Where in the body it is: `["body", "tools", 0]` is `tools.0`.
fn place(item: &Value) -> String {
    let path = item.get("loc").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<String> = path
        .skip_while(|name| name.as_str() == Some("body"))
        .map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned))
        .collect();
    names.join(".")
}

fn nested_envelope(message: &str) -> Option<Value> {
    let value: Value = message.trim_start().starts_with('{').then(|| json::from_str(message).ok())??;
    value.get("error").is_some_and(Value::is_object).then_some(value)
}

/// The text of an HTML page or of plain text: no tags, scripts or runs of white space.
pub(super) fn plain_text(body: &[u8]) -> String {
    let head = body.get(..body.len().min(16 * 1024)).unwrap_or(body);
    let page = String::from_utf8_lossy(head);
    let mut shown = String::with_capacity(page.len());
    let mut rest = page.as_ref();
    while !rest.is_empty() {
        let (text, tail) = rest.split_once('<').unwrap_or((rest, ""));
        shown.push_str(text);
        shown.push(' ');
        rest = after_tag(tail);
    }
    let words: Vec<_> = shown.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()
}

/// What follows the tag that starts `tail`; for a script or a style, what follows its end.
fn after_tag(tail: &str) -> &str {
    let skip_to = ["script", "style"]
        .into_iter()
        .find(|name| tail.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name)));
    let tail = match skip_to {
        Some(name) => {
            let lower = tail.to_ascii_lowercase();
            lower.find(&format!("</{name}")).and_then(|end| tail.get(end..)).unwrap_or("")
        }
        None => tail,
    };
    tail.split_once('>').map_or("", |(_, rest)| rest)
}

fn capped(message: &str) -> String {
    cut(message, MAX_MESSAGE)
}

fn cut(text: &str, bytes: usize) -> String {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests;
