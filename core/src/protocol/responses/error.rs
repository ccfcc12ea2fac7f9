//! The event that ends a Responses stream badly.

use serde_json::{Value, json};

use crate::error::{Failure, FailureKind};

/// What the stream's first event told of the response.
#[derive(Clone, Debug, Default)]
pub(in crate::protocol) struct Identity {
    pub(in crate::protocol) id: Option<String>,
    pub(in crate::protocol) model: Option<String>,
    pub(in crate::protocol) created_at: Option<u64>,
}

/// `response.failed`, with every field the SDKs' `Response` type requires.
/// <https://developers.openai.com/api/reference/resources/responses/streaming-events>
pub(in crate::protocol) fn event(
    failure: &Failure,
    message: &str,
    identity: &Identity,
    sequence_number: u64,
    out: &mut Vec<u8>,
) {
    let event = json!({
        "type": "response.failed",
        "sequence_number": sequence_number,
        "response": {
            "id": identity.id.as_deref().unwrap_or("resp_unknown"),
            "object": "response",
            "created_at": identity.created_at.unwrap_or(0),
            "status": "failed",
            "error": {"code": code(failure), "message": message},
            "incomplete_details": null,
            "instructions": null,
            "metadata": {},
            "model": identity.model.as_deref().unwrap_or(""),
            "output": [],
            "parallel_tool_calls": true,
            "temperature": null,
            "tool_choice": "auto",
            "tools": [],
            "top_p": null,
            "usage": Value::Null,
        },
    });
    crate::protocol::write_event(out, Some("response.failed"), &event);
}

/// One of the codes that the SDKs' `ResponseError` lists, or that Codex tells apart: it shows a quota's end
/// as one, waits for an overloaded server, and shortens a conversation that is too long.
fn code(failure: &Failure) -> &'static str {
    match failure.kind {
        FailureKind::RateLimited => "rate_limit_exceeded",
        FailureKind::Permission if failure.status.as_u16() == 402 => "insufficient_quota",
        FailureKind::Overloaded => "server_is_overloaded",
        FailureKind::ContextTooLong => "context_length_exceeded",
        FailureKind::InvalidRequest | FailureKind::ContentPolicy => "invalid_prompt",
        _ => "server_error",
    }
}
