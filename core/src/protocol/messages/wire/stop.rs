//! Why an answer ended. <https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::codec::json;
use crate::ir::{Finish, FinishReason, Losses, Raw};

/// `called`: the answer holds a call for the client, whatever the reason says.
pub(crate) fn decode(
    reason: Option<&str>,
    sequence: Option<String>,
    details: Option<Raw>,
    called: bool,
) -> Finish {
    let reason = match reason {
        None | Some("end_turn" | "stop") if called => FinishReason::ToolCalls,
        None | Some("end_turn" | "stop") => FinishReason::Stop,
        Some("stop_sequence") => FinishReason::StopSequence,
        Some("max_tokens" | "length") => FinishReason::Length,
        Some("tool_use" | "tool_calls") => FinishReason::ToolCalls,
        Some("pause_turn" | "compaction") => FinishReason::Pause,
        Some("refusal") => FinishReason::Refusal,
        Some("content_filter" | "sensitive") => FinishReason::ContentFilter,
        Some("model_context_window_exceeded") => FinishReason::ContextExceeded,
        Some(_) => FinishReason::Other,
    };
    Finish { reason, stop_sequence: sequence, message: details.as_ref().and_then(explanation), details }
}

fn explanation(details: &Raw) -> Option<String> {
    #[derive(Deserialize)]
    struct Details {
        explanation: Option<String>,
    }
    json::from_str::<Details>(details.get()).ok()?.explanation
}

#[derive(Debug, Serialize)]
pub(crate) struct Stop<'a> {
    pub(crate) stop_reason: &'static str,
    pub(crate) stop_sequence: Option<&'a str>,
    pub(crate) stop_details: Option<Value>,
}

/// `called` and `refused`: what the answer holds, where the reason alone does not say so.
pub(crate) fn encode<'f>(
    finish: Option<&'f Finish>,
    called: bool,
    refused: bool,
    lost: &mut Losses,
) -> Stop<'f> {
    let reason = match finish.map_or(FinishReason::Stop, |finish| finish.reason) {
        FinishReason::Stop | FinishReason::Other if called => FinishReason::ToolCalls,
        FinishReason::Stop if refused => FinishReason::Refusal,
        reason => reason,
    };
    let stop_reason = match reason {
        FinishReason::Stop => "end_turn",
        FinishReason::Other => {
            lost.approximated("finish.other");
            "end_turn"
        }
        FinishReason::MalformedCall => {
            lost.approximated("finish.malformed_call");
            "end_turn"
        }
        FinishReason::StopSequence => "stop_sequence",
        FinishReason::Length => "max_tokens",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::Refusal | FinishReason::ContentFilter => "refusal",
        FinishReason::Pause => "pause_turn",
        FinishReason::ContextExceeded => "model_context_window_exceeded",
    };
    Stop {
        stop_reason,
        stop_sequence: finish
            .filter(|_| stop_reason == "stop_sequence")
            .and_then(|finish| finish.stop_sequence.as_deref()),
        stop_details: finish.filter(|_| stop_reason == "refusal").and_then(details),
    }
}

fn details(finish: &Finish) -> Option<Value> {
    let own = finish.details.as_ref().map(Raw::value);
    own.filter(|details| details.get("type").is_some_and(|kind| kind == "refusal")).or_else(|| {
        let explanation = finish.message.as_ref()?;
        Some(json!({"type": "refusal", "category": null, "explanation": explanation}))
    })
}
