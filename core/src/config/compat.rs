//! What an upstream can and cannot do, where it differs from its protocol's own vendor.
//!
//! Converters ask this sheet; none of them knows a vendor. Whatever is unset has the default that its
//! documentation names.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// One sheet; fields that concern one protocol only are of no effect to the others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Compat {
    /// Chat: the field that limits the output. Default `max_tokens`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens_field: Option<MaxTokensField>,
    /// The largest output limit the upstream takes; larger ones are lowered to it. Messages, which must
    /// have a limit, uses it where a request has none. Default: no cap, and 32,000 for Messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output: Option<u64>,
    /// Whether the role `developer` is known. Default: false for Chat (it becomes `system`), true for Responses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub developer_role: Option<bool>,
    /// Whether system messages may stand between others. Default: true, and false for Messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_anywhere: Option<bool>,
    /// Chat: how reasoning is asked for. Default `effort`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_style: Option<ReasoningStyle>,
    /// Chat: the field of an assistant message in which the thinking of earlier turns goes back. Default
    /// `reasoning_content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_replay: Option<ReasoningReplay>,
    /// The efforts the upstream knows; another one becomes the nearest. Default: Chat and Responses `none`
    /// to `xhigh`, Messages `low` to `max`, Gemini `minimal` to `high`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efforts: Option<Vec<String>>,
    /// Messages: whether `thinking: {type: adaptive}` and `output_config.effort` are known; else a budget
    /// is sent. Gemini: whether `thinkingLevel` is; else `thinkingBudget`. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adaptive_thinking: Option<bool>,
    /// Whether tools are known at all. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<bool>,
    /// Whether a tool can be forced; else every choice but `none` becomes `auto`. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forced_tools: Option<bool>,
    /// Whether parallel calls can be switched off. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel_tool_calls: Option<bool>,
    /// Whether `strict` of tools and schemas is known. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// Responses: whether custom, namespace and the other tools of Codex are known; else they travel as
    /// functions. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codex_tools: Option<bool>,
    /// Chat: whether `tool_stream: true` must be sent to have tool calls streamed. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_stream: Option<bool>,
    /// How answers in a given form are asked for. Default `schema`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structured_output: Option<StructuredOutput>,
    /// Which part of JSON Schema tools and outputs may use. Default `full`, and `openapi` for the
    /// `parameters` and `responseSchema` of Gemini upstreams that do not know `parametersJsonSchema`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaStyle>,
    /// Chat: whether `stream_options.include_usage` is known. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_usage: Option<bool>,
    /// Whether images are understood. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vision: Option<bool>,
    /// Whether documents are. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<bool>,
    /// Whether audio is. Default true, and false for Responses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<bool>,
    /// Chat: whether a tool's result may hold images; else they follow in a user message. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_result_images: Option<bool>,
    /// Chat: whether `cache_control` on content parts is understood; Responses: whether
    /// `prompt_cache_breakpoint` is. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<bool>,
    /// Chat and Responses: whether `prompt_cache_key` is. Default: false for Chat, true for Responses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_cache_key: Option<bool>,
    /// Gemini: the signature sent with a call whose own is not known, where one must be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thought_signature: Option<String>,
    /// Request fields never sent, by their wire names: `temperature`, `seed`, `logprobs`, `metadata`, ….
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<String>,
    /// Fields put into every request body, over what the client asked.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub extra_body: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MaxTokensField {
    MaxTokens,
    MaxCompletionTokens,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasoningStyle {
    /// `reasoning_effort: "high"`.
    Effort,
    /// `reasoning: {effort, max_tokens, enabled}`.
    Object,
    /// `thinking: {type: "enabled" | "disabled"}`.
    Thinking,
    /// `enable_thinking: true`, `thinking_budget: n`.
    EnableThinking,
    /// `chat_template_kwargs: {enable_thinking: true}`.
    ChatTemplate,
    /// Cannot be asked for.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasoningReplay {
    ReasoningContent,
    Reasoning,
    /// OpenRouter's `reasoning_details`, with `reasoning` beside it.
    ReasoningDetails,
    /// Thinking of earlier turns is not sent.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StructuredOutput {
    /// By JSON Schema.
    Schema,
    /// As some JSON object; the schema goes into the instructions.
    Object,
    /// By a tool that must be called.
    Tool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SchemaStyle {
    Full,
    /// The subset of OpenAPI 3.0 that Gemini's `Schema` has.
    Openapi,
}

impl Compat {
    /// What `base` says, with everything this sheet says instead; the fields to leave out are those of both.
    #[must_use]
    pub fn over(&self, base: &Self) -> Self {
        let over = self.clone();
        let mut omit = base.omit.clone();
        omit.extend(over.omit.into_iter().filter(|field| !base.omits(field)));
        let mut extra_body = base.extra_body.clone();
        extra_body.extend(over.extra_body);
        Self {
            max_tokens_field: over.max_tokens_field.or(base.max_tokens_field),
            max_output: over.max_output.or(base.max_output),
            developer_role: over.developer_role.or(base.developer_role),
            system_anywhere: over.system_anywhere.or(base.system_anywhere),
            reasoning_style: over.reasoning_style.or(base.reasoning_style),
            reasoning_replay: over.reasoning_replay.or(base.reasoning_replay),
            efforts: over.efforts.or_else(|| base.efforts.clone()),
            adaptive_thinking: over.adaptive_thinking.or(base.adaptive_thinking),
            tools: over.tools.or(base.tools),
            forced_tools: over.forced_tools.or(base.forced_tools),
            parallel_tool_calls: over.parallel_tool_calls.or(base.parallel_tool_calls),
            strict: over.strict.or(base.strict),
            codex_tools: over.codex_tools.or(base.codex_tools),
            tool_stream: over.tool_stream.or(base.tool_stream),
            structured_output: over.structured_output.or(base.structured_output),
            schema: over.schema.or(base.schema),
            stream_usage: over.stream_usage.or(base.stream_usage),
            vision: over.vision.or(base.vision),
            files: over.files.or(base.files),
            audio: over.audio.or(base.audio),
            tool_result_images: over.tool_result_images.or(base.tool_result_images),
            cache_control: over.cache_control.or(base.cache_control),
            prompt_cache_key: over.prompt_cache_key.or(base.prompt_cache_key),
            thought_signature: over.thought_signature.or_else(|| base.thought_signature.clone()),
            omit,
            extra_body,
        }
    }

    /// Whether `field` must not be sent.
    pub fn omits(&self, field: &str) -> bool {
        self.omit.iter().any(|omitted| omitted == field)
    }
}
