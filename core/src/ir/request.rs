//! What a client asks for.

use std::collections::BTreeMap;

use super::Ext;
use super::block::Block;
use super::item::Item;
use super::raw::Raw;
use super::reasoning::ReasoningConfig;
use super::tool::{Tool, ToolChoice};
use crate::config::Protocol;

#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Whose `ext` this is.
    pub origin: Protocol,
    /// As the client named it.
    pub model: String,
    pub stream: bool,
    /// Whether a Chat client asked to see usage in its stream.
    pub include_usage: bool,
    /// What stands above the conversation: Claude's `system`, Responses' `instructions`, Gemini's
    /// `systemInstruction`. System and developer messages within the conversation are items, also where
    /// they come first.
    pub instructions: Vec<Block>,
    pub items: Vec<Item>,
    pub tools: Vec<Tool>,
    pub tool_choice: Option<ToolChoice>,
    pub parallel_tool_calls: Option<bool>,
    pub sampling: Sampling,
    pub reasoning: ReasoningConfig,
    pub output: Output,
    pub state: State,
    pub identity: Identity,
    pub ext: Ext,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u64>,
    pub min_p: Option<f64>,
    pub frequency_penalty: Option<f64>,
    pub presence_penalty: Option<f64>,
    pub seed: Option<i64>,
    pub stop: Vec<String>,
    pub logprobs: Option<bool>,
    pub top_logprobs: Option<u64>,
    /// How many answers.
    pub n: Option<u64>,
    pub logit_bias: Option<Raw>,
    /// Output tokens at most, reasoning included.
    pub max_output: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Lower-case: `text`, `image`, `audio`; empty for the default.
    pub modalities: Vec<String>,
    pub format: Option<Format>,
    /// `low`, `medium`, `high`.
    pub verbosity: Option<String>,
    /// OpenAI's predicted output.
    pub prediction: Option<Raw>,
    /// Voice and format of audio, as OpenAI writes it.
    pub audio: Option<Raw>,
}

/// The form the answer's text shall have.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    Text,
    /// Some JSON object.
    JsonObject,
    JsonSchema {
        name: Option<String>,
        description: Option<String>,
        schema: Raw,
        strict: Option<bool>,
    },
    /// Anything else, as `owner` writes it.
    Opaque {
        owner: Protocol,
        raw: Raw,
    },
}

/// What the vendor shall keep or has kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub store: Option<bool>,
    pub previous_response_id: Option<String>,
    pub conversation: Option<Raw>,
    pub background: Option<bool>,
    pub truncation: Option<String>,
    pub context_management: Option<Raw>,
    pub container: Option<Raw>,
    /// Gemini's `cachedContent`.
    pub cached_content: Option<String>,
    /// Responses: what else the answer shall hold; sealed reasoning is in `reasoning` instead.
    pub include: Vec<String>,
    /// Responses: a stored prompt and its variables.
    pub prompt: Option<Raw>,
    /// The conversation shall be shortened, not continued: Codex's `compaction_trigger`, or
    /// `/v1/responses/compact`.
    pub compact: bool,
}

/// Whose request it is, and how it shall be served.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// `auto`, `default`, `flex`, `priority`, `standard_only`, as the protocol spells it.
    pub service_tier: Option<String>,
    pub metadata: BTreeMap<String, String>,
    /// OpenAI's `user`, Claude's `metadata.user_id`.
    pub user: Option<String>,
    pub safety_identifier: Option<String>,
    pub prompt_cache_key: Option<String>,
    pub prompt_cache_retention: Option<String>,
    /// Gemini's.
    pub safety_settings: Option<Raw>,
}

impl Request {
    pub fn new(origin: Protocol, model: impl Into<String>) -> Self {
        Self {
            origin,
            model: model.into(),
            stream: false,
            include_usage: false,
            instructions: Vec::new(),
            items: Vec::new(),
            tools: Vec::new(),
            tool_choice: None,
            parallel_tool_calls: None,
            sampling: Sampling::default(),
            reasoning: ReasoningConfig::default(),
            output: Output::default(),
            state: State::default(),
            identity: Identity::default(),
            ext: Ext::new(),
        }
    }
}
