//! Why an answer ended.

use crate::ir::{Finish, FinishReason};

/// What the model did besides talking.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Did {
    pub(super) call: bool,
    pub(super) refuse: bool,
}

/// Reads a `finish_reason`. `None` when it says that the upstream failed.
///
/// What the answer holds counts for more than the word: calls finish with `stop` at many imitators.
pub(super) fn decode(reason: &str, did: Did) -> Option<Finish> {
    let reason_of = match reason.to_ascii_lowercase().as_str() {
        "stop" | "eos" | "end_turn" | "complete" | "completed" | "finished" => done(did),
        "tool_calls" | "tool_call" | "tool_use" | "function_call" => done(did),
        "stop_sequence" => FinishReason::StopSequence,
        "length" | "max_tokens" | "model_length" | "max_output_tokens" => FinishReason::Length,
        "content_filter" | "content_filtered" | "sensitive" | "safety" | "recitation" => {
            FinishReason::ContentFilter
        }
        "refusal" => FinishReason::Refusal,
        "malformed_function_call" => FinishReason::MalformedCall,
        "context_length_exceeded" | "model_context_window_exceeded" => FinishReason::ContextExceeded,
        "error" | "network_error" | "insufficient_system_resource" | "abort" | "cancelled" => return None,
        _ => FinishReason::Other,
    };
    let message = (reason_of == FinishReason::Other).then(|| reason.to_owned());
    Some(Finish { message, ..Finish::new(reason_of) })
}

/// The same by the word alone, where nobody looked at what the answer holds.
pub(in crate::protocol) fn told(reason: &str) -> Option<FinishReason> {
    let did = Did { call: reason.contains("tool") || reason.contains("function"), refuse: false };
    decode(reason, did).map(|finish| finish.reason)
}

/// Why an answer ended well that does not say more.
pub(super) fn done(did: Did) -> FinishReason {
    if did.call {
        FinishReason::ToolCalls
    } else if did.refuse {
        FinishReason::Refusal
    } else {
        FinishReason::Stop
    }
}

/// What a Chat client does not learn of the end.
pub(super) fn loss(reason: FinishReason) -> Option<&'static str> {
    match reason {
        FinishReason::Pause => Some("finish.pause"),
        FinishReason::MalformedCall => Some("finish.malformed_call"),
        _ => None,
    }
}

/// The five words a Chat client knows. A refusal that was told in words ends with `stop`.
/// <https://developers.openai.com/api/docs/guides/structured-outputs#refusals>
pub(super) fn encode(reason: FinishReason, did: Did) -> &'static str {
    match reason {
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::Length | FinishReason::ContextExceeded => "length",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::Refusal if !did.refuse => "content_filter",
        FinishReason::Stop
        | FinishReason::StopSequence
        | FinishReason::Refusal
        | FinishReason::Pause
        | FinishReason::MalformedCall
        | FinishReason::Other => "stop",
    }
}
