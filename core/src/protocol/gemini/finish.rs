//! Why an answer ended, and names for what has none.
//! <https://ai.google.dev/api/generate-content#FinishReason>

use std::sync::LazyLock;

use memchr::memmem::Finder;
use sha2::{Digest as _, Sha256};

use crate::ir::FinishReason;

/// What an answer with function calls holds somewhere.
pub(in crate::protocol) static CALL: LazyLock<Finder<'static>> =
    LazyLock::new(|| Finder::new(br#""functionCall""#));

/// `calls`: the answer holds function calls, for which Gemini has no reason of its own.
pub(in crate::protocol) fn decode(reason: &str, calls: bool) -> FinishReason {
    match reason {
        "STOP" if calls => FinishReason::ToolCalls,
        "STOP" => FinishReason::Stop,
        "MAX_TOKENS" => FinishReason::Length,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR"
        | "ESCALATION"
        | "LANGUAGE"
        | "PUP_LIMITED_DISABLED" => FinishReason::ContentFilter,
        "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "MALFORMED_RESPONSE" => {
            FinishReason::MalformedCall
        }
        "CONTINUATION" => FinishReason::Pause,
        _ => FinishReason::Other,
    }
}

pub(super) const fn encode(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop | FinishReason::StopSequence | FinishReason::ToolCalls => "STOP",
        FinishReason::Length | FinishReason::ContextExceeded => "MAX_TOKENS",
        FinishReason::Refusal | FinishReason::ContentFilter => "SAFETY",
        FinishReason::MalformedCall => "MALFORMED_FUNCTION_CALL",
        FinishReason::Pause | FinishReason::Other => "OTHER",
    }
}

/// What makes the ids of an answer's calls its own: the answer's id, or else what it starts with.
pub(super) fn seed(id: Option<&str>, data: &[u8]) -> String {
    let id: String = id
        .unwrap_or_default()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
        .take(40)
        .collect();
    if !id.is_empty() {
        return id + "_";
    }
    let hash = Sha256::digest(data);
    hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect::<String>() + "_"
}
