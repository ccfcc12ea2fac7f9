//! The response as a whole, as the first events, the last, and an unstreamed answer hold it.
//! <https://developers.openai.com/api/reference/resources/responses/object>

use serde::Serialize;

use crate::ir::{Finish, FinishReason, Raw, Usage};
use crate::protocol::openai::usage::{ResponsesUsage, encode_responses};

/// Every field that the SDKs' type requires, and those that OpenAI always sends.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    id: &'a str,
    object: &'static str,
    created_at: u64,
    status: &'static str,
    background: bool,
    error: Option<Error<'a>>,
    incomplete_details: Option<Incomplete>,
    instructions: Option<()>,
    max_output_tokens: Option<()>,
    metadata: Empty,
    model: &'a str,
    output: Vec<&'a Raw>,
    parallel_tool_calls: bool,
    previous_response_id: Option<()>,
    reasoning: Reasoning,
    service_tier: Option<&'a str>,
    store: bool,
    temperature: Option<()>,
    text: Text,
    tool_choice: &'static str,
    tools: [(); 0],
    top_p: Option<()>,
    truncation: &'static str,
    usage: Option<ResponsesUsage>,
    user: Option<()>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct Incomplete {
    reason: &'static str,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Default, Serialize)]
struct Reasoning {
    effort: Option<()>,
    summary: Option<()>,
}

#[derive(Default, Serialize)]
struct Text {
    format: Format,
}

#[derive(Serialize)]
struct Format {
    r#type: &'static str,
}

impl Default for Format {
    fn default() -> Self {
        Self { r#type: "text" }
    }
}

/// What an answer says of itself first.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) created_at: u64,
    pub(super) service_tier: Option<String>,
}

/// How an answer ended.
pub(super) enum Outcome<'a> {
    Running,
    Completed,
    Incomplete(Option<&'static str>),
    Failed(&'a str),
}

impl<'a> Outcome<'a> {
    /// `refused` tells whether the answer holds a refusal in words.
    pub(super) fn of(finish: &'a Finish, refused: bool) -> Self {
        match finish.reason {
            FinishReason::Length | FinishReason::ContextExceeded => {
                Self::Incomplete(Some("max_output_tokens"))
            }
            FinishReason::ContentFilter => Self::Incomplete(Some("content_filter")),
            FinishReason::Refusal if !refused => Self::Incomplete(Some("content_filter")),
            FinishReason::MalformedCall => Self::Failed(
                finish.message.as_deref().unwrap_or("The model wrote a tool call that cannot be read."),
            ),
            FinishReason::Stop
            | FinishReason::StopSequence
            | FinishReason::ToolCalls
            | FinishReason::Refusal
            | FinishReason::Pause
            | FinishReason::Other => Self::Completed,
        }
    }

    pub(super) fn event(&self) -> &'static str {
        match self {
            Self::Running => "response.in_progress",
            Self::Completed => "response.completed",
            Self::Incomplete(_) => "response.incomplete",
            Self::Failed(_) => "response.failed",
        }
    }

    fn status(&self) -> &'static str {
        match self {
            Self::Running => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
            Self::Failed(_) => "failed",
        }
    }
}

impl<'a> Document<'a> {
    pub(super) fn new(
        head: &'a Head,
        outcome: &Outcome<'a>,
        output: Vec<&'a Raw>,
        usage: Option<Usage>,
    ) -> Self {
        Self {
            id: &head.id,
            object: "response",
            created_at: head.created_at,
            status: outcome.status(),
            background: false,
            error: match outcome {
                Outcome::Failed(message) => Some(Error { code: "server_error", message }),
                _ => None,
            },
            incomplete_details: match outcome {
                Outcome::Incomplete(Some(reason)) => Some(Incomplete { reason }),
                _ => None,
            },
            instructions: None,
            max_output_tokens: None,
            metadata: Empty {},
            model: &head.model,
            output,
            parallel_tool_calls: true,
            previous_response_id: None,
            reasoning: Reasoning::default(),
            // Claude's word for it.
            service_tier: head
                .service_tier
                .as_deref()
                .map(|tier| if tier == "standard" { "default" } else { tier }),
            store: false,
            temperature: None,
            text: Text::default(),
            tool_choice: "auto",
            tools: [],
            top_p: None,
            truncation: "disabled",
            usage: usage.as_ref().map(encode_responses),
            user: None,
        }
    }
}
