//! Token counts as Gemini writes them.

use serde_json::Value;

use crate::ir::usage::Usage;
use crate::protocol::count;

/// Reads a `usageMetadata` object. The prompt includes the cache, candidates exclude thoughts, and what
/// tools returned to the model counts beside the prompt.
/// <https://ai.google.dev/api/generate-content#UsageMetadata>
pub(in crate::protocol) fn usage(usage: &Value) -> Option<Usage> {
    let cache_read = count(usage, &["cachedContentTokenCount"]);
    let tool_results = count(usage, &["toolUsePromptTokenCount"]).unwrap_or(0);
    let decoded = Usage {
        input: count(usage, &["promptTokenCount"])
            .map(|all| all.saturating_sub(cache_read.unwrap_or(0)).saturating_add(tool_results)),
        cache_read,
        output: count(usage, &["candidatesTokenCount"]),
        reasoning: count(usage, &["thoughtsTokenCount"]),
        ..Usage::default()
    };
    (!decoded.is_empty()).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_cache_is_taken_out_of_the_prompt() {
        let wire = json!({"promptTokenCount": 100, "cachedContentTokenCount": 80, "candidatesTokenCount": 7,
            "thoughtsTokenCount": 9, "toolUsePromptTokenCount": 5, "totalTokenCount": 121});
        let expected = Usage {
            input: Some(25),
            cache_read: Some(80),
            output: Some(7),
            reasoning: Some(9),
            ..Usage::default()
        };
        assert_eq!(usage(&wire), Some(expected));
        assert_eq!(usage(&json!({"totalTokenCount": 1})), None);
    }
}
