//! Token counts as OpenAI's APIs and their many imitators write them.

mod encode;

use crate::ir::usage::Usage;
use crate::protocol::counters::Counters;

pub(in crate::protocol) use encode::{ResponsesUsage, encode_chat, encode_responses};

/// Reads a raw `usage` object: of Chat and Embeddings (`prompt_tokens`), of Responses and Images (`input_tokens`).
///
/// OpenAI's totals include what was read from and written to the cache, and reasoning.
/// <https://developers.openai.com/api/docs/guides/prompt-caching>
pub(in crate::protocol) fn decode(usage: &[u8]) -> Option<Usage> {
    let counters = Counters::read(usage);
    let count = |name| counters.get(name);
    let either = |outer: [&str; 2], name| outer.iter().find_map(|outer| counters.within(outer, name));
    let prompt = count("prompt_tokens").or_else(|| count("input_tokens"));
    let completion = count("completion_tokens").or_else(|| count("output_tokens"));
    // OpenAI's Chat and Responses, DeepSeek, Moonshot.
    let cache_read = either(INPUT_DETAILS, "cached_tokens")
        .or_else(|| count("prompt_cache_hit_tokens"))
        .or_else(|| count("cached_tokens"));
    // OpenAI's Chat and Responses, DashScope.
    let cache_write = either(INPUT_DETAILS, "cache_write_tokens")
        .or_else(|| counters.within("prompt_tokens_details", "cache_creation_input_tokens"));
    let reasoning = either(OUTPUT_DETAILS, "reasoning_tokens");
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    let thought = reasoning.unwrap_or(0);
    // xAI counts reasoning beside the completion, not within; only the total gives it away.
    let total = prompt.unwrap_or(0).saturating_add(completion.unwrap_or(0)).saturating_add(thought);
    let within = thought == 0 || count("total_tokens") != Some(total);
    let decoded = Usage {
        input: prompt.map(|prompt| prompt.saturating_sub(cached)),
        cache_read,
        cache_write,
        output: completion.map(|all| if within { all.saturating_sub(thought) } else { all }),
        reasoning,
        input_audio: either(INPUT_DETAILS, "audio_tokens"),
        output_audio: either(OUTPUT_DETAILS, "audio_tokens"),
        prediction_accepted: counters.within("completion_tokens_details", "accepted_prediction_tokens"),
        prediction_rejected: counters.within("completion_tokens_details", "rejected_prediction_tokens"),
        ..Usage::default()
    };
    (!decoded.is_empty()).then_some(decoded)
}

const INPUT_DETAILS: [&str; 2] = ["prompt_tokens_details", "input_tokens_details"];
const OUTPUT_DETAILS: [&str; 2] = ["completion_tokens_details", "output_tokens_details"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counters_do_not_overlap() {
        let usage = |input, cache_read, cache_write, output, reasoning| {
            Some(Usage { input, cache_read, cache_write, output, reasoning, ..Usage::default() })
        };
        for (wire, expected) in [
            (
                json!({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
                    "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
                    "completion_tokens_details": {"reasoning_tokens": 20}}),
                usage(Some(30), Some(60), Some(10), Some(30), Some(20)),
            ),
            (
                json!({"input_tokens": 100, "output_tokens": 50, "total_tokens": 150,
                    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                    "output_tokens_details": {"reasoning_tokens": 50}}),
                usage(Some(100), Some(0), Some(0), Some(0), Some(50)),
            ),
            (
                json!({"prompt_tokens": 100, "completion_tokens": 5, "prompt_cache_hit_tokens": 64,
                    "prompt_cache_miss_tokens": 36}),
                usage(Some(36), Some(64), None, Some(5), None),
            ),
            (
                json!({"prompt_tokens": 10, "completion_tokens": 5, "cached_tokens": 4}),
                usage(Some(6), Some(4), None, Some(5), None),
            ),
            (
                json!({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,
                    "completion_tokens_details": {"reasoning_tokens": 94}}),
                usage(Some(32), None, None, Some(9), Some(94)),
            ),
            (json!({"prompt_tokens": 8, "total_tokens": 8}), usage(Some(8), None, None, None, None)),
            (
                json!({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 9}}),
                usage(Some(0), Some(9), None, None, None),
            ),
            (
                json!({"prompt_tokens": 8.0, "completion_tokens": null}),
                usage(Some(8), None, None, None, None),
            ),
            (
                json!({"prompt_tokens": 9, "completion_tokens": 7,
                    "prompt_tokens_details": {"audio_tokens": 4},
                    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 2,
                        "accepted_prediction_tokens": 1, "rejected_prediction_tokens": 3}}),
                Some(Usage {
                    input: Some(9),
                    output: Some(7),
                    reasoning: Some(0),
                    input_audio: Some(4),
                    output_audio: Some(2),
                    prediction_accepted: Some(1),
                    prediction_rejected: Some(3),
                    ..Usage::default()
                }),
            ),
            (json!({"prompt_tokens": "8"}), None),
            (json!({"total_tokens": 8}), None),
            (json!(null), None),
            (json!([1]), None),
        ] {
            assert_eq!(decode(wire.to_string().as_bytes()), expected, "{wire}");
        }
    }
}
