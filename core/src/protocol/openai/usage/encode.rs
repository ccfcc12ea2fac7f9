//! Token counts for clients of Chat and Responses.

use serde::Serialize;

use crate::ir::usage::Usage;

/// A Chat `usage`. <https://developers.openai.com/api/reference/resources/chat>
pub(in crate::protocol) fn encode_chat(usage: &Usage) -> impl Serialize + use<> {
    Chat {
        prompt_tokens: usage.total_input(),
        completion_tokens: usage.total_output(),
        total_tokens: usage.total_input().saturating_add(usage.total_output()),
        prompt_tokens_details: ChatPrompt {
            cached_tokens: usage.cache_read.unwrap_or(0),
            cache_write_tokens: usage.cache_write,
            audio_tokens: usage.input_audio,
        },
        completion_tokens_details: ChatCompletion {
            reasoning_tokens: usage.reasoning.unwrap_or(0),
            audio_tokens: usage.output_audio,
            accepted_prediction_tokens: usage.prediction_accepted,
            rejected_prediction_tokens: usage.prediction_rejected,
        },
    }
}

/// A Responses `usage`. <https://developers.openai.com/api/reference/resources/responses>
pub(in crate::protocol) fn encode_responses(usage: &Usage) -> ResponsesUsage {
    ResponsesUsage {
        input_tokens: usage.total_input(),
        input_tokens_details: ResponsesInput {
            cached_tokens: usage.cache_read.unwrap_or(0),
            cache_write_tokens: usage.cache_write.unwrap_or(0),
        },
        output_tokens: usage.total_output(),
        output_tokens_details: ResponsesOutput { reasoning_tokens: usage.reasoning.unwrap_or(0) },
        total_tokens: usage.total_input().saturating_add(usage.total_output()),
    }
}

#[derive(Serialize)]
struct Chat {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: ChatPrompt,
    completion_tokens_details: ChatCompletion,
}

#[derive(Serialize)]
struct ChatPrompt {
    cached_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_tokens: Option<u64>,
}

#[derive(Serialize)]
struct ChatCompletion {
    reasoning_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_prediction_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_prediction_tokens: Option<u64>,
}

/// Token counts as Responses writes them.
#[derive(Serialize)]
pub(in crate::protocol) struct ResponsesUsage {
    input_tokens: u64,
    input_tokens_details: ResponsesInput,
    output_tokens: u64,
    output_tokens_details: ResponsesOutput,
    total_tokens: u64,
}

#[derive(Serialize)]
struct ResponsesInput {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Serialize)]
struct ResponsesOutput {
    reasoning_tokens: u64,
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::super::decode;
    use super::*;

    #[test]
    fn totals_include_the_cache_and_reasoning() {
        let usage = Usage {
            input: Some(30),
            cache_read: Some(60),
            cache_write: Some(10),
            output: Some(30),
            reasoning: Some(20),
            ..Usage::default()
        };
        let chat = to_value(encode_chat(&usage)).unwrap();
        assert_eq!(
            chat,
            json!({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
                "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
                "completion_tokens_details": {"reasoning_tokens": 20}})
        );
        let responses = to_value(encode_responses(&usage)).unwrap();
        assert_eq!(
            responses,
            json!({"input_tokens": 100, "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
                "output_tokens": 50, "output_tokens_details": {"reasoning_tokens": 20}, "total_tokens": 150})
        );
        assert_eq!(
            (decode(chat.to_string().as_bytes()), decode(responses.to_string().as_bytes())),
            (Some(usage), Some(usage))
        );
    }
}
