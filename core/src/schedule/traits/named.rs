//! Refusals that name a request field: which field, and whether they really reject it.

use super::features::Features;
use super::{Change, Trait};
use crate::config::compat::{MaxTokensField, ReasoningReplay, StructuredOutput};

/// What a field's rejection means.
struct Field {
    /// As protocols spell it; the first the request has is meant.
    names: &'static [&'static str],
    change: fn(&Features, &str) -> Change,
}

/// Said right before a field that is rejected.
const BEFORE: &[&str] = &[
    "unsupported parameter: ",
    "unsupported parameter ",
    "unsupported parameters: ",
    "unsupported parameter(s): ",
    "unsupported field: ",
    "unknown parameter: ",
    "unknown parameter ",
    "unknown parameters: ",
    "unknown name ",
    "unknown field ",
    "unknown field: ",
    "unrecognized field ",
    "unrecognized key(s) in object: ",
    "unrecognized request argument supplied: ",
    "unrecognized request arguments supplied: ",
    "unexpected field ",
    "unexpected keyword argument ",
    "does not support parameter ",
    "does not support parameters ",
    "does not support the parameter ",
    "does not support the ",
    "does not support ",
    "do not support ",
    "not supported: ",
    "不支持",
    "不支持参数",
];

/// Said right after it.
const AFTER: &[&str] = &[
    ": extra inputs are not permitted",
    " is not supported",
    " are not supported",
    " not supported",
    " is currently not supported",
    " is not yet supported",
    " is unsupported",
    " is not enabled",
    " is not available",
    " is unavailable",
    " is not allowed",
    " is not permitted",
    " is deprecated for this model",
    " is not a valid parameter",
    " does not support",
    " parameter is not supported",
    " parameter does not support",
    " cannot be modified",
    ": only ",
    " 不支持",
    "不支持",
];

/// Fields whose parts are named for the whole.
const WHOLE: &[&str] = &["stream_options", "cache_control", "logprobs", "metadata", "context_management"];

/// The first that is rejected and that the request has counts, so what is said of parts stands before what is
/// said of wholes.
const FIELDS: &[Field] = &[
    Field { names: &["strict"], change: |_, _| Change::NoStrict },
    Field { names: &["stream_options", "include_usage"], change: |_, _| Change::NoStreamUsage },
    Field {
        names: &["max_completion_tokens"],
        change: |_, _| Change::MaxTokensField(MaxTokensField::MaxTokens),
    },
    Field {
        names: &["max_tokens"],
        change: |_, _| Change::MaxTokensField(MaxTokensField::MaxCompletionTokens),
    },
    Field {
        names: &["parallel_tool_calls", "disable_parallel_tool_use"],
        change: |_, _| Change::NoParallelSwitch,
    },
    Field {
        names: &["tool_choice", "toolConfig"],
        change: |features, name| {
            if features.forced_tool() { Change::NoForcedTools } else { Change::Omit(name.to_owned()) }
        },
    },
    Field {
        names: &["response_format", "output_format", "responseJsonSchema", "responseSchema"],
        change: |features, name| match name {
            "response_format" if features.json_schema() => Change::StructuredOutput(StructuredOutput::Object),
            "response_format" => Change::Omit(name.to_owned()),
            _ => Change::StructuredOutput(StructuredOutput::Tool),
        },
    },
    Field {
        names: &["reasoning_content", "reasoning_details"],
        change: |_, _| Change::Replay(ReasoningReplay::None),
    },
    Field {
        names: &[
            "reasoning_effort",
            "effort",
            "reasoning",
            "thinking",
            "enable_thinking",
            "thinking_budget",
            "chat_template_kwargs",
            "thinkingConfig",
        ],
        change: |_, _| Change::NoReasoning,
    },
    Field {
        names: &["output_config"],
        change: |features, _| match features.effort() {
            Some(_) => Change::AdaptiveThinking(false),
            None => Change::StructuredOutput(StructuredOutput::Tool),
        },
    },
    Field { names: &["cache_control"], change: |_, _| Change::NoCacheControl },
    Field { names: &["prompt_cache_key"], change: |_, _| Change::NoPromptCacheKey },
    Field { names: &["tool_stream"], change: |_, _| Change::NoToolStream },
    omitted(&["temperature"]),
    omitted(&["top_p", "topP"]),
    omitted(&["top_k", "topK"]),
    omitted(&["min_p"]),
    omitted(&["presence_penalty", "presencePenalty"]),
    omitted(&["frequency_penalty", "frequencyPenalty"]),
    omitted(&["seed"]),
    omitted(&["top_logprobs"]),
    omitted(&["logprobs", "responseLogprobs"]),
    omitted(&["logit_bias"]),
    omitted(&["n", "candidateCount"]),
    omitted(&["stop", "stop_sequences", "stopSequences"]),
    omitted(&["user"]),
    omitted(&["store"]),
    omitted(&["metadata"]),
    omitted(&["service_tier"]),
    omitted(&["verbosity"]),
    omitted(&["prediction"]),
    omitted(&["modalities", "responseModalities"]),
    omitted(&["safety_identifier"]),
    omitted(&["prompt_cache_retention"]),
    omitted(&["max_output_tokens"]),
    omitted(&["include"]),
    omitted(&["truncation"]),
    omitted(&["context_management"]),
];

const fn omitted(names: &'static [&'static str]) -> Field {
    Field { names, change: |_, name| Change::Omit(name.to_owned()) }
}

/// The rejected field's lesson; `text` is [`plain`].
pub(super) fn find(text: &str, features: &Features) -> Option<Trait> {
    FIELDS.iter().find_map(|field| {
        let name = field.names.iter().find(|name| features.has(name) && rejects(text, name))?;
        let change = match *name {
            // The same word stands for the thinking of earlier turns.
            "reasoning" if !features.asks_reasoning() || text.contains("messages") => {
                Change::Replay(ReasoningReplay::None)
            }
            name => (field.change)(features, name),
        };
        Some(Trait::lasting(change))
    })
}

/// Lower case, without quotes and runs of white space.
pub(super) fn plain(message: &str) -> String {
    let lower = message.to_ascii_lowercase().replace(['\'', '"', '`', '*', '\\', '“', '”'], "");
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the text rejects the field, and does not only speak of it.
fn rejects(text: &str, name: &str) -> bool {
    let spelled = [name.to_ascii_lowercase(), camel(name)];
    spelled.iter().any(|name| places(text, name).any(|(before, after)| is_rejection(name, before, after)))
}

fn is_rejection(name: &str, before: &str, after: &str) -> bool {
    if before.ends_with("role ") || before.ends_with("role: ") {
        return false;
    }
    // Some name the whole path behind the sentence.
    let path = before.rsplit_once("not permitted, field: ").map(|(_, path)| path);
    if path.is_some_and(|path| !path.contains(' ')) {
        return true;
    }
    let part = after.strip_prefix('.').filter(|_| WHOLE.contains(&name));
    let after = part.map_or(after, |part| part.trim_start_matches(|c: char| is_word(c) || c == '.'));
    AFTER.iter().any(|phrase| after.starts_with(phrase))
        || ends(after) && BEFORE.iter().any(|phrase| before.ends_with(phrase))
}

/// Whether the field stands for itself there, and is not the start of a path or of another notion, as in
/// `user messages`.
fn ends(after: &str) -> bool {
    const NEXT: &[&str] = &[" parameter", " in ", " at ", " with ", " for ", " on ", " (", ". "];
    after == "."
        || NEXT.iter().any(|next| after.starts_with(next))
        || !after.starts_with(|next: char| next.is_alphanumeric() || matches!(next, ' ' | '.'))
}

/// What stands before and after each whole `word`.
fn places<'a>(text: &'a str, word: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.match_indices(word).filter_map(|(at, found)| {
        let (before, rest) = text.split_at(at);
        let after = rest.strip_prefix(found)?;
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        whole.then_some((before, after))
    })
}

pub(super) fn has_word(text: &str, word: &str) -> bool {
    places(text, word).next().is_some()
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// `reasoning_effort` as vendors with other manners write it, in lower case: `reasoningeffort`.
fn camel(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "")
}
