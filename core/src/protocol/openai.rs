//! What OpenAI's APIs have in common: headers, errors, names of files, keys, and token counts.
//!
//! Shared by `chat`, `responses`, `images` and `embeddings`, which do not know each other.

pub(super) mod file;
pub(super) mod key;
pub(super) mod usage;

use serde_json::{Value, json};

use super::headers::Allowed;
use crate::error::{Failure, FailureKind};

/// The organization and project headers stay behind in both directions: they name an account, and the
/// upstream's account is the operator's.
const ACCOUNT: &[&str] = &["openai-organization", "openai-project"];

/// Codex tells threads, turns and features in headers of its own.
pub(super) const REQUEST_HEADERS: Allowed = Allowed {
    names: &[
        "openai-beta",
        "session-id",
        "session_id",
        "thread-id",
        "conversation-id",
        "conversation_id",
        "originator",
        "version",
        "x-client-request-id",
    ],
    prefixes: &["x-codex-"],
    except: &[],
};

pub(super) const RESPONSE_HEADERS: Allowed = Allowed {
    names: &["x-models-etag", "x-reasoning-included"],
    prefixes: &["openai-", "x-codex-"],
    except: ACCOUNT,
};

/// `{"error": {…}}`. The SDKs choose their exception by the HTTP status and show type and code.
/// <https://developers.openai.com/api/docs/guides/error-codes>
pub(super) fn encode_error(failure: &Failure, message: &str) -> Value {
    let (kind, code) = type_and_code(failure);
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}

/// `data: {"error": …}`, on which the SDKs raise.
pub(super) fn error_event(failure: &Failure, message: &str, out: &mut Vec<u8>) {
    super::write_event(out, None, &encode_error(failure, message));
}

fn type_and_code(failure: &Failure) -> (&'static str, Option<&'static str>) {
    match failure.kind {
        FailureKind::InvalidRequest => ("invalid_request_error", None),
        FailureKind::ContextTooLong => ("invalid_request_error", Some("context_length_exceeded")),
        FailureKind::ContentPolicy => ("invalid_request_error", Some("content_filter")),
        FailureKind::Authentication => ("invalid_request_error", Some("invalid_api_key")),
        FailureKind::Permission if failure.status.as_u16() == 402 => {
            ("insufficient_quota", Some("insufficient_quota"))
        }
        FailureKind::Permission => ("request_forbidden", Some("permission_denied")),
        FailureKind::NotFound => ("invalid_request_error", Some("not_found")),
        FailureKind::TooLarge => ("invalid_request_error", Some("request_too_large")),
        FailureKind::RateLimited => ("requests", Some("rate_limit_exceeded")),
        FailureKind::Overloaded => ("server_error", Some("overloaded")),
        FailureKind::Timeout => ("server_error", Some("timeout")),
        FailureKind::Upstream => ("server_error", Some("upstream_error")),
        FailureKind::Internal => ("server_error", Some("internal_error")),
    }
}
