//! An answer, or a piece of a streamed one, as it is read.
//! <https://ai.google.dev/api/generate-content#generatecontentresponse>

use std::borrow::Cow;
use std::cell::OnceCell;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::codec::json;

/// Text that is borrowed where nothing in it is escaped.
#[derive(Debug, Deserialize)]
pub(in crate::protocol::gemini) struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct Chunk<'a> {
    #[serde(borrow)]
    pub candidates: Option<Vec<Candidate<'a>>>,
    #[serde(borrow)]
    pub prompt_feedback: Option<PromptFeedback<'a>>,
    #[serde(borrow)]
    pub usage_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub model_version: Option<Text<'a>>,
    #[serde(borrow)]
    pub response_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct PromptFeedback<'a> {
    #[serde(borrow)]
    pub block_reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub block_reason_message: Option<Text<'a>>,
    #[serde(borrow)]
    pub safety_ratings: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct Candidate<'a> {
    pub index: Option<u32>,
    #[serde(borrow)]
    pub content: Option<Content<'a>>,
    #[serde(borrow)]
    pub finish_reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub finish_message: Option<Text<'a>>,
    #[serde(borrow)]
    pub safety_ratings: Option<&'a RawValue>,
    #[serde(borrow)]
    pub citation_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub grounding_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub url_context_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub logprobs_result: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(in crate::protocol::gemini) struct Content<'a> {
    #[serde(borrow)]
    pub parts: Option<Vec<Part<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct Part<'a> {
    #[serde(borrow)]
    pub text: Option<Text<'a>>,
    pub thought: Option<bool>,
    #[serde(borrow)]
    pub thought_signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub inline_data: Option<InlineData<'a>>,
    #[serde(borrow)]
    pub function_call: Option<FunctionCall<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct InlineData<'a> {
    #[serde(borrow)]
    pub mime_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub data: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct FunctionCall<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub args: Option<&'a RawValue>,
    #[serde(borrow)]
    pub partial_args: Option<Vec<PartialArg<'a>>>,
    pub will_continue: Option<bool>,
}

/// A piece of an argument that comes piecewise.
/// <https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct PartialArg<'a> {
    #[serde(borrow)]
    pub json_path: Option<Text<'a>>,
    #[serde(borrow)]
    pub string_value: Option<Text<'a>>,
    pub number_value: Option<f64>,
    pub bool_value: Option<bool>,
}

/// The parts of each candidate as they are spelled.
/// The parts of a chunk that was read already, as they are spelled; looked for once, when the first is
/// asked for.
pub(in crate::protocol::gemini) struct Spelled<'a> {
    json: &'a str,
    /// By candidate.
    parts: OnceCell<Vec<Vec<&'a RawValue>>>,
}

#[derive(Debug, Deserialize)]
struct RawChunk<'a> {
    #[serde(borrow)]
    candidates: Option<Vec<RawCandidate<'a>>>,
}

#[derive(Debug, Deserialize)]
struct RawCandidate<'a> {
    #[serde(borrow)]
    content: Option<RawContent<'a>>,
}

#[derive(Debug, Deserialize)]
struct RawContent<'a> {
    #[serde(borrow)]
    parts: Option<Vec<&'a RawValue>>,
}

impl Text<'_> {
    pub(in crate::protocol::gemini) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> Spelled<'a> {
    pub(in crate::protocol::gemini) fn new(json: &'a str) -> Self {
        Self { json, parts: OnceCell::new() }
    }

    pub(in crate::protocol::gemini) fn part(&self, candidate: usize, part: usize) -> Option<&'a RawValue> {
        let all = self.parts.get_or_init(|| {
            let chunk = json::from_str(self.json).ok();
            let candidates = chunk.and_then(|chunk: RawChunk<'a>| chunk.candidates).into_iter().flatten();
            candidates.map(|each| each.content.and_then(|it| it.parts).unwrap_or_default()).collect()
        });
        all.get(candidate)?.get(part).copied()
    }
}
