//! Errors in each vendor's shape.
//!
//! <https://docs.anthropic.com/en/api/errors>, <https://platform.openai.com/docs/guides/error-codes>,
//! <https://ai.google.dev/gemini-api/docs/troubleshooting>

use serde_json::{Value, json};

use super::route::Protocol;

/// The body of an error answer.
pub(super) fn body(protocol: Protocol, status: u16, message: &str) -> Value {
    match protocol {
        Protocol::Messages => json!({
            "type": "error",
            "error": { "type": anthropic(status), "message": message },
            "request_id": "req_mock",
        }),
        Protocol::Gemini => {
            json!({ "error": { "code": status, "message": message, "status": google(status) } })
        }
        Protocol::Chat | Protocol::Responses | Protocol::Images | Protocol::Embeddings => {
            let (kind, code) = openai(status);
            json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
        }
    }
}

/// What a vendor says with that status when nobody tells it what to say.
pub(super) fn message(status: u16) -> &'static str {
    match status {
        400 => "The request is invalid.",
        401 => "Incorrect API key provided.",
        403 => "The key may not use this resource.",
        404 => "The model does not exist.",
        413 => "The request is too large.",
        422 => "The request cannot be processed.",
        429 => "Rate limit reached.",
        503 | 529 => "Overloaded",
        _ => "The server had an error.",
    }
}

pub(super) fn anthropic(status: u16) -> &'static str {
    match status {
        400 | 422 => "invalid_request_error",
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        503 | 529 => "overloaded_error",
        _ => "api_error",
    }
}

fn openai(status: u16) -> (&'static str, Option<&'static str>) {
    match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        404 => ("invalid_request_error", Some("model_not_found")),
        429 => ("requests", Some("rate_limit_exceeded")),
        400..=499 => ("invalid_request_error", None),
        _ => ("server_error", None),
    }
}

pub(super) fn google(status: u16) -> &'static str {
    match status {
        400 | 413 | 422 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 | 529 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}
