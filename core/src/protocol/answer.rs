//! What the gateway must know of an answer that is not streamed, from a few raw values of it.

use super::{Operation, UpstreamError, chat, event, gemini, messages, openai, responses};
use crate::codec::json::{self, Step};
use crate::config::Protocol;
use crate::ir::{FinishReason, Usage};

/// What an answer consumed, from its top-level `usage` (Gemini: `usageMetadata`).
pub fn body_usage(operation: Operation, usage_value: Option<&[u8]>) -> Option<Usage> {
    let usage = usage_value?;
    match operation.protocol() {
        Protocol::Messages => messages::response::usage(usage),
        Protocol::Gemini => gemini::response::usage(usage),
        Protocol::Chat | Protocol::Responses | Protocol::Images | Protocol::Embeddings => {
            openai::usage::decode(usage)
        }
    }
}

/// Why an answer ended, from the whole of it.
pub fn body_finish(operation: Operation, body: &[u8]) -> Option<FinishReason> {
    match operation.protocol() {
        Protocol::Messages => messages::response::finish(event::field(body, "stop_reason")?),
        Protocol::Chat => {
            let path = [Step::Field("choices"), Step::First, Step::Field("finish_reason")];
            chat::finish::told(&json::string(json::at(body, path)?)?)
        }
        Protocol::Responses => event::field(body, "status").and_then(|_| responses::answer::finish(body)),
        Protocol::Gemini => {
            let candidate = json::at(body, [Step::Field("candidates"), Step::First])?;
            let reason = json::string(event::field(candidate, "finishReason")?)?;
            Some(gemini::finish::decode(&reason, event::mentions(candidate, &gemini::finish::CALL)))
        }
        Protocol::Images | Protocol::Embeddings => None,
    }
}

/// The error inside an answer of status 200, from its top-level `error`. A failed Responses object has
/// one; `null`, which a successful one always has, and empty values are none.
pub fn body_error(error_value: Option<&[u8]>) -> Option<UpstreamError> {
    event::error_of(error_value?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_read_as_its_protocol_writes_it() {
        for (operation, usage) in [
            (Operation::Messages, r#"{"input_tokens":6,"output_tokens":2}"#),
            (Operation::Chat, r#"{"prompt_tokens":6,"completion_tokens":2}"#),
            (Operation::Responses, r#"{"input_tokens":6,"output_tokens":2}"#),
            (Operation::ImageEdit, r#"{"input_tokens":6,"output_tokens":2}"#),
            (Operation::GeminiGenerate, r#"{"promptTokenCount":6,"candidatesTokenCount":2}"#),
        ] {
            let usage = body_usage(operation, Some(usage.as_bytes())).unwrap();
            assert_eq!((usage.input, usage.output), (Some(6), Some(2)), "{operation:?}");
        }
        assert_eq!(body_usage(Operation::Chat, Some(b"null")), None);
        assert_eq!(body_usage(Operation::Chat, Some(b"{cut")), None);
        assert_eq!(body_usage(Operation::Chat, None), None);
    }

    #[test]
    fn an_end_is_read_as_its_protocol_writes_it() {
        use FinishReason::{ContentFilter, Length, Stop, ToolCalls};
        for (operation, body, expected) in [
            (Operation::Messages, r#"{"stop_reason":"end_turn"}"#, Some(Stop)),
            (Operation::Messages, r#"{"content":[],"stop_reason":"tool_use"}"#, Some(ToolCalls)),
            (Operation::Messages, r#"{"stop_reason":null}"#, None),
            (Operation::Chat, r#"{"choices":[{"message":{},"finish_reason":"length"}]}"#, Some(Length)),
            (Operation::Chat, r#"{"choices":[{"finish_reason":"tool_calls"}]}"#, Some(ToolCalls)),
            (Operation::Chat, r#"{"choices":[]}"#, None),
            (Operation::Responses, r#"{"status":"completed","output":[{"type":"message"}]}"#, Some(Stop)),
            (
                Operation::Responses,
                r#"{"status":"completed","output":[{"type":"function_call"}]}"#,
                Some(ToolCalls),
            ),
            (
                Operation::Responses,
                r#"{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}"#,
                Some(Length),
            ),
            (Operation::Responses, r#"{"status":"failed","error":{"message":"no"}}"#, None),
            (Operation::ResponsesInputTokens, r#"{"input_tokens":5}"#, None),
            (Operation::GeminiGenerate, r#"{"candidates":[{"finishReason":"SAFETY"}]}"#, Some(ContentFilter)),
            (
                Operation::GeminiGenerate,
                r#"{"candidates":[{"content":{"parts":[{"functionCall":{}}]},"finishReason":"STOP"}]}"#,
                Some(ToolCalls),
            ),
            (Operation::Embeddings, r#"{"data":[]}"#, None),
        ] {
            assert_eq!(body_finish(operation, body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn an_error_inside_a_good_status_is_found() {
        for (error, expected) in [
            (r#"{"type":"overloaded_error","message":"busy"}"#, Some("busy")),
            (r#"{"code":"server_error","message":"busy"}"#, Some("busy")),
            (r#""busy""#, Some("busy")),
            (r#"{"code":500}"#, Some("")),
            ("true", Some("")),
            (r#"{"code":0,"message":""}"#, None),
            ("null", None),
            ("{}", None),
            (r#""""#, None),
            ("false", None),
            ("{cut", None),
        ] {
            assert_eq!(
                body_error(Some(error.as_bytes())).map(|error| error.message).as_deref(),
                expected,
                "{error}"
            );
        }
        assert_eq!(body_error(None), None);
    }
}
