//! An answer, or a piece of a streamed one, as it is written.
//! <https://ai.google.dev/api/generate-content#generatecontentresponse>

use serde::Serialize;

use crate::ir::{Finish, FinishReason, Raw};
use crate::protocol::gemini::finish;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct Answer<'a, P, U> {
    pub candidates: Vec<Candidate<'a, P>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_feedback: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_metadata: Option<U>,
    pub model_version: &'a str,
    pub response_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct Candidate<'a, P> {
    pub content: Content<P>,
    #[serde(flatten)]
    pub ending: Option<Ending<'a>>,
    pub index: u32,
}

#[derive(Serialize)]
pub(in crate::protocol::gemini) struct Content<P> {
    pub parts: Vec<P>,
    pub role: &'static str,
}

/// What is known of a candidate when it is over.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::protocol::gemini) struct Ending<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safety_ratings: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citation_metadata: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grounding_metadata: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_context_metadata: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logprobs_result: Option<Raw>,
}

impl<'a, P> Candidate<'a, P> {
    pub(in crate::protocol::gemini) fn new(index: u32, parts: Vec<P>, ending: Option<Ending<'a>>) -> Self {
        Self { content: Content { parts, role: "model" }, ending, index }
    }
}

impl<'a> Ending<'a> {
    /// What another Gemini upstream said goes on as it is.
    pub(in crate::protocol::gemini) fn of(finish: &'a Finish) -> Self {
        let details = finish.details.as_ref().map(Raw::value).unwrap_or_default();
        let told = |name: &str| details.get(name).cloned().map(Raw::from);
        let own = details.get("finishReason").and_then(serde_json::Value::as_str).filter(|own| {
            let decoded = finish::decode(own, finish.reason == FinishReason::ToolCalls);
            decoded == finish.reason
        });
        Self {
            finish_reason: Some(own.unwrap_or_else(|| finish::encode(finish.reason)).to_owned()),
            finish_message: finish.message.as_deref(),
            safety_ratings: told("safetyRatings"),
            citation_metadata: told("citationMetadata"),
            grounding_metadata: told("groundingMetadata"),
            url_context_metadata: told("urlContextMetadata"),
            logprobs_result: None,
        }
    }
}

/// That the prompt itself was blocked, if that is what ended the answer.
pub(in crate::protocol::gemini) fn prompt_feedback(finish: &Finish) -> Option<Raw> {
    finish.details.as_ref()?.value().get("promptFeedback").cloned().map(Raw::from)
}
