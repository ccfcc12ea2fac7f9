//! What the gateway must know of an answer that is not streamed, from a few raw values of it.

use super::{Operation, UpstreamError, event, gemini, messages, openai};
use crate::config::Protocol;
use crate::ir::usage::Usage;

/// What an answer consumed, from its top-level `usage` (Gemini: `usageMetadata`).
pub fn body_usage(operation: Operation, usage_value: Option<&[u8]>) -> Option<Usage> {
    let usage = event::parse(usage_value?)?;
    match operation.protocol() {
        Protocol::Messages => messages::response::usage(&usage),
        Protocol::Gemini => gemini::response::usage(&usage),
        Protocol::Chat | Protocol::Responses | Protocol::Images | Protocol::Embeddings => {
            openai::usage::decode(&usage)
        }
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
