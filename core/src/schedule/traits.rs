//! What refusals teach: features that an upstream does not know, found out by using them.
//!
//! A refusal is only believed about a feature that the request really had. What was learned is put over
//! the endpoint's sheet, for the same request at once and for later ones until it expires.

mod features;
pub(in crate::schedule) mod memory;
mod named;
mod rules;

use serde::{Deserialize, Serialize};

use super::Class;
use super::classify::{Evidence, class_of};
use crate::config::compat::{Compat, MaxTokensField, ReasoningReplay, ReasoningStyle, StructuredOutput};

pub use self::features::Features;

/// One thing learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trait {
    pub change: Change,
    /// Whether it holds for later requests; else the fault lay in what this one asked all together.
    pub lasting: bool,
}

/// What has to be done otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A request field, by its wire name, is left out.
    Omit(String),
    MaxTokensField(MaxTokensField),
    /// The output limit is at most this.
    MaxOutput(u64),
    /// The role `developer` becomes `system`.
    NoDeveloperRole,
    /// Another effort becomes the nearest of these.
    Efforts(Vec<String>),
    /// Reasoning cannot be asked for.
    NoReasoning,
    /// How thinking of earlier turns goes back.
    Replay(ReasoningReplay),
    AdaptiveThinking(bool),
    NoTools,
    NoForcedTools,
    /// Parallel calls cannot be switched off.
    NoParallelSwitch,
    NoStrict,
    /// The tools of Codex travel as functions.
    NoCodexTools,
    NoToolStream,
    StructuredOutput(StructuredOutput),
    NoStreamUsage,
    NoVision,
    NoFiles,
    NoAudio,
    NoCacheControl,
    NoPromptCacheKey,
    /// Signed or encrypted reasoning is left out: it was sealed elsewhere, or spoiled on the way.
    NoSealed,
    /// These tokens of `anthropic-beta` are left out.
    NoBetas(Vec<String>),
}

/// What a refusal teaches about a request with these features, if anything.
pub fn learn(refusal: &Evidence<'_>, features: &Features) -> Option<Trait> {
    let is_about_the_request = matches!(refusal.status, 400 | 404 | 422)
        && matches!(class_of(refusal), Class::RequestFault | Class::ModelUnavailable | Class::ServerError);
    if !is_about_the_request {
        return None;
    }
    let text = named::plain(refusal.message);
    let code = refusal.code.unwrap_or_default();
    rules::find(refusal.status, code, &text, features)
        .or_else(|| if refusal.status == 404 { None } else { named::find(&text, features) })
}

impl Trait {
    pub(in crate::schedule) const fn lasting(change: Change) -> Self {
        Self { change, lasting: true }
    }

    pub(in crate::schedule) const fn once(change: Change) -> Self {
        Self { change, lasting: false }
    }

    /// Puts it over what was known. What no sheet holds, sealed reasoning and beta tokens, is asked of the
    /// lease.
    pub fn apply(&self, sheet: &mut Compat) {
        match &self.change {
            Change::Omit(field) => omit(sheet, field),
            Change::MaxTokensField(field) => sheet.max_tokens_field = Some(*field),
            Change::MaxOutput(limit) => sheet.max_output = Some(*limit),
            Change::NoDeveloperRole => sheet.developer_role = Some(false),
            Change::Efforts(efforts) => sheet.efforts = Some(efforts.clone()),
            Change::NoReasoning => {
                sheet.reasoning_style = Some(ReasoningStyle::None);
                for field in ["reasoning_effort", "reasoning", "thinking", "output_config", "thinkingConfig"]
                {
                    omit(sheet, field);
                }
            }
            Change::Replay(replay) => sheet.reasoning_replay = Some(*replay),
            Change::AdaptiveThinking(known) => sheet.adaptive_thinking = Some(*known),
            Change::NoTools => sheet.tools = Some(false),
            Change::NoForcedTools => sheet.forced_tools = Some(false),
            Change::NoParallelSwitch => sheet.parallel_tool_calls = Some(false),
            Change::NoStrict => sheet.strict = Some(false),
            Change::NoCodexTools => sheet.codex_tools = Some(false),
            Change::NoToolStream => sheet.tool_stream = Some(false),
            Change::StructuredOutput(form) => sheet.structured_output = Some(*form),
            Change::NoStreamUsage => sheet.stream_usage = Some(false),
            Change::NoVision => sheet.vision = Some(false),
            Change::NoFiles => sheet.files = Some(false),
            Change::NoAudio => sheet.audio = Some(false),
            Change::NoCacheControl => {
                sheet.cache_control = Some(false);
                omit(sheet, "cache_control");
            }
            Change::NoPromptCacheKey => sheet.prompt_cache_key = Some(false),
            Change::NoSealed | Change::NoBetas(_) => {}
        }
    }

    /// Whether `later` says the same thing anew.
    pub(in crate::schedule) fn yields_to(&self, later: &Self) -> bool {
        match (&self.change, &later.change) {
            (Change::Omit(one), Change::Omit(other)) => one == other,
            (Change::NoBetas(one), Change::NoBetas(other)) => one.iter().all(|token| other.contains(token)),
            (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
        }
    }
}

fn omit(sheet: &mut Compat, field: &str) {
    if !sheet.omits(field) {
        sheet.omit.push(field.to_owned());
    }
}

#[cfg(test)]
mod tests;
