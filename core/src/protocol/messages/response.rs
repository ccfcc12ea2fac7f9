//! Answers of Claude Messages to the model between the protocols and back; token counts of all its answers.

pub(in crate::protocol) mod decode;
pub(in crate::protocol) mod encode;

use super::wire::stop;
use crate::codec::json;
use crate::ir::{FinishReason, Usage};
use crate::protocol::counters::Counters;

/// Reads a raw `stop_reason`.
pub(in crate::protocol) fn finish(reason: &[u8]) -> Option<FinishReason> {
    Some(stop::decode(Some(&json::string(reason)?), None, None, false).reason)
}

/// Reads a raw `usage` object. `input_tokens` excludes the cache; `output_tokens` includes thinking.
/// <https://platform.claude.com/docs/en/build-with-claude/prompt-caching>
pub(in crate::protocol) fn usage(usage: &[u8]) -> Option<Usage> {
    let counters = Counters::read(usage);
    let reasoning = counters.within("output_tokens_details", "thinking_tokens");
    let decoded = Usage {
        input: counters.get("input_tokens"),
        cache_read: counters.get("cache_read_input_tokens"),
        cache_write: counters.get("cache_creation_input_tokens"),
        cache_write_1h: counters.within("cache_creation", "ephemeral_1h_input_tokens"),
        output: counters.get("output_tokens").map(|all| all.saturating_sub(reasoning.unwrap_or(0))),
        reasoning,
        web_searches: counters.within("server_tool_use", "web_search_requests"),
        ..Usage::default()
    };
    (!decoded.is_empty()).then_some(decoded)
}

/// Takes in later, cumulative counts. Some vendors repeat the input side as zeros at the end.
pub(in crate::protocol) fn refine(held: &mut Usage, later: &Usage) {
    let counted = |later: Option<u64>, held: Option<u64>| later.filter(|count| *count > 0).or(held).or(later);
    held.merge(&Usage {
        input: counted(later.input, held.input),
        cache_read: counted(later.cache_read, held.cache_read),
        cache_write: counted(later.cache_write, held.cache_write),
        ..*later
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn input_is_kept_and_thinking_taken_out_of_output() {
        let wire = json!({
            "input_tokens": 12, "cache_read_input_tokens": 900, "cache_creation_input_tokens": 100,
            "cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 40},
            "output_tokens": 50, "output_tokens_details": {"thinking_tokens": 30}, "service_tier": "standard",
        });
        let expected = Usage {
            input: Some(12),
            cache_read: Some(900),
            cache_write: Some(100),
            cache_write_1h: Some(40),
            output: Some(20),
            reasoning: Some(30),
            ..Usage::default()
        };
        assert_eq!(usage(wire.to_string().as_bytes()), Some(expected));
        assert_eq!(usage(br#"{"input_tokens": null}"#), None);
    }
}
