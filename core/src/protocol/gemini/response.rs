//! Answers that are not streamed, and token counts.

pub(in crate::protocol) mod decode;
pub(in crate::protocol) mod encode;

use serde::{Deserialize, Serialize};

use crate::codec::json;
use crate::ir::usage::Usage;

/// <https://ai.google.dev/api/generate-content#UsageMetadata>
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Counts {
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_token_count: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_content_token_count: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates_token_count: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thoughts_token_count: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_use_prompt_token_count: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_token_count: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<Vec<Modality>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates_tokens_details: Option<Vec<Modality>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Modality {
    modality: String,
    token_count: Option<Count>,
}

/// Vendors that count in floats are understood.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Count {
    Whole(u64),
    Float(f64),
}

/// Reads a raw `usageMetadata` object. The prompt includes the cache, candidates exclude thoughts, and what
/// tools returned to the model counts beside the prompt.
pub(in crate::protocol) fn usage(usage: &[u8]) -> Option<Usage> {
    json::read::<Counts>(usage).ok()?.decode()
}

/// Writes a `usageMetadata` object. What was written to a cache counts to the prompt.
pub(in crate::protocol::gemini) fn encode_usage(usage: &Usage) -> impl Serialize + use<> {
    let (input, output) = (usage.total_input(), usage.total_output());
    let audio = |audio: Option<u64>, all: u64| {
        audio.map(|audio| {
            vec![Modality::new("TEXT", all.saturating_sub(audio)), Modality::new("AUDIO", audio)]
        })
    };
    Counts {
        prompt_token_count: Some(Count::Whole(input)),
        cached_content_token_count: usage.cache_read.map(Count::Whole),
        candidates_token_count: usage.output.map(Count::Whole),
        thoughts_token_count: usage.reasoning.map(Count::Whole),
        tool_use_prompt_token_count: None,
        total_token_count: Some(Count::Whole(input.saturating_add(output))),
        prompt_tokens_details: audio(usage.input_audio, input),
        candidates_tokens_details: audio(usage.output_audio, usage.output.unwrap_or(0)),
    }
}

impl Counts {
    fn decode(self) -> Option<Usage> {
        let cache_read = whole(self.cached_content_token_count);
        let tool_results = whole(self.tool_use_prompt_token_count).unwrap_or(0);
        let decoded = Usage {
            input: whole(self.prompt_token_count)
                .map(|all| all.saturating_sub(cache_read.unwrap_or(0)).saturating_add(tool_results)),
            cache_read,
            output: whole(self.candidates_token_count),
            reasoning: whole(self.thoughts_token_count),
            input_audio: audio(self.prompt_tokens_details),
            output_audio: audio(self.candidates_tokens_details),
            ..Usage::default()
        };
        (!decoded.is_empty()).then_some(decoded)
    }
}

impl Modality {
    fn new(modality: &str, count: u64) -> Self {
        Self { modality: modality.to_owned(), token_count: Some(Count::Whole(count)) }
    }
}

fn whole(count: Option<Count>) -> Option<u64> {
    match count? {
        Count::Whole(count) => Some(count),
        Count::Float(count) => (count >= 0.0).then_some(count as u64),
    }
}

fn audio(details: Option<Vec<Modality>>) -> Option<u64> {
    whole(details?.into_iter().find(|detail| detail.modality == "AUDIO")?.token_count)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_cache_is_taken_out_of_the_prompt() {
        let wire = json!({"promptTokenCount": 100, "cachedContentTokenCount": 80, "candidatesTokenCount": 7,
            "thoughtsTokenCount": 9.0, "toolUsePromptTokenCount": 5, "totalTokenCount": 121,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 90}, {"modality": "AUDIO", "tokenCount": 10}]});
        let expected = Usage {
            input: Some(25),
            cache_read: Some(80),
            output: Some(7),
            reasoning: Some(9),
            input_audio: Some(10),
            ..Usage::default()
        };
        assert_eq!(usage(wire.to_string().as_bytes()), Some(expected));
        assert_eq!(usage(br#"{"totalTokenCount": 1}"#), None);
    }

    #[test]
    fn totals_are_those_of_the_counters() {
        let counted = Usage {
            input: Some(10),
            cache_read: Some(20),
            cache_write: Some(5),
            output: Some(3),
            reasoning: Some(4),
            ..Usage::default()
        };
        let wire = serde_json::to_value(encode_usage(&counted)).unwrap();
        let expected = json!({"promptTokenCount": 35, "cachedContentTokenCount": 20, "candidatesTokenCount": 3,
            "thoughtsTokenCount": 4, "totalTokenCount": 42});
        assert_eq!(wire, expected);
    }
}
