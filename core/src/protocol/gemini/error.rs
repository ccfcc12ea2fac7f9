//! Errors as Google writes them. <https://cloud.google.com/apis/design/errors>

use serde_json::{Value, json};

use crate::error::{Failure, FailureKind};

/// `{"error": {"code", "message", "status", "details"}}`; the SDKs choose their exception by the status.
pub(in crate::protocol) fn encode(failure: &Failure, message: &str, request_id: Option<&str>) -> Value {
    let mut details = Vec::new();
    if let Some(delay) = failure.retry_after {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": format!("{}s", delay.as_secs_f64()),
        }));
    }
    if let Some(id) = request_id {
        details.push(json!({"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": id}));
    }
    let code = failure.status.as_u16();
    json!({"error": {"code": code, "message": message, "status": status(failure.kind), "details": details}})
}

/// `data: {"error": …}`; the SDKs look for an object that starts with `error`.
pub(in crate::protocol) fn event(failure: &Failure, message: &str, out: &mut Vec<u8>) {
    crate::protocol::write_event(out, None, &encode(failure, message, None));
}

fn status(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::InvalidRequest
        | FailureKind::TooLarge
        | FailureKind::ContextTooLong
        | FailureKind::ContentPolicy => "INVALID_ARGUMENT",
        FailureKind::Authentication => "UNAUTHENTICATED",
        FailureKind::Permission => "PERMISSION_DENIED",
        FailureKind::NotFound => "NOT_FOUND",
        FailureKind::RateLimited => "RESOURCE_EXHAUSTED",
        FailureKind::Overloaded | FailureKind::Upstream => "UNAVAILABLE",
        FailureKind::Timeout => "DEADLINE_EXCEEDED",
        FailureKind::Internal => "INTERNAL",
    }
}
