//! Errors as Claude writes them. <https://platform.claude.com/docs/en/api/errors>

use serde_json::{Value, json};

use crate::error::{Failure, FailureKind};

/// `{"type": "error", "error": {…}}`. The SDKs choose their exception by the HTTP status and show the type;
/// Claude Code knows by the beginning of the text that it has to shorten the conversation.
pub(in crate::protocol) fn encode(failure: &Failure, message: &str, request_id: Option<&str>) -> Value {
    let message = match failure.kind {
        FailureKind::ContextTooLong if !message.starts_with(TOO_LONG) => format!("{TOO_LONG}: {message}"),
        _ => message.to_owned(),
    };
    json!({
        "type": "error",
        "error": {"type": kind(failure), "message": message},
        "request_id": request_id,
    })
}

/// `event: error`, the one event that ends a stream badly.
pub(in crate::protocol) fn event(failure: &Failure, message: &str, out: &mut Vec<u8>) {
    crate::protocol::write_event(out, Some("error"), &encode(failure, message, None));
}

const TOO_LONG: &str = "prompt is too long";

fn kind(failure: &Failure) -> &'static str {
    match failure.kind {
        FailureKind::InvalidRequest if failure.status.as_u16() == 409 => "conflict_error",
        FailureKind::InvalidRequest | FailureKind::ContextTooLong | FailureKind::ContentPolicy => {
            "invalid_request_error"
        }
        FailureKind::Authentication => "authentication_error",
        FailureKind::Permission if failure.status.as_u16() == 402 => "billing_error",
        FailureKind::Permission => "permission_error",
        FailureKind::NotFound => "not_found_error",
        FailureKind::TooLarge => "request_too_large",
        FailureKind::RateLimited => "rate_limit_error",
        FailureKind::Overloaded => "overloaded_error",
        FailureKind::Timeout => "timeout_error",
        FailureKind::Upstream | FailureKind::Internal => "api_error",
    }
}
