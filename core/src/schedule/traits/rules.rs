//! Refusals that say in their own words what they cannot do.

use super::features::Features;
use super::named::has_word;
use super::{Change, Trait};
use crate::config::compat::{ReasoningReplay, StructuredOutput};
use crate::ir::Effort;

/// Under a text with all parts of one of the phrases, or a code, a request that `uses` the feature teaches
/// `lesson`.
struct Rule {
    codes: &'static [&'static str],
    phrases: &'static [&'static [&'static str]],
    uses: fn(&Features) -> bool,
    lesson: Trait,
}

/// What must never be mistaken for another goes first. Texts are as [`super::named::plain`] leaves them.
const RULES: &[Rule] = &[
    Rule {
        codes: &["invalid_encrypted_content", "thinking_signature_invalid"],
        phrases: &[
            &["invalid signature in thinking block"],
            &["invalid signature", "thinking"],
            &["encrypted content", "could not be verified"],
            &["encrypted content", "could not be decrypted"],
            &["encrypted_content", "invalid"],
            &["thought signature", "invalid"],
            &["thought_signature", "invalid"],
            &["corrupted thought signature"],
            &["thought signature is not valid"],
        ],
        uses: Features::sealed,
        lesson: Trait::once(Change::NoSealed),
    },
    Rule {
        codes: &[],
        phrases: &[&["thinking.type.enabled is not supported"], &["thinking budget is not supported"]],
        uses: |features| features.thinking() == Some("enabled") || features.has("thinkingBudget"),
        lesson: Trait::lasting(Change::AdaptiveThinking(true)),
    },
    Rule {
        codes: &[],
        phrases: &[
            &["adaptive thinking is not supported"],
            &["adaptive is not supported", "thinking"],
            &["input tag adaptive", "does not match"],
            &["thinking level is not supported"],
            &["thinking_level is not supported"],
            &["does not support the effort parameter"],
        ],
        uses: |features| {
            features.thinking() == Some("adaptive")
                || features.has("thinkingLevel")
                || features.has("output_config")
        },
        lesson: Trait::lasting(Change::AdaptiveThinking(false)),
    },
    Rule {
        codes: &[],
        phrases: &[
            &["thinking may not be enabled when tool_choice"],
            &["tool_choice", "incompatible with thinking"],
            &["tool_choice", "thinking mode"],
            &["thinking mode does not support this tool_choice"],
        ],
        uses: Features::forced_tool,
        lesson: Trait::once(Change::NoForcedTools),
    },
    Rule {
        codes: &[],
        phrases: &[
            &["reasoning_content", "must be passed back"],
            &["reasoning_content is missing in assistant"],
        ],
        uses: |features| features.has("tool_calls") && !features.has("reasoning_content"),
        lesson: Trait::lasting(Change::Replay(ReasoningReplay::ReasoningContent)),
    },
    Rule {
        codes: &[],
        phrases: &[
            &["unknown variant developer"],
            &["developer is not one of"],
            &["role", "developer", "not supported"],
            &["role", "developer", "not allowed"],
            &["role", "developer", "unsupported"],
            &["role", "developer", "invalid"],
            &["role", "input should be system"],
            &["role", "not one of", "system"],
            &["unexpected message role"],
            &["incorrect role information"],
            &["角色信息不正确"],
        ],
        uses: Features::developer,
        lesson: Trait::lasting(Change::NoDeveloperRole),
    },
    Rule {
        codes: &[],
        phrases: &[
            &["unknown variant image_url"],
            &["image_url is only supported by certain models"],
            &["not support image"],
            &["image input is not supported"],
            &["images are not supported"],
            &["support image input"],
            &["not support vision"],
            &["is not a multimodal model"],
            &["at most 0 image"],
            &["type is invalid", "allowed values: [text]"],
            &["不支持图片"],
        ],
        uses: Features::images,
        lesson: Trait::lasting(Change::NoVision),
    },
    Rule {
        codes: &[],
        phrases: &[
            &["unknown variant file"],
            &["unknown variant document"],
            &["input tag document", "does not match"],
            &["not support document"],
            &["not support file input"],
            &["not support pdf"],
        ],
        uses: Features::files,
        lesson: Trait::lasting(Change::NoFiles),
    },
    Rule {
        codes: &[],
        phrases: &[&["unknown variant input_audio"], &["not support audio"], &["support input audio"]],
        uses: Features::audio,
        lesson: Trait::lasting(Change::NoAudio),
    },
    Rule {
        codes: &["invalid_function_parameters"],
        phrases: &[
            &["invalid schema for function", "additionalproperties"],
            &["invalid schema for function", "required"],
            &["invalid schema for response_format", "additionalproperties"],
            &["invalid schema for response_format", "required"],
        ],
        uses: |features| features.has("strict"),
        lesson: Trait::once(Change::NoStrict),
    },
    Rule {
        codes: &[],
        phrases: &[
            &["response_format type is unavailable"],
            &["json_schema", "not supported"],
            &["json_schema", "not support"],
            &["json_schema", "unavailable"],
            &["json_schema", "unknown variant"],
            &["json_schema", "不支持"],
        ],
        uses: |features| features.has("response_format") && features.json_schema(),
        lesson: Trait::lasting(Change::StructuredOutput(StructuredOutput::Object)),
    },
    Rule {
        codes: &[],
        phrases: &[
            &["does not support tools"],
            &["support tool use"],
            &["tool use", "not supported"],
            &["tool calling is not supported"],
            &["not support function calling"],
            &["function calling is not enabled"],
            &["tools is not supported"],
            &["tools are not supported"],
        ],
        uses: |features| features.has("tools"),
        lesson: Trait::lasting(Change::NoTools),
    },
];

/// A vendor's way to say 404 of a feature rather than of a model.
const NO_ENDPOINT: &str = "no endpoints found that support";

/// The first rule that fits.
pub(super) fn find(status: u16, code: &str, text: &str, features: &Features) -> Option<Trait> {
    if status == 404 && !text.contains(NO_ENDPOINT) {
        return None;
    }
    if status == 404 && text.contains("tool_choice") {
        return features.forced_tool().then(|| Trait::lasting(Change::NoForcedTools));
    }
    betas(text, features)
        .or_else(|| codex_tools(text, features))
        .or_else(|| RULES.iter().find(|rule| rule.fits(code, text, features)).map(|rule| rule.lesson.clone()))
        .or_else(|| samplings(text, features))
        .or_else(|| efforts(text, features))
        .or_else(|| max_output(text, features))
}

impl Rule {
    fn fits(&self, code: &str, text: &str, features: &Features) -> bool {
        let says = self.codes.contains(&code)
            || self.phrases.iter().any(|parts| parts.iter().all(|part| text.contains(part)));
        says && (self.uses)(features)
    }
}

/// Tokens of `anthropic-beta`: those named, or all where none is.
fn betas(text: &str, features: &Features) -> Option<Trait> {
    let about = text.contains("anthropic-beta") || text.contains("invalid beta flag");
    if !about || features.betas().is_empty() {
        return None;
    }
    let named: Vec<String> = features.betas().iter().filter(|token| text.contains(*token)).cloned().collect();
    let rejected = if named.is_empty() { features.betas().to_vec() } else { named };
    Some(Trait::lasting(Change::NoBetas(rejected)))
}

/// Newer Claude models take `temperature` or `top_p`; some Gemini models take no penalties.
fn samplings(text: &str, features: &Features) -> Option<Trait> {
    let both = features.has("temperature") && features.has("top_p");
    let omitted = if both && text.contains("temperature and top_p cannot both") {
        "top_p"
    } else if text.contains("penalty is not enabled") {
        ["presencePenalty", "frequencyPenalty"].into_iter().find(|name| features.has(name))?
    } else {
        return None;
    };
    Some(Trait::lasting(Change::Omit(omitted.to_owned())))
}

/// An effort that is not among those the text lists.
fn efforts(text: &str, features: &Features) -> Option<Trait> {
    const LISTS: &[&str] = &[
        "supported values are",
        "supported values:",
        "supported levels",
        "allowed values",
        "valid values",
        "expected one of",
        "must be one of",
        "should be one of",
        "input should be",
        "must be",
    ];
    let asked = features.effort()?;
    let (before, listed) = LISTS.iter().find_map(|list| text.split_once(list))?;
    if !has_word(before, asked) && !before.contains("effort") {
        return None;
    }
    let words = listed.split(|c: char| !c.is_ascii_alphanumeric());
    let known: Vec<Effort> = words.filter_map(Effort::parse).collect();
    let may_be_verbosity = features.has("verbosity") && !text.contains("effort");
    if may_be_verbosity || known.is_empty() || known.iter().any(|effort| effort.as_str() == asked) {
        return None;
    }
    let change = if known == [Effort::None] {
        Change::NoReasoning
    } else {
        Change::Efforts(known.iter().map(|effort| effort.as_str().to_owned()).collect())
    };
    Some(Trait::lasting(change))
}

/// An output limit over the model's: the largest number below the one asked for is the limit.
fn max_output(text: &str, features: &Features) -> Option<Trait> {
    const SAYS: &[&str] = &[
        "maximum allowed number of output tokens",
        "supports at most",
        "range of max_tokens",
        "range of max_completion_tokens",
        "max_tokens must be less than or equal to",
        "max_completion_tokens must be less than or equal to",
        "max_tokens is too large",
        "maximum value for max_tokens",
        "maximum value for max_completion_tokens",
    ];
    /// What is smaller is no model's limit.
    const LEAST: u64 = 256;
    let asked = features.max_output()?;
    if !SAYS.iter().any(|phrase| text.contains(phrase)) {
        return None;
    }
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<u64>().ok());
    let limit = numbers.filter(|number| (LEAST..asked).contains(number)).max()?;
    Some(Trait::lasting(Change::MaxOutput(limit)))
}

/// A type of tool that is not known, where the text names it.
fn codex_tools(text: &str, features: &Features) -> Option<Trait> {
    const REJECTS: &[&str] = &[
        "invalid value",
        "unsupported",
        "not supported",
        "not support",
        "unknown variant",
        "not one of",
        "input should be",
        "should be function",
        "must be function",
        "only function",
    ];
    let about = text.contains("tool") && REJECTS.iter().any(|phrase| text.contains(phrase));
    let named =
        |tool: &str| about && has_word(text, tool) || text.starts_with(&format!("invalid value: {tool}"));
    features.codex_tools().any(named).then(|| Trait::lasting(Change::NoCodexTools))
}
